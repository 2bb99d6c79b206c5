//! The gate's service for keyed events.

use super::{Keyed, OWN};
use crate::handle;
use crate::serve::{Answer, Serve};
use crate::time::Deadline;
use gate::service::MeetAtKey;
use windows_sys::Win32::Foundation::STATUS_INVALID_PARAMETER_1;

const KEYEDEVENT_WAIT: u32 = 1;
const KEYEDEVENT_WAKE: u32 = 2;

impl Serve for MeetAtKey {
    fn serve(&mut self) -> Answer {
        if self.key & 1 != 0 {
            return Err(STATUS_INVALID_PARAMETER_1);
        }
        let deadline = Deadline::new(self.timed != 0, self.timeout);
        let (releases, alertable) = (self.release != 0, self.alertable != 0);
        if self.handle == 0 {
            return OWN.meet(self.key, releases, alertable, deadline);
        }
        let (_object, keyed) = handle::part::<Keyed>(self.handle, if releases { KEYEDEVENT_WAKE } else { KEYEDEVENT_WAIT })?;
        keyed.meet(self.key, releases, alertable, deadline)
    }
}
