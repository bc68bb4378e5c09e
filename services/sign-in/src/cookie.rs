//! Cookies that a browser keeps for this origin alone (RFC 6265bis section 4.1.3.2).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// The most bytes of a cookie that browsers keep (RFC 6265bis section 5.6).
const LONGEST: usize = 4096;

/// The cookie of somebody who has signed in.
pub(crate) const SESSION: &str = "__Host-session";

/// The cookie of somebody who is about to.
pub(crate) const BEGUN: &str = "__Host-sign-in";

/// The content of a cookie of a request, if it came once.
pub(crate) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    });
    values.next().filter(|_| values.next().is_none())
}

/// Sets a cookie that no script can read, that goes over no plain network, and that comes along from no
/// other site but by a link. None if it is too long for a browser.
pub(crate) fn set(name: &str, content: &str, age: Duration) -> Option<HeaderValue> {
    if name.len() + content.len() > LONGEST {
        return None;
    }
    let seconds = age.as_secs();
    let text =
        format!("{name}={content}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    HeaderValue::try_from(text).ok()
}

/// Takes a cookie away.
pub(crate) fn remove(name: &str) -> HeaderValue {
    set(name, "", Duration::ZERO).expect("a name is short and plain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_name_and_one_that_comes_twice_is_none() {
        let of = |lines: &[&'static str]| -> HeaderMap {
            let lines = lines.iter().map(|line| HeaderValue::from_static(line));
            lines.map(|line| (header::COOKIE, line)).collect()
        };
        let headers = of(&["a=1; __Host-session=x=y", "b=2"]);
        assert_eq!(get(&headers, SESSION), Some("x=y"));
        assert_eq!(get(&headers, "b"), Some("2"));
        assert_eq!(get(&headers, "session"), None);
        assert_eq!(
            get(&of(&["__Host-session=x; __Host-session=y"]), SESSION),
            None
        );
        assert_eq!(get(&of(&[]), SESSION), None);
    }

    #[test]
    fn one_that_no_browser_would_keep_is_not_set() {
        let day = Duration::from_hours(24);
        assert!(set(SESSION, &"x".repeat(LONGEST - SESSION.len()), day).is_some());
        assert!(set(SESSION, &"x".repeat(LONGEST), day).is_none());
    }
}
