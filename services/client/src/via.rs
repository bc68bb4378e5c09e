//! `Via` (RFC 9110 section 7.6.3): by which services of the shop a message has come, so that one
//! that points at itself is found out.

use http::{HeaderMap, HeaderValue, Version, header};
use telemetry::protocol::version_name;

/// Room for `Via` of a message that two services of the shop have passed, in bytes.
const LENGTH: usize = 64;

/// Whether a request has passed the service `pseudonym` before.
pub(crate) fn names(headers: &HeaderMap, pseudonym: &str) -> bool {
    headers
        .get_all(header::VIA)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        // Protocol, who received it, and perhaps a comment.
        .any(|member| member.split_whitespace().nth(1) == Some(pseudonym))
}

/// Says that `pseudonym` received this message, in this version of HTTP, behind those that did
/// before.
pub(crate) fn append(headers: &mut HeaderMap, version: Version, pseudonym: &str) {
    let earlier = headers.get_all(header::VIA).iter();
    let mut members = Vec::with_capacity(LENGTH);
    for value in earlier.filter(|value| !value.is_empty()) {
        members.extend_from_slice(value.as_bytes());
        members.extend_from_slice(b", ");
    }
    members.extend_from_slice(version_name(version).as_bytes());
    members.push(b' ');
    members.extend_from_slice(pseudonym.as_bytes());
    if let Ok(value) = HeaderValue::try_from(members) {
        headers.insert(header::VIA, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let lines = lines.iter().map(|line| HeaderValue::from_static(line));
        lines.map(|value| (header::VIA, value)).collect()
    }

    #[test]
    fn a_service_stands_behind_those_that_a_message_has_passed() {
        let mut none = headers(&[]);
        append(&mut none, Version::HTTP_11, "gateway-service");
        assert_eq!(none[header::VIA], "1.1 gateway-service");

        let mut two = headers(&["1.0 fred (a, b)", "", "1.1 frontend"]);
        append(&mut two, Version::HTTP_10, "gateway-service");
        let values: Vec<_> = two.get_all(header::VIA).iter().collect();
        assert_eq!(
            values,
            ["1.0 fred (a, b), 1.1 frontend, 1.0 gateway-service"]
        );
    }

    #[test]
    fn a_service_knows_itself_in_any_line_and_nobody_else() {
        let passed = headers(&["1.0 fred", "1.1 frontend (Rust), HTTP/1.1 gateway-service"]);
        assert!(names(&passed, "gateway-service") && names(&passed, "frontend"));
        assert!(!names(&passed, "gateway") && !names(&passed, "1.1"));
        assert!(!names(&headers(&[]), "frontend"));
    }
}
