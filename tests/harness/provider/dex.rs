//! Dex.

use std::net::SocketAddr;

use super::{PEOPLE, SECRET, Started, Wanted};
use crate::Process;
use crate::foreign::{free_address, installed_or_built};

/// The bcrypt hash of [`super::PASSWORD`], as cheap as Dex takes it.
const HASH: &str = "$2b$10$sjsORWftgtSaJcVnDEuQvO3BeSM38szTe67BFfoZb/pJa2YeorpiO";

pub(super) fn start(wanted: &Wanted<'_>) -> Option<Started> {
    let [program] = installed_or_built("dex", ["dex"])?;
    let address = free_address();
    let file = wanted.folder.join("dex.yaml");
    std::fs::write(&file, configuration(address, wanted)).expect("a file");
    let environment = [
        // Without sessions this Dex asks its store for a person while it holds the lock of it,
        // whenever a token is renewed, and stands still for good.
        ("DEX_SESSIONS_ENABLED", "true".into()),
        ("LOG_FORMAT", "text".into()),
    ];
    Some(Started {
        process: Process::spawn(
            &program,
            "dex",
            &["serve".into(), file.into()],
            &environment,
        ),
        issuer: format!("http://{address}/dex"),
        browsers: address,
        certificate: None,
    })
}

fn configuration(address: SocketAddr, wanted: &Wanted<'_>) -> String {
    let (origin, life) = (wanted.origin, wanted.life.as_secs());
    let people = PEOPLE.map(|(name, group)| {
        format!(
            "  - email: {name}@shop.test\n    hash: \"{HASH}\"\n    username: {name}\n    \
             name: {name} of the tests\n    emailVerified: true\n    userID: {name}-id\n    groups: [{group}]\n"
        )
    });
    format!(
        "issuer: http://{address}/dex\nstorage: {{ type: memory }}\nweb: {{ http: {address} }}\n\
         oauth2: {{ skipApprovalScreen: true }}\nexpiry: {{ idTokens: {life}s }}\n\
         enablePasswordDB: true\nstaticClients:\n  - id: hello-observability\n    name: Shop\n    \
         secret: {SECRET}\n    redirectURIs: [\"{origin}/auth/callback\"]\n  - id: another\n    \
         name: Another\n    secret: {SECRET}\n    redirectURIs: [\"{origin}/auth/callback\"]\n\
         staticPasswords:\n{}",
        people.concat()
    )
}
