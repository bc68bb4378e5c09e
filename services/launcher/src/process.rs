//! One process of the shop: what it writes, and that it does not outlive the launcher.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How many of its last lines a process is remembered by, should it die.
const LAST_LINES: usize = 5;

/// A line that a process wrote.
#[derive(Debug)]
pub struct Line {
    /// The name of the process.
    pub name: &'static str,
    /// The line; a text when it is no JSON.
    pub line: Value,
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    /// Its name.
    pub name: &'static str,
    child: Child,
    readers: Vec<JoinHandle<()>>,
    last_lines: VecDeque<String>,
}

impl Process {
    /// Starts one; what it writes goes to `lines`.
    pub fn spawn(
        name: &'static str,
        mut command: Command,
        lines: &mpsc::Sender<Line>,
    ) -> io::Result<Self> {
        let mut child = command
            // Ctrl-C is for the launcher, which ends them in its own order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child
            .stdout
            .take()
            .map(|end| read(name, end, lines.clone()));
        let errors = child
            .stderr
            .take()
            .map(|end| read(name, end, lines.clone()));
        Ok(Self {
            name,
            child,
            readers: [output.map(tokio::spawn), errors.map(tokio::spawn)]
                .into_iter()
                .flatten()
                .collect(),
            last_lines: VecDeque::new(),
        })
    }

    /// Keeps a line for the case that it dies.
    pub fn remember(&mut self, line: &Value) {
        if self.last_lines.len() == LAST_LINES {
            self.last_lines.pop_front();
        }
        let text = line
            .as_str()
            .map_or_else(|| line.to_string(), str::to_owned);
        self.last_lines.push_back(text);
    }

    /// The last that it wrote, one line below the other.
    pub fn last_lines(&self) -> String {
        let lines: Vec<_> = self
            .last_lines
            .iter()
            .map(|line| format!("  {line}"))
            .collect();
        lines.join("\n")
    }

    /// Waits until it has ended, and its last line has been read.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        while let Some(reader) = self.readers.last_mut() {
            let _ = reader.await;
            self.readers.pop();
        }
        Ok(status)
    }

    /// Asks it to end: SIGTERM.
    pub fn terminate(&self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::TERM);
        }
    }
}

/// A command that ends with the launcher even when that is killed, where the host has setpriv
/// (util-linux): the kernel then sends SIGTERM.
pub fn command(program: &Path) -> Command {
    let setpriv = Path::new("/usr/bin/setpriv");
    if setpriv.exists() {
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "TERM", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

async fn read(name: &'static str, output: impl AsyncRead + Unpin, lines: mpsc::Sender<Line>) {
    let mut reader = BufReader::new(output).lines();
    while let Ok(Some(line)) = reader.next_line().await {
        let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
        if lines.send(Line { name, line }).await.is_err() {
            return;
        }
    }
}
