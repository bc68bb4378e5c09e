//! The id of a trace in a path.

use std::str::FromStr;

/// 16 bytes in lower-case hexadecimal, not all zero (W3C Trace Context, "trace-id").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceId(String);

/// Why a text is no id of a trace.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a trace id has 32 hexadecimal digits in lower case, not all of them 0")]
pub(crate) struct InvalidTraceId;

impl TraceId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TraceId {
    type Err = InvalidTraceId;

    fn from_str(text: &str) -> Result<Self, InvalidTraceId> {
        let well_formed = text.len() == 32
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && text.bytes().any(|byte| byte != b'0');
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidTraceId)
    }
}
