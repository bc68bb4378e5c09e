//! What must hold after whatever a client did: the shop is well, and has told no secret.

use std::time::Duration;

use rustix::process::Signal;

use crate::{Answer, Shop};

/// What no answer may show: addresses inside, places in the source, words of a crash or of the
/// store.
const SECRETS: [&str; 8] = [
    "127.0.0.1",
    "localhost:",
    "panicked",
    ".rs:",
    "/rustc/",
    "backtrace",
    "sqlite",
    "hyper::",
];

/// Longer than any drain.
const END_BOUND: Duration = Duration::from_secs(20);

/// Asserts that the answer shows nothing of the inside.
pub fn assert_reveals_nothing(answer: &Answer) {
    let body = String::from_utf8_lossy(&answer.body);
    assert_holds_no_secret(&format!("{:?} {body}", answer.headers));
}

/// Asserts that a text that went outside shows nothing of the inside.
pub fn assert_holds_no_secret(text: &str) {
    let text = text.to_lowercase();
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is shown: {text}");
    }
}

/// Asserts that every service is healthy, then ends the shop and asserts that none had panicked
/// and that no request was answered by a status of 500 or above, but for those `expected`.
pub async fn assert_unharmed(mut shop: Shop, expected: &[u64]) {
    let names: Vec<_> = shop.services().map(|s| s.name().to_owned()).collect();
    for name in &names {
        let health = shop.http(name).get("/health").await;
        assert_eq!(health.status, 200, "{name}: {health:?}");
    }
    for service in shop.services() {
        service.signal(Signal::TERM);
    }
    for service in shop.services() {
        let (status, name) = (service.wait(END_BOUND), service.name().to_owned());
        assert!(status.success(), "{name}: {status}");
        assert_eq!(service.errors(), "", "{name} wrote to its standard error");
        for line in service.log() {
            let failed = line["status"].as_u64().filter(|status| *status >= 500);
            assert!(
                failed.is_none_or(|status| expected.contains(&status)),
                "{name} answered {line}"
            );
            assert!(!line.to_string().contains("panicked"), "{name}: {line}");
        }
    }
}
