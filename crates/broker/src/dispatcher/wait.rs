//! Waits for shared objects. A thread arms the alarm of its channel, enters its wait here, and sleeps; whoever signals one of the
//! objects settles the alarm, and gives the object only if nobody else has settled it meanwhile.

use super::Inner;
use super::object::{Waitable, owner};
use channel::{Alarm, code};
use windows_sys::Win32::Foundation::{NTSTATUS, STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH};

/// A wait.
pub struct Wait {
    /// Whose it is.
    pub process: u32,
    /// The thread, by its number.
    pub thread: u32,
    /// The alarm of its channel.
    pub alarm: Alarm,
    /// The sleep that is meant; `None` for a look that does not wait.
    pub sleep: Option<u32>,
    /// All objects are wanted, and not one of them.
    pub all: bool,
    /// Once they could all be given, the thread is only to look again: it waits for objects of its own too.
    pub looks: bool,
    /// The objects.
    pub objects: Vec<u32>,
    /// Its place in the order of all waits, once it has begun.
    pub turn: u64,
}

impl Wait {
    const fn owner(&self) -> u64 {
        owner(self.process, self.thread)
    }

    /// Settles the alarm, where there is one.
    fn settle(&self, code: u8) -> bool {
        self.sleep.is_none_or(|sleep| self.alarm.settle(sleep, code))
    }
}

/// The word that says that a place of a wait was given.
const fn given(place: usize, abandoned: bool) -> u8 {
    1 + place as u8 + if abandoned { code::ABANDONED } else { 0 }
}

impl Inner {
    /// Answers how a wait ends at once, or enters it ([`code::ARMED`]). It replaces what its alarm waited for before.
    pub fn wait(&mut self, wait: Wait) -> Result<u8, NTSTATUS> {
        self.leave(wait.alarm.number());
        for number in &wait.objects {
            let object = self.objects.get_mut(number).filter(|object| object.opens.contains_key(&wait.process)).ok_or(STATUS_INVALID_HANDLE)?;
            object.waitable().ok_or(STATUS_OBJECT_TYPE_MISMATCH)?.check_depth(wait.owner())?;
        }
        let free: Vec<bool> = wait.objects.iter().map(|number| self.is_free(*number, wait.owner())).collect();
        let place = if wait.all { free.iter().all(|free| *free).then_some(0) } else { free.iter().position(|free| *free) };
        if let Some(place) = place {
            return Ok(self.give(&wait, place).unwrap_or(code::AGAIN));
        }
        if wait.sleep.is_some() {
            self.turns += 1;
            let (alarm, turn) = (wait.alarm.number(), self.turns);
            for (place, number) in wait.objects.iter().enumerate() {
                // One that is named twice counts where it stands first.
                self.objects.get_mut(number).map(|object| object.waiters.entry(turn).or_insert((alarm, place as u8)));
            }
            self.waits.insert(alarm, Wait { turn, ..wait });
        }
        Ok(code::ARMED)
    }

    fn waitable(&mut self, number: u32) -> Option<&mut Waitable> {
        self.objects.get_mut(&number)?.waitable()
    }

    fn is_free(&mut self, number: u32, owner: u64) -> bool {
        self.waitable(number).is_some_and(|waitable| waitable.is_free(owner))
    }

    /// Gives a wait the object at a place, or all; `None` where somebody else has ended the thread's sleep.
    fn give(&mut self, wait: &Wait, place: usize) -> Option<u8> {
        let wanted = if wait.all { wait.objects.as_slice() } else { &wait.objects[place..=place] };
        let abandoned = |number: &u32| {
            self.objects.get_mut(number).and_then(|object| object.waitable()).is_some_and(|it| it.taking.tells_of_abandonment(it.state))
        };
        let ended = wanted.iter().position(abandoned);
        let code = given(place + ended.unwrap_or(0), ended.is_some());
        if !wait.settle(code) {
            return None;
        }
        for number in wanted {
            if let Some(waitable) = self.waitable(*number) {
                waitable.take(wait.owner());
            }
        }
        Some(code)
    }

    /// Gives an object to those who wait for it, as long as it lasts.
    pub fn serve(&mut self, number: u32) {
        let mut last = 0;
        while let Some((turn, alarm, place)) = self.next_waiter(number, last) {
            last = turn;
            let Some(wait) = self.waits.remove(&alarm) else { continue };
            let owner = wait.owner();
            let ends = if wait.all { wait.objects.iter().all(|number| self.is_free(*number, owner)) } else { self.is_free(number, owner) };
            if !ends {
                self.waits.insert(alarm, wait);
                continue;
            }
            // One whose sleep is over for another reason is let go of all the same.
            let settled = if wait.looks { wait.settle(code::AGAIN) } else { self.give(&wait, if wait.all { 0 } else { place.into() }).is_some() };
            self.unlist(&wait);
            if settled {
                self.woken.push(wait.alarm);
            }
        }
    }

    /// Who began to wait for an object after a turn: its turn, its alarm, the object's place in its wait.
    fn next_waiter(&self, number: u32, turn: u64) -> Option<(u64, usize, u8)> {
        let waiters = &self.objects.get(&number)?.waiters;
        waiters.range(turn + 1..).next().map(|(turn, (alarm, place))| (*turn, *alarm, *place))
    }

    /// Takes an alarm's wait out.
    pub fn leave(&mut self, alarm: usize) {
        if let Some(wait) = self.waits.remove(&alarm) {
            self.unlist(&wait);
        }
    }

    fn unlist(&mut self, wait: &Wait) {
        for number in &wait.objects {
            self.objects.get_mut(number).map(|object| object.waiters.remove(&wait.turn));
            self.closed(*number);
        }
    }
}
