//! As a unit of systemd: ready, status, stopping (sd_notify(3)).

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::generator::{Generator, command};
use crate::stand_in::StandIn;

fn wait_for(socket: &UnixDatagram, word: &str) -> String {
    let mut buffer = [0; 4096];
    loop {
        let length = socket
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("{word}: {error}"));
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.contains(word) {
            return text;
        }
    }
}

#[test]
fn systemd_is_notified_of_the_beginning_and_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let shop = StandIn::good();
    let generator = Generator::spawn(command(&shop).arg("--forever").env("NOTIFY_SOCKET", &path));
    let ready = wait_for(&socket, "READY=1");
    assert!(
        ready.contains("STATUS=10 users at http://127.0.0.1:"),
        "{ready}"
    );
    generator.signal(rustix::process::Signal::TERM);
    wait_for(&socket, "STOPPING=1");
    assert_eq!(generator.end().code, 0);
}
