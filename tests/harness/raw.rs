//! A connection on which a test says byte by byte what it wants, also what no client would say.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Answer;

/// Longer than any bound of the services on a request, so that it is theirs that ends a wait.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection in the hands of a test.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address)
            .await
            .unwrap_or_else(|error| panic!("{address}: {error}"));
        stream.set_nodelay(true).expect("a socket");
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends bytes. An error means that the other side has closed already.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// The next answer with its body; none when the other side closes without one. `100 Continue`
    /// is an answer of its own.
    pub async fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET").await
    }

    /// The next answer, to a request of this method: one to `HEAD` has no body.
    pub async fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let head_end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if self.read().await == 0 {
                return None;
            }
        };
        let head: Vec<u8> = self.buffer.drain(..head_end).collect();
        let (status, headers) = parse_head(std::str::from_utf8(&head).expect("a head in ASCII"));
        let length = headers.get("content-length").map(|value| {
            let text = value.to_str().expect("a length");
            text.parse::<usize>().expect("a length")
        });
        let bodyless = method == "HEAD" || status.is_informational() || status == 204;
        let body = if bodyless {
            Vec::new()
        } else if headers.contains_key("transfer-encoding") {
            self.chunks().await
        } else if let Some(length) = length {
            self.exactly(length).await
        } else {
            self.rest().await
        };
        Some(Answer {
            status,
            headers,
            body: Bytes::from(body),
        })
    }

    /// All that comes until the other side closes.
    pub async fn rest(&mut self) -> Vec<u8> {
        while self.read().await > 0 {}
        std::mem::take(&mut self.buffer)
    }

    /// Waits until something comes, or the other side closes, or `bound` has passed.
    pub async fn hears_within(&mut self, bound: Duration) -> bool {
        let read = self.stream.read_buf(&mut self.buffer);
        tokio::time::timeout(bound, read).await.is_ok()
    }

    /// Whether the other side closes, without a byte before, within `bound`.
    pub async fn closes_within(&mut self, bound: Duration) -> bool {
        let read = tokio::time::timeout(bound, self.stream.read_buf(&mut self.buffer)).await;
        matches!(read, Ok(Ok(0) | Err(_)))
    }

    async fn read(&mut self) -> usize {
        let read = self.stream.read_buf(&mut self.buffer);
        let read = tokio::time::timeout(TIMEOUT, read).await;
        // A connection that is reset ends as one that is closed.
        read.expect("the other side answers or closes").unwrap_or(0)
    }

    async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length {
            assert_ne!(self.read().await, 0, "the body breaks off");
        }
        self.buffer.drain(..length).collect()
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                if let Some(end) = find(&self.buffer, b"\r\n") {
                    break end;
                }
                assert_ne!(self.read().await, 0, "the body breaks off");
            };
            let line = self.exactly(line_end + 2).await;
            let size = std::str::from_utf8(&line[..line_end]).expect("a size");
            let size = usize::from_str_radix(size, 16).expect("a size");
            let chunk = self.exactly(size + 2).await;
            if size == 0 {
                return body;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn parse_head(head: &str) -> (StatusCode, HeaderMap) {
    let mut lines = head.trim_end().split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5));
    let status = status.unwrap_or_else(|| panic!("no status line: {first}"));
    let status = status.parse().expect("a status");
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').expect("a header");
        let name: HeaderName = name.parse().expect("a name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("a value"));
    }
    (status, headers)
}
