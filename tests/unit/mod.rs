//! A service as a unit of systemd: its command line, its start, its watchdog, its end.

mod command_line;
mod drain;
mod systemd;
