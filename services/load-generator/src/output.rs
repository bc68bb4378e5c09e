//! Where the report goes: a table for people, JSON for programs.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};

use crate::report::Report;
use crate::table::table;

/// The report cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written to {path}: {error}")]
pub(crate) struct OutputError {
    path: String,
    error: io::Error,
}

/// Where the report goes.
#[derive(Debug)]
pub(crate) enum Output {
    /// The table, to standard output.
    Table,
    /// The table, and JSON to this file.
    TableAndFile(String, File),
    /// JSON to standard output, and nothing else.
    Json,
}

impl Output {
    /// Opens the file before the run, so that a wrong path does not show only after five minutes.
    pub(crate) fn open(path: Option<&str>) -> Result<Self, OutputError> {
        match path {
            None => Ok(Self::Table),
            Some("-") => Ok(Self::Json),
            Some(path) => {
                let file = File::create(path).map_err(|error| failed(path, error))?;
                Ok(Self::TableAndFile(path.to_owned(), file))
            }
        }
    }

    pub(crate) fn write(self, report: &Report) -> Result<(), OutputError> {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = io::stdout().is_terminal() && !refused;
        match self {
            Self::Table => print(&table(report, colour)),
            Self::Json => print(&json(report)),
            Self::TableAndFile(path, mut file) => {
                let written = file.write_all(json(report).as_bytes());
                print(&table(report, colour))?;
                written.map_err(|error| failed(&path, error))
            }
        }
    }
}

fn json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("a report has string keys and finite numbers")
        + "\n"
}

fn print(text: &str) -> Result<(), OutputError> {
    match io::stdout().write_all(text.as_bytes()) {
        // The reader has closed its end, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| failed("standard output", error)),
    }
}

fn failed(path: &str, error: io::Error) -> OutputError {
    let path = path.to_owned();
    OutputError { path, error }
}
