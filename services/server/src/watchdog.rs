//! The watchdog of systemd: fed for as long as the service answers a real request.
//!
//! Each worker is asked for `/health` over a pair of connected sockets, of which its accept loop takes
//! one end from a channel, beside what the listener accepts. So the answers prove that the accept loops
//! run, and the runtimes, the router and the store's probe. It needs no address and no `bind`,
//! which the unit denies (`SocketBindDeny=`), and it has a place beside the limit: that clients take
//! all places is no reason for a restart, which would cut them all.

use std::time::Duration;

use axum::body::Body;
use http::{Request, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use crate::systemd;

type Unanswered = Box<dyn std::error::Error + Send + Sync>;

/// The way to an accept loop. One place: the last question has ended when the next is asked.
pub(crate) fn door() -> (mpsc::Sender<UnixStream>, mpsc::Receiver<UnixStream>) {
    mpsc::channel(1)
}

/// Feeds the watchdog for as long as the service answers at every door, twice in each `interval`. Any answer
/// counts, a 503 too: a restart does not mend a full disk. In the drain nothing new is answered; it
/// is fed without a question, since the drain has a bound of its own (`TimeoutStopSec=`).
pub(crate) async fn feed(interval: Duration, doors: Vec<mpsc::Sender<UnixStream>>) {
    // Half of the interval, as sd_watchdog_enabled(3) recommends.
    let mut tick = tokio::time::interval(interval / 2);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let asked = tokio::select! {
            biased;
            () = drained(&doors) => Ok(Ok(())),
            asked = tokio::time::timeout(interval / 2, ask_all(&doors)) => asked,
        };
        match asked {
            Ok(Ok(())) => systemd::watchdog(),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the service does not answer itself: {error}");
            }
            Err(_) => tracing::warn!("the service does not answer itself in time"),
        }
    }
}

/// Waits until no accept loop is left.
async fn drained(doors: &[mpsc::Sender<UnixStream>]) {
    for door in doors {
        door.closed().await;
    }
}

async fn ask_all(doors: &[mpsc::Sender<UnixStream>]) -> Result<(), Unanswered> {
    for door in doors {
        ask(door).await?;
    }
    Ok(())
}

async fn ask(door: &mpsc::Sender<UnixStream>) -> Result<(), Unanswered> {
    let (ours, theirs) = UnixStream::pair()?;
    door.send(theirs).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(ours)).await?;
    let request = Request::get("/health")
        .header(header::HOST, "localhost")
        .header(header::USER_AGENT, "watchdog")
        .body(Body::empty())?;
    let exchange = async move { sender.send_request(request).await.map(drop) };
    let (answer, _) = tokio::join!(exchange, connection);
    Ok(answer?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_accept_loop_that_hangs_or_has_ended_does_not_answer() {
        let (door, hanging) = door();
        let asked = tokio::time::timeout(Duration::from_mins(1), ask(&door)).await;
        assert!(asked.is_err(), "{asked:?}");
        drop(hanging);
        assert!(ask(&door).await.is_err());
    }
}
