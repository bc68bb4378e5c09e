//! The choice of the sink.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use clap::ValueEnum;

use super::LogError;
use super::journald::Journald;
use super::json::Json;
use super::sink::Sink;
use super::text::Text;

/// Where events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The journal when systemd connected the output to it, else text on a terminal, else JSON.
    Auto,
    /// The journal, with native fields.
    Journald,
    /// One JSON object a line on standard output.
    Json,
    /// One readable line on standard output.
    Text,
}

pub(super) fn sink(format: Format, service: &str) -> Result<Box<dyn Sink>, LogError> {
    let format = match format {
        Format::Auto if output_is_journal() => Format::Journald,
        Format::Auto if std::io::stdout().is_terminal() => Format::Text,
        Format::Auto => Format::Json,
        chosen => chosen,
    };
    Ok(match format {
        Format::Journald => Box::new(Journald::new(service).map_err(LogError::NoJournal)?),
        Format::Text => Box::new(Text::new(service)),
        Format::Json | Format::Auto => Box::new(Json::new(service)),
    })
}

/// systemd.exec(5), `$JOURNAL_STREAM`: device and inode of the stream that it connected. They
/// have to be compared, since a child inherits the variable but may have another output.
fn output_is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    is_stream(std::io::stdout().as_fd(), &stream) || is_stream(std::io::stderr().as_fd(), &stream)
}

fn is_stream(output: std::os::fd::BorrowedFd<'_>, stream: &str) -> bool {
    use std::os::unix::fs::MetadataExt;
    output
        .try_clone_to_owned()
        .and_then(|output| std::fs::File::from(output).metadata())
        .is_ok_and(|metadata| format!("{}:{}", metadata.dev(), metadata.ino()) == stream)
}
