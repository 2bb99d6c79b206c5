//! JSON as it is printed: what programs, archives and files say in it steers no terminal.

use serde::Serialize;
use terminal::escaped;

/// A value in one line.
pub fn line(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(value).map(|line| escaped(&line).into_owned()).map_err(|error| error.to_string())
}

/// A value in lines that are easy to read.
pub fn pretty(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map(|lines| escaped(&lines).into_owned()).map_err(|error| error.to_string())
}
