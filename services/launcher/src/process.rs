//! One process of the shop: what it writes, how it ends, and that it does not outlive the launcher.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};

/// How many of its last lines are shown when a process ends by itself.
const LAST_LINES: usize = 5;

/// What a process did.
#[derive(Debug)]
pub enum Event {
    /// It wrote a line.
    Wrote(String),
    /// It ended. This is the last event of a process, and comes once.
    Ended(Ended),
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status; an error when the system did not tell.
    pub status: io::Result<ExitStatus>,
    /// The last lines that it wrote.
    pub last_lines: Vec<String>,
}

/// Where the events of all processes go, each with the name of its process.
pub type Events = mpsc::Sender<(&'static str, Event)>;

/// Starts a process. The future, which has to be polled, sends its events, and asks it to
/// terminate (SIGTERM) when `stopping` becomes true; dropped, it kills the process.
///
/// The process is started by the calling thread; when that thread ends, the kernel terminates it
/// ([`command`]).
pub fn start(
    name: &'static str,
    mut command: Command,
    events: Events,
    stopping: watch::Receiver<bool>,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let mut child = command
        // Ctrl-C is for the launcher, which stops its processes by itself.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().expect("it is piped");
    let errors = child.stderr.take().expect("it is piped");
    Ok(async move {
        let (status, last_lines) =
            tokio::join!(end(child, stopping), forward(name, output, errors, &events),);
        let ended = Ended {
            status,
            last_lines: last_lines.into(),
        };
        // The receiver is gone when the shop has given up waiting.
        let _ = events.send((name, Event::Ended(ended))).await;
    })
}

/// Waits for the end, and asks for it once when the time has come.
async fn end(mut child: Child, mut stopping: watch::Receiver<bool>) -> io::Result<ExitStatus> {
    let stop = async {
        // The launcher's end stops it, too.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    tokio::select! {
        status = child.wait() => return status,
        () = stop => {}
    }
    // It has no id any more when it has ended meanwhile.
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id.and_then(Pid::from_raw) {
        let _ = kill_process(id, Signal::TERM);
    }
    child.wait().await
}

/// Forwards what it writes, line by line, until it closes both ends; returns the last lines.
async fn forward(
    name: &'static str,
    output: impl AsyncRead + Unpin,
    errors: impl AsyncRead + Unpin,
    events: &Events,
) -> VecDeque<String> {
    let mut output = BufReader::new(output).lines();
    let mut errors = BufReader::new(errors).lines();
    let mut last_lines = VecDeque::with_capacity(LAST_LINES);
    loop {
        let line = tokio::select! {
            Ok(Some(line)) = output.next_line() => line,
            Ok(Some(line)) = errors.next_line() => line,
            else => return last_lines,
        };
        if last_lines.len() == LAST_LINES {
            last_lines.pop_front();
        }
        last_lines.push_back(line.clone());
        // Without a receiver it is still read, so that the process does not block.
        let _ = events.send((name, Event::Wrote(line))).await;
    }
}

/// A command that ends with the launcher even when that is killed, if the host has setpriv
/// (util-linux): the kernel then sends SIGTERM.
pub fn command(program: &Path) -> io::Result<Command> {
    // setpriv itself can be started when the program is missing.
    program.metadata()?;
    let setpriv = Path::new("/usr/bin/setpriv");
    Ok(if setpriv.exists() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "TERM", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn events(script: &str, stop: bool) -> Vec<Event> {
        let mut command = command(Path::new("/bin/sh")).unwrap();
        command.args(["-c", script]);
        let (sender, mut receiver) = mpsc::channel(100);
        let (stopping, stopped) = watch::channel(stop);
        let process = start("sh", command, sender, stopped).unwrap();
        process.await;
        drop(stopping);
        let mut events = Vec::new();
        while let Some((_, event)) = receiver.recv().await {
            events.push(event);
        }
        events
    }

    #[tokio::test]
    async fn the_end_comes_once_and_after_every_line() {
        let mut events = events("echo one; echo two >&2; seq 3 9; exit 3", false).await;
        let Some(Event::Ended(ended)) = events.pop() else {
            panic!("{events:?}");
        };
        assert_eq!(ended.status.unwrap().code(), Some(3));
        assert_eq!(ended.last_lines.len(), LAST_LINES);
        let lines = events.iter().map(|event| match event {
            Event::Wrote(line) => line.as_str(),
            Event::Ended(_) => panic!("the end came twice: {events:?}"),
        });
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), 9);
        assert!(
            lines.contains(&"one") && lines.contains(&"two"),
            "{lines:?}"
        );
    }

    #[tokio::test]
    async fn a_process_is_asked_to_terminate_when_the_shop_stops() {
        let script = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
        let events = events(script, true).await;
        assert!(matches!(events.last(), Some(Event::Ended(_))), "{events:?}");
    }
}
