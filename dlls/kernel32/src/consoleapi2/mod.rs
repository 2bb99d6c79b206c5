//! consoleapi2.h: the console's screen: its size, cursor, colours, cells and title.

mod cells;
mod screen;
mod title;
