//! Taking up a renewed identity.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::agent::{Agent, Said};
use crate::files::{Files, Stamp};
use crate::handle::Identity;

/// How often the files are looked at. A look at the metadata of three files costs microseconds, and an
/// identity is renewed long before its end.
const LOOK: Duration = Duration::from_secs(1);

/// Looks whether the files have changed, and reads them when they have and have then stood still from
/// one look to the next: whoever replaces three files one by one is not caught half way.
pub(crate) async fn follow(identity: Identity, files: Files, mut known: Stamp) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = known;
    loop {
        ticks.tick().await;
        let now = files.stamp();
        if now == last && now != known {
            known = now;
            identity.renew(files.read());
        }
        last = now;
    }
}

/// Takes what the agent says.
pub(crate) async fn listen(identity: Identity, mut agent: Agent) {
    loop {
        match agent.next().await {
            Said::Identity(credentials) => identity.renew(credentials),
            Said::Withdrawn => identity.withdraw(),
        }
    }
}
