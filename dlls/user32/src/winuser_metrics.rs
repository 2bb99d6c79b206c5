//! winuser.h: metrics of the system that need no screen.

use guest::call::Count;
use guest::error::Win32Error;
use guest::{router, shim};
use windows_sys::Win32::Foundation::ERROR_CALL_NOT_IMPLEMENTED;
use windows_sys::Win32::UI::WindowsAndMessaging::{
    SM_CLEANBOOT, SM_DEBUG, SM_MEDIACENTER, SM_REMOTECONTROL, SM_REMOTESESSION, SM_SERVERR2, SM_SHUTTINGDOWN, SM_STARTER, SM_TABLETPC,
};

router! {
    /// What the session and the system are not; what has a size needs a screen, and there is none.
    fn metric(index: i32) -> Result<i32, Win32Error> for "GetSystemMetrics", otherwise Win32Error(ERROR_CALL_NOT_IMPLEMENTED); {
        index == SM_REMOTESESSION || index == SM_REMOTECONTROL => Ok(0);
        index == SM_SHUTTINGDOWN || index == SM_CLEANBOOT => Ok(0);
        index == SM_DEBUG => Ok(0);
        index == SM_SERVERR2 || index == SM_STARTER || index == SM_MEDIACENTER || index == SM_TABLETPC => Ok(0);
    }
}

/// Answers a metric; 0 where it is not known.
#[shim(ix = 0, mapping = "fixed metrics", risk = Wrong("a wrong metric"))]
pub unsafe extern "system" fn GetSystemMetrics(index: i32) -> Result<Count<i32>, Win32Error> {
    metric(index).map(Count)
}
