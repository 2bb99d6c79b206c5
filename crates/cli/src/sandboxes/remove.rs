//! Removing a sandbox: everything that is kept of it goes, its key too.

use super::existing;
use crate::home;
use crate::progress::size;
use crate::sandbox::quiet;
use broker::plain;
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};
use store::View;

/// Removes a sandbox, if its user says so.
pub fn remove(name: &str, yes: bool) -> Result<u8, String> {
    existing(name)?;
    let held = quiet(name)?;
    // It may have gone while its last broker was waited for.
    let kept = existing(name)?;
    if !yes && !ask(name, &kept)? {
        return Err("nothing was removed".into());
    }
    let home = home::folder()?;
    let failed = |error: std::io::Error| format!("{}: {}", kept.folder.display(), plain(&error));
    // It goes at once, by its name, and then for good: whoever is killed in between leaves what the next runs delete.
    let scratch = home.join("scratch");
    let gone = scratch.join(format!("run-removed-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).map_err(failed)?;
    std::fs::rename(&kept.folder, &gone).map_err(failed)?;
    let _ = std::fs::remove_file(home.join("audit").join(format!("{name}.audit")));
    let _ = std::fs::remove_dir_all(&kept.before);
    drop(held);
    std::fs::remove_dir_all(&gone).map_err(failed)?;
    Ok(0)
}

fn ask(name: &str, kept: &broker::Kept) -> Result<bool, String> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(format!("the sandbox `{name}` is removed with --yes only: nobody can be asked here"));
    }
    let what = match View::open(&kept.objects()).map(|view| view.amount()) {
        Ok(amount) => format!(" with {} files of {}", amount.files, size(amount.bytes)),
        Err(_) => String::new(),
    };
    eprint!("Remove the sandbox `{name}`{what}, its key and its audit? [y/N] ");
    let _ = stderr().flush();
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer).map_err(|error| plain(&error))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
