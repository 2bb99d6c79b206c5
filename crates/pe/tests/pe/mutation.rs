//! Damages a complete image in many ways and reads what comes out.

use crate::{builder::*, complete::complete, walk::walk};

const ROUNDS: usize = 32_000;

/// Xorshift, so that every run makes the same images.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Numbers that are at the edge of something.
const EDGES: [u32; 12] = [0, 1, 7, 8, 0x1000, 0x1fff, 0x2000, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_fff8, 0xffff_ffff];

fn damage(image: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(image.len() - 4);
        match random.below(6) {
            0 => image[at] = random.next() as u8,
            1 => image[at] ^= 1 << random.below(8),
            2 => set(image, at & !3, &EDGES[random.below(EDGES.len())].to_le_bytes()),
            3 => {
                let address = DATA + random.below(0x600) as u32;
                set(image, at & !3, &address.to_le_bytes());
            }
            4 => {
                let (from, length) = (random.below(image.len() - 4), 1 + random.below(64));
                let piece = image[from..].iter().copied().take(length.min(image.len() - at)).collect::<Vec<_>>();
                set(image, at, &piece);
            }
            _ if random.below(8) == 0 && at > 0x200 => image.truncate(at),
            _ => {
                let header = random.below(0x200.min(image.len() - 4));
                set(image, header & !1, &(random.below(0x120) as u16).to_le_bytes());
            }
        }
    }
}

#[test]
fn complete_images_are_read_whole() {
    for kind in KINDS {
        for bytes in [complete(kind).file(), complete(kind).mapped()] {
            assert!(walk(&bytes) > 40, "{}", walk(&bytes));
        }
    }
}

#[test]
fn frames_make_the_same_images() {
    for image in KINDS.map(complete) {
        let again = Builder::from_frame(&image.to_frame()).unwrap();
        assert!(again.file() == image.file() && again.mapped() == image.mapped());
    }
}

#[test]
fn damaged_images_are_survived() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let originals = KINDS.map(complete).map(|builder| [builder.file(), builder.mapped()]).concat();
    let mut readable = 0;
    for round in 0..ROUNDS {
        let mut image = originals[round % originals.len()].clone();
        damage(&mut image, &mut random);
        readable += usize::from(walk(&image) > 0);
    }
    // Damage that nothing survives would test nothing.
    assert!(readable > ROUNDS / 2, "{readable}");
}
