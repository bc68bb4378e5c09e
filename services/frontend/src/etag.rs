//! Entity tags made from content (RFC 9110 section 8.8.3).

use std::hash::{DefaultHasher, Hash, Hasher};

use http::{HeaderMap, HeaderValue, header};

/// The tag of one representation. Another release of Rust may hash otherwise, after which each
/// client asks once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ETag(String);

impl ETag {
    pub(crate) fn of(content: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        Self(format!("\"{:016x}\"", hasher.finish()))
    }

    pub(crate) fn value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("quoted hexadecimal digits")
    }

    /// Whether `If-None-Match` names it, by the weak comparison (RFC 9110 section 13.1.2).
    pub(crate) fn is_known(&self, request: &HeaderMap) -> bool {
        let lines = request.get_all(header::IF_NONE_MATCH).iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_when_any_line_names_it() {
        let tag = ETag::of(b"the page");
        assert_eq!(tag, ETag::of(b"the page"));
        assert_ne!(tag, ETag::of(b"the Page"));
        let known = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::IF_NONE_MATCH, line.parse().expect("a value"));
            }
            tag.is_known(&headers)
        };
        for lines in [
            &["*"][..],
            &[tag.0.as_str()],
            &[&format!("\"a\", W/{}", tag.0)],
            &["\"a\"", &tag.0],
        ] {
            assert!(known(lines), "{lines:?}");
        }
        for lines in [&[][..], &["\"a\""], &[tag.0.trim_matches('"')]] {
            assert!(!known(lines), "{lines:?}");
        }
    }
}
