//! What can go wrong with a request, by kind, and enough of it to follow one up.

use std::fmt;

use serde::Serialize;

/// A request that failed, unexpectedly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) example: Example,
}

/// How a failure is counted. The texts are an interface: they stand in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// What the target told us to ask for makes no request.
    Malformed,
    /// There was no connection.
    Connect,
    /// The connection broke before the answer was complete.
    Broken,
    /// The answer did not come in time.
    Timeout,
    /// An answer with a status that the contract does not have for this request.
    Status(u16),
    /// The right status with a body that is not what was asked for.
    BadBody,
    /// It was due, but too many others were under way until the end of the run.
    NotStarted,
}

/// One failure of a kind, for a person who wants to know more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Example {
    /// The status, when there was an answer.
    pub(crate) status: Option<u16>,
    /// What the answer, the operating system or the check said.
    pub(crate) detail: String,
    /// The trace of the request, as the target told it (`traceresponse`).
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
