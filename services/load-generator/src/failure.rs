//! What can go wrong with a request: its kind, and an example to look into.

use std::fmt;

use serde::Serialize;

/// An unexpected failure of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) example: Example,
}

/// How a failure is counted. The texts are part of the report, which programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A product id of the target's own list that fits into no path.
    Malformed,
    /// The connection could not be opened.
    Connect,
    /// The connection broke before the answer was complete.
    Broken,
    /// The answer did not come in time.
    Timeout,
    /// An answer with a status that the contract does not have for this request.
    Status(u16),
    /// The right status with a wrong body.
    BadBody,
    /// It was due, but too many others were in flight until the end of the run.
    NotStarted,
}

/// One failure of a kind, to look into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Example {
    /// The status, if there was an answer.
    pub(crate) status: Option<u16>,
    /// The reason: from the answer, the operating system, or the check.
    pub(crate) detail: String,
    /// The trace of the request, from the answer's `traceresponse`.
    pub(crate) trace_id: Option<String>,
}

impl Failure {
    /// A failure without an answer.
    pub(crate) fn unanswered(kind: Kind, detail: impl fmt::Display) -> Self {
        let example = Example {
            detail: detail.to_string(),
            ..Example::default()
        };
        Self { kind, example }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => formatter.write_str("malformed"),
            Self::Connect => formatter.write_str("connect"),
            Self::Broken => formatter.write_str("broken"),
            Self::Timeout => formatter.write_str("timeout"),
            Self::Status(status) => write!(formatter, "status {status}"),
            Self::BadBody => formatter.write_str("bad body"),
            Self::NotStarted => formatter.write_str("not started"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind, self.example)
    }
}

impl fmt::Display for Example {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.status {
            write!(formatter, "{status} ")?;
        }
        write!(formatter, "\"{}\"", self.detail)?;
        match &self.trace_id {
            Some(trace) => write!(formatter, ", trace {trace}"),
            None => Ok(()),
        }
    }
}
