//! Requests that another site has a browser send (cross-site request forgery).

use http::{HeaderMap, Method, header};

/// Whether a request may be looked at. What changes nothing may come from anywhere. Of the rest, a
/// browser says where it comes from: by `Sec-Fetch-Site` (Fetch Metadata), by `Origin` (RFC 6454), today
/// by both. What says neither comes from no browser of today, and so bears no session.
pub(crate) fn allows(method: &Method, headers: &HeaderMap, origin: &str) -> bool {
    if method.is_safe() {
        return true;
    }
    let text = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), from) => site == "same-origin" && from.is_none_or(|from| from == origin),
        (None, Some(from)) => from == origin,
        (None, None) => !headers.contains_key(header::COOKIE),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const OURS: &str = "https://shop.test";

    fn allowed(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|&(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        allows(method, &headers.collect(), OURS)
    }

    #[test]
    fn what_changes_something_comes_from_the_page_itself() {
        let site = |value| ("sec-fetch-site", value);
        let origin = |value| ("origin", value);
        let session = ("cookie", "__Host-session=x");
        for (headers, expected) in [
            (vec![site("same-origin"), origin(OURS), session], true),
            (vec![site("same-origin"), session], true),
            (vec![origin(OURS), session], true),
            (vec![], true),
            (vec![session], false),
            (vec![("cookie", "another=x")], false),
            (
                vec![site("cross-site"), origin("https://evil.test"), session],
                false,
            ),
            (
                vec![site("same-site"), origin("https://other.shop.test")],
                false,
            ),
            (vec![site("none"), session], false),
            (
                vec![site("same-origin"), origin("https://evil.test")],
                false,
            ),
            (vec![origin("https://evil.test")], false),
            (vec![origin("null")], false),
            (vec![origin("http://shop.test")], false),
            (vec![origin("https://shop.test.evil.test")], false),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(allowed(&method, &headers), expected, "{headers:?}");
            }
        }
        assert!(allowed(&Method::GET, &[site("cross-site"), session]));
    }
}
