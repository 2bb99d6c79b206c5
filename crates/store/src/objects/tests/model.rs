//! Random work against a simple model: a map from names to contents.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One step.
#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Change(u8, u8),
    Delete(u8),
    Rename(u8, u8),
    Link(u8, u8),
    Publish,
    Fold,
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let name = 0..6_u8;
    prop_oneof![
        4 => (name.clone(), any::<u8>()).prop_map(|(name, byte)| Step::Put(name, byte)),
        3 => (name.clone(), any::<u8>()).prop_map(|(name, byte)| Step::Change(name, byte)),
        2 => name.clone().prop_map(Step::Delete),
        3 => (name.clone(), name.clone()).prop_map(|(from, to)| Step::Rename(from, to)),
        2 => (name.clone(), name).prop_map(|(from, to)| Step::Link(from, to)),
        2 => Just(Step::Publish),
        1 => Just(Step::Fold),
        1 => Just(Step::Again),
    ]
}

/// Two folders with three names each.
fn name(number: u8) -> String {
    format!("{}\\n{}", ["One", "Two"][usize::from(number / 3)], number % 3)
}

/// What the volume should hold: names of files, and the files.
#[derive(Default)]
struct Model {
    names: BTreeMap<u8, usize>,
    files: Vec<Vec<u8>>,
}

impl Model {
    fn file(&mut self, name: u8) -> &mut Vec<u8> {
        let files = &mut self.files;
        let number = *self.names.entry(name).or_insert_with(|| {
            files.push(Vec::new());
            files.len() - 1
        });
        &mut files[number]
    }
}

fn work(steps: &[Step]) {
    let home = Home::new("model");
    let mut volume = home.open();
    for folder in ["One", "Two"] {
        volume.open(&path(folder), &FOLDER).unwrap();
    }
    let mut model = Model::default();
    for step in steps {
        match *step {
            Step::Put(at, byte) => {
                let bytes = vec![byte; usize::from(byte) * 40];
                put(&volume, &name(at), &bytes);
                *model.file(at) = bytes;
            }
            Step::Change(at, byte) => {
                let opened = volume.open(&path(&name(at)), &WRITE);
                assert_eq!(opened.is_ok(), model.names.contains_key(&at));
                if let Ok(opened) = opened {
                    write_at(&opened.file, &[byte], 3);
                    let file = model.file(at);
                    file.resize(file.len().max(4), 0);
                    file[3] = byte;
                    drop(opened.file);
                    volume.released(opened.metadata.id);
                }
            }
            Step::Delete(at) => {
                if model.names.remove(&at).is_some() {
                    delete(&volume, &name(at).to_uppercase());
                }
            }
            Step::Rename(from, to) => {
                let done = rename(&volume, &path(&name(from)), &path(&name(to)), true);
                assert_eq!(done.is_ok(), model.names.contains_key(&from));
                if let Some(file) = model.names.remove(&from) {
                    model.names.insert(to, file);
                }
            }
            Step::Link(from, to) => {
                let done = link(&volume, &path(&name(from)), &path(&name(to)), true);
                assert_eq!(done.is_ok(), model.names.contains_key(&from));
                if let Some(file) = model.names.get(&from).copied() {
                    model.names.insert(to, file);
                }
            }
            Step::Publish => volume.core.publish_all(),
            Step::Fold => volume.core.fold(&mut volume.core.state()).unwrap(),
            Step::Again => {
                drop(volume);
                volume = home.open();
            }
        }
        for at in 0..6 {
            let wanted = model.names.get(&at).map(|file| model.files[*file].clone()).ok_or(STATUS_OBJECT_NAME_NOT_FOUND);
            assert_eq!(get(&volume, &name(at)), wanted, "{} after {step:?}", name(at));
        }
    }
    volume.finish();
    drop(volume);
    let report = home.report();
    assert_eq!((report.findings, report.unsealed), (vec![], 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_volume_holds_what_was_done(steps in prop::collection::vec(step(), 1..40)) {
        work(&steps);
    }
}
