//! Shared objects as two processes see them, in every order in which they may come and go.

use super::*;
use channel::{Server, code};
use windows_sys::Win32::Foundation::{STATUS_MUTANT_NOT_OWNED, STATUS_SEMAPHORE_LIMIT_EXCEEDED};

const EVENT: u32 = ObjectKind::Event as u32;
const MUTANT: u32 = ObjectKind::Mutant as u32;
const SEMAPHORE: u32 = ObjectKind::Semaphore as u32;
const TIMER: u32 = ObjectKind::Timer as u32;

/// A thread of a process, with its channel.
struct Thread {
    process: u32,
    number: u32,
    server: Server,
}

impl Thread {
    fn new(process: u32, number: u32) -> Self {
        Self { process, number, server: channel::pair().unwrap().0 }
    }

    fn alarm(&self) -> Alarm {
        self.server.closer().alarm()
    }

    fn open(&self, broker: &Dispatcher, name: &[u8], kind: u32, initial: u32, limit: u32) -> SharedObject {
        broker.open(self.process, self.number, name, kind, New::Waitable { initial, limit }).unwrap().0
    }

    fn signal(&self, broker: &Dispatcher, number: u32, how: SignalKind) -> Result<i32, NTSTATUS> {
        broker.signal(self.process, self.number, number, how, 1).map(|before| before.state)
    }

    fn wait_for(&self, objects: &[u32], sleep: Option<u32>, all: bool, looks: bool) -> Wait {
        Wait { process: self.process, thread: self.number, alarm: self.alarm(), sleep, all, looks, objects: objects.to_vec(), turn: 0 }
    }

    /// Begins a wait that does not end at once; answers the sleep.
    fn sleep(&self, broker: &Dispatcher, objects: &[u32], all: bool) -> u32 {
        let sleep = self.alarm().arm();
        assert_eq!(broker.wait(self.wait_for(objects, Some(sleep), all, false), None), Ok(code::ARMED));
        sleep
    }

    /// Takes what can be taken at once.
    fn take(&self, broker: &Dispatcher, objects: &[u32]) -> u8 {
        broker.wait(self.wait_for(objects, None, false, false), None).unwrap()
    }

    fn settled(&self, sleep: u32) -> u8 {
        self.alarm().settled(sleep)
    }
}

#[test]
fn a_name_is_one_object_until_its_last_open_ends() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let made = one.open(&broker, b"a\0", EVENT, 1, 1);
    assert_eq!((made.found, made.shared, made.limit), (0, 1, 1));
    let found = other.open(&broker, b"a\0", EVENT, 0, 0);
    assert_eq!((found.number, found.found, found.limit), (made.number, 1, 1), "who finds it does not change it");
    assert_eq!(broker.open(12, 16, b"a\0", MUTANT, New::Nothing).err(), Some(STATUS_OBJECT_TYPE_MISMATCH));
    // In either order the name lasts as long as somebody has it.
    broker.release(4, made.number, 1).unwrap();
    assert_eq!(broker.release(4, made.number, 1), Err(STATUS_INVALID_HANDLE));
    assert_eq!(other.take(&broker, &[made.number]), 1);
    broker.release(12, made.number, 1).unwrap();
    assert_eq!(broker.open(12, 16, b"a\0", EVENT, New::Nothing).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    assert_eq!(other.open(&broker, b"a\0", EVENT, 0, 0).found, 0);
}

#[test]
fn an_open_answered_meanwhile_keeps_the_object() {
    let broker = Dispatcher::default();
    let one = Thread::new(4, 8);
    let number = one.open(&broker, b"a\0", EVENT, 0, 0).number;
    // A second thread is answered before the first one's close arrives, which speaks for one open alone.
    one.open(&broker, b"a\0", EVENT, 0, 0);
    broker.release(4, number, 1).unwrap();
    assert_eq!(one.signal(&broker, number, SignalKind::Set), Ok(0));
}

#[test]
fn whoever_has_not_opened_an_object_cannot_touch_it() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let number = one.open(&broker, b"a\0", EVENT, 0, 0).number;
    assert_eq!(other.signal(&broker, number, SignalKind::Set), Err(STATUS_INVALID_HANDLE));
    assert_eq!(broker.wait(other.wait_for(&[number], None, false, false), None), Err(STATUS_INVALID_HANDLE));
    assert_eq!(broker.query(12, 16, number), Err(STATUS_INVALID_HANDLE));
    assert_eq!(broker.release(12, number, 1), Err(STATUS_INVALID_HANDLE));
}

#[test]
fn a_kind_that_is_not_shared_is_its_process_s_alone() {
    let broker = Dispatcher::default();
    let completion = ObjectKind::Completion as u32;
    let (told, _) = broker.open(4, 8, b"a\0", completion, New::Private).unwrap();
    assert_eq!(told.shared, 0);
    assert_eq!(broker.open(12, 16, b"a\0", completion, New::Private).err(), Some(STATUS_ACCESS_DENIED));
    assert_eq!(broker.open(4, 8, b"a\0", completion, New::Nothing).unwrap().0.found, 1);
}

#[test]
fn waiters_of_all_processes_are_served_in_order() {
    let broker = Dispatcher::default();
    let threads = [Thread::new(4, 8), Thread::new(12, 16), Thread::new(4, 20)];
    let number = threads.each_ref().map(|thread| thread.open(&broker, b"s\0", SEMAPHORE, 0, 2).number)[0];
    let sleeps = threads.each_ref().map(|thread| thread.sleep(&broker, &[number], false));
    let settled = || [0, 1, 2].map(|index: usize| threads[index].settled(sleeps[index]));
    assert_eq!(threads[1].signal(&broker, number, SignalKind::Release), Ok(0));
    assert_eq!(settled(), [1, 0, 0]);
    assert_eq!(broker.signal(12, 16, number, SignalKind::Release, 2).map(|before| before.state), Ok(0));
    assert_eq!(settled(), [1, 1, 1]);
    assert_eq!(broker.signal(12, 16, number, SignalKind::Release, 3), Err(STATUS_SEMAPHORE_LIMIT_EXCEEDED));
    assert_eq!(broker.query(4, 8, number), Ok(ObjectState { state: 0, limit: 2, abandoned: 0, setting: 0 }));
}

#[test]
fn a_sleep_that_ended_otherwise_takes_nothing() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let number = one.open(&broker, b"e\0", EVENT, 0, 0).number;
    other.open(&broker, b"e\0", EVENT, 0, 0);
    let sleep = one.sleep(&broker, &[number], false);
    // Its time was over, or an object of its own process came first.
    assert!(one.alarm().settle(sleep, 0xFE));
    other.signal(&broker, number, SignalKind::Set).unwrap();
    assert_eq!(one.settled(sleep), 0xFE);
    assert_eq!(other.take(&broker, &[number]), 1, "the event is still signalled");
}

#[test]
fn a_wait_for_all_takes_all_or_nothing() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let numbers = [b"a\0", b"b\0"].map(|name| one.open(&broker, name, EVENT, 0, 0).number);
    for name in [b"a\0", b"b\0"] {
        other.open(&broker, name, EVENT, 0, 0);
    }
    let sleep = one.sleep(&broker, &numbers, true);
    other.signal(&broker, numbers[0], SignalKind::Set).unwrap();
    assert_eq!(one.settled(sleep), code::ARMED);
    assert_eq!(other.take(&broker, &[numbers[0]]), 1, "who waits for all has not taken the one");
    other.signal(&broker, numbers[1], SignalKind::Set).unwrap();
    other.signal(&broker, numbers[0], SignalKind::Set).unwrap();
    assert_eq!(one.settled(sleep), 1);
    assert_eq!(other.take(&broker, &numbers), code::ARMED, "both were taken");
}

#[test]
fn who_only_looks_is_told_and_given_nothing() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let number = one.open(&broker, b"e\0", EVENT, 0, 0).number;
    other.open(&broker, b"e\0", EVENT, 0, 0);
    let sleep = one.alarm().arm();
    assert_eq!(broker.wait(one.wait_for(&[number], Some(sleep), true, true), None), Ok(code::ARMED));
    other.signal(&broker, number, SignalKind::Set).unwrap();
    assert_eq!(one.settled(sleep), code::AGAIN);
    assert_eq!(other.take(&broker, &[number]), 1);
}

#[test]
fn a_pulse_reaches_only_who_waits() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let number = one.open(&broker, b"e\0", EVENT, 0, 1).number;
    other.open(&broker, b"e\0", EVENT, 0, 1);
    let sleep = one.sleep(&broker, &[number], false);
    other.signal(&broker, number, SignalKind::Pulse).unwrap();
    assert_eq!(one.settled(sleep), 1);
    assert_eq!(other.take(&broker, &[number]), code::ARMED);
}

#[test]
fn a_mutant_is_its_owner_s_and_nobody_else_s() {
    let broker = Dispatcher::default();
    // Threads of two processes that bear one number are two owners.
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 8));
    let number = one.open(&broker, b"m\0", MUTANT, 1, 0).number;
    other.open(&broker, b"m\0", MUTANT, 1, 0);
    assert_eq!(other.take(&broker, &[number]), code::ARMED);
    assert_eq!(other.signal(&broker, number, SignalKind::Release), Err(STATUS_MUTANT_NOT_OWNED));
    assert_eq!(one.take(&broker, &[number]), 1);
    assert_eq!(broker.query(4, 8, number), Ok(ObjectState { state: -1, limit: 1, abandoned: 0, setting: 0 }));
    assert_eq!(one.signal(&broker, number, SignalKind::Release), Ok(-1));
    let sleep = other.sleep(&broker, &[number], false);
    assert_eq!(one.signal(&broker, number, SignalKind::Release), Ok(0));
    assert_eq!(other.settled(sleep), 1);
}

#[test]
fn the_end_of_a_process_abandons_what_it_owned_and_ends_its_waits() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let number = one.open(&broker, b"m\0", MUTANT, 1, 0).number;
    let event = one.open(&broker, b"e\0", EVENT, 0, 0).number;
    other.open(&broker, b"m\0", MUTANT, 0, 0);
    other.open(&broker, b"e\0", EVENT, 0, 0);
    one.sleep(&broker, &[event], false);
    let sleep = other.sleep(&broker, &[number], false);
    broker.end(4);
    assert_eq!(other.settled(sleep), 1 + code::ABANDONED);
    other.signal(&broker, event, SignalKind::Set).unwrap();
    assert_eq!(other.take(&broker, &[event]), 1, "nobody is left who waits for it");
    broker.end(12);
    let inner = broker.lock();
    assert!(inner.names.is_empty() && inner.objects.is_empty() && inner.waits.is_empty());
}

#[test]
fn the_end_of_a_thread_abandons_what_it_owned() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(4, 16));
    let number = one.open(&broker, b"m\0", MUTANT, 1, 0).number;
    broker.end_thread(4, 16);
    assert_eq!(other.take(&broker, &[number]), code::ARMED, "who does not own it cannot abandon it");
    broker.end_thread(4, 8);
    assert_eq!(broker.query(4, 16, number), Ok(ObjectState { state: 1, limit: 0, abandoned: 1, setting: 0 }));
    assert_eq!(other.take(&broker, &[number]), 1 + code::ABANDONED);
    assert_eq!(broker.query(4, 16, number), Ok(ObjectState { state: 0, limit: 1, abandoned: 0, setting: 0 }));
}

#[test]
fn a_signal_and_a_wait_are_one_step() {
    let broker = Dispatcher::default();
    let one = Thread::new(4, 8);
    let [event, other] = [b"a\0", b"b\0"].map(|name| one.open(&broker, name, EVENT, 0, 0).number);
    let wait = |object| one.wait_for(&[object], None, false, false);
    assert_eq!(broker.wait(wait(event), Some((event, SignalKind::Set))), Ok(1));
    assert_eq!(broker.wait(wait(event), Some((other, SignalKind::Set))), Ok(code::ARMED));
    assert_eq!(one.take(&broker, &[other]), 1);
    // What cannot be signalled is not waited for.
    assert_eq!(broker.wait(wait(event), Some((event, SignalKind::Release))), Err(STATUS_OBJECT_TYPE_MISMATCH));
}

#[test]
fn a_timer_with_a_name_is_signalled_when_it_is_due() {
    let broker = Dispatcher::default();
    let one = Thread::new(4, 8);
    let number = one.open(&broker, b"t\0", TIMER, 0, 1).number;
    let sleep = one.sleep(&broker, &[number], false);
    // A time that has passed is due at once.
    assert_eq!(broker.set_timer(4, number, Some(1), 0).map(|before| (before.state, before.setting)), Ok((0, 1)));
    assert_eq!(one.settled(sleep), 1);
    assert_eq!(broker.set_timer(4, number, Some(i64::MAX), 0).map(|before| (before.state, before.setting)), Ok((1, 2)));
    assert_eq!(one.take(&broker, &[number]), code::ARMED);
    assert_eq!(broker.set_timer(4, number, None, 0).map(|before| before.state), Ok(0));
    assert_eq!(broker.query(4, 8, number).map(|state| state.setting), Ok(3), "who set it before sees that another has");
    // One that is due later is signalled by the thread that looks after them.
    let sleep = one.sleep(&broker, &[number], false);
    let soon = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    broker.set_timer(4, number, Some(soon.tv_sec * 1_000_000_000 + soon.tv_nsec + 2_000_000), 1).unwrap();
    while one.settled(sleep) == code::ARMED {
        std::thread::yield_now();
    }
    assert_eq!(one.settled(sleep), 1);
}

/// Who has closed its last handle still owns what it owned, and still waits for what it waited for.
#[test]
fn an_owner_or_a_waiter_without_a_handle_is_one_all_the_same() {
    let broker = Dispatcher::default();
    let (one, other) = (Thread::new(4, 8), Thread::new(12, 16));
    let [mutant, again] = [b"m\0", b"n\0"].map(|name| one.open(&broker, name, MUTANT, 1, 0).number);
    for name in [b"m\0", b"n\0"] {
        other.open(&broker, name, MUTANT, 0, 0);
    }
    broker.release(4, mutant, 1).unwrap();
    broker.release(4, again, 1).unwrap();
    let sleep = other.sleep(&broker, &[mutant], false);
    broker.end_thread(4, 8);
    assert_eq!(other.settled(sleep), 1 + code::ABANDONED);
    // Opened anew, it is still owned as often as before.
    let third = Thread::new(12, 24);
    assert_eq!(other.take(&broker, &[again]), 1 + code::ABANDONED);
    broker.release(12, again, 1).unwrap();
    assert_eq!(one.open(&broker, b"n\0", MUTANT, 0, 0).found, 0, "its name went with the last handle");
    broker.end(12);
    drop(third);
    // A timer outlives its handles while somebody waits for it.
    let timer = one.open(&broker, b"t\0", TIMER, 0, 1).number;
    let sleep = one.sleep(&broker, &[timer], false);
    let soon = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    broker.set_timer(4, timer, Some(soon.tv_sec * 1_000_000_000 + soon.tv_nsec + 2_000_000), 0).unwrap();
    broker.release(4, timer, 1).unwrap();
    assert_eq!(broker.open(4, 8, b"t\0", TIMER, New::Nothing).err(), Some(STATUS_OBJECT_NAME_NOT_FOUND));
    while one.settled(sleep) == code::ARMED {
        std::thread::yield_now();
    }
    assert_eq!(one.settled(sleep), 1);
    assert!(!broker.lock().objects.contains_key(&timer), "it goes with its last waiter");
}

/// Thousands of waits for many objects, each named many times over, end in a moment: nobody else waits for the lock meanwhile.
#[test]
fn a_crowd_is_served_object_by_object() {
    let broker = Dispatcher::default();
    let one = Thread::new(4, 8);
    let event = one.open(&broker, b"e\0", EVENT, 0, 1).number;
    let crowd: Vec<(Thread, u32)> = (0..400)
        .map(|index| {
            let thread = Thread::new(4, 12 + 4 * index);
            let sleep = thread.sleep(&broker, &[event; 64], false);
            (thread, sleep)
        })
        .collect();
    assert_eq!(broker.lock().objects[&event].waiters.len(), crowd.len(), "an object that is named often is listed once");
    one.signal(&broker, event, SignalKind::Set).unwrap();
    assert!(crowd.iter().all(|(thread, sleep)| thread.settled(*sleep) == 1));
    assert!(broker.lock().objects[&event].waiters.is_empty());
}

#[test]
fn sections_take_no_more_memory_than_there_is() {
    let broker = Dispatcher::default();
    let section = ObjectKind::Section as u32;
    let new = |size| New::Section { size, protect: 4, attributes: 0x800_0000, file: None };
    let (told, descriptor) = broker.open(4, 8, b"a\0", section, new(0x1_0000)).unwrap();
    assert_eq!((told.size, told.protect, told.attributes), (0x1_0000, 4, 0x800_0000));
    assert!(descriptor.is_some());
    assert_eq!(broker.open(4, 8, b"b\0", section, new(i64::MAX as u64)).err(), Some(STATUS_COMMITMENT_LIMIT));
    broker.release(4, told.number, 1).unwrap();
    assert_eq!(broker.lock().memory, 0);
}

#[test]
fn hostile_names_are_refused() {
    let broker = Dispatcher::default();
    for name in [&b""[..], b"a", &[0; LONGEST + 2]] {
        assert_eq!(broker.open(4, 8, name, EVENT, New::Nothing).err(), Some(STATUS_OBJECT_NAME_INVALID));
    }
}
