//! Two services that speak to each other, each with files of its own.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use authority::{Authority, publish};
use clap::Parser;
use identity::{Identity, IdentityArgs, StartError};
use telemetry::metrics::Metrics;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const DOMAIN: &str = "shop.test";
const HOUR: Duration = Duration::from_hours(1);
/// More than the services look for renewed files once a second.
const LOOKS: Duration = Duration::from_secs(4);

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    identity: IdentityArgs,
}

/// A host with an authority.
struct Host {
    authority: Authority,
    files: TempDir,
}

impl Host {
    fn new() -> Self {
        Self {
            authority: authority(),
            files: TempDir::new().expect("a folder"),
        }
    }

    fn issue(&self, service: &str) {
        self.issue_at(service, DOMAIN, SystemTime::now());
    }

    fn issue_at(&self, service: &str, domain: &str, now: SystemTime) {
        let issued = self
            .authority
            .issue(domain, service, HOUR, now)
            .expect("it can be made");
        publish(self.files.path(), service, [&self.authority], &issued).expect("it can be made");
    }

    async fn service(&self, service: &str) -> Service {
        self.issue(service);
        start(&self.files.path().join(service))
            .await
            .expect("it can be made")
    }
}

fn authority() -> Authority {
    Authority::new(DOMAIN, 10 * HOUR, SystemTime::now()).expect("it can be made")
}

struct Service {
    identity: Identity,
    metrics: Metrics,
}

async fn start(files: &Path) -> Result<Service, StartError> {
    let files = files.to_str().expect("it can be made");
    let args = ["test", "--identity=files", "--trust-domain", DOMAIN];
    let args = Args::parse_from(args.into_iter().chain(["--identity-directory", files]));
    let metrics = Metrics::new("test", "1").expect("it can be made");
    let (identity, follow) = Identity::start(&args.identity, &metrics)
        .await?
        .expect("one is asked for");
    tokio::spawn(follow);
    Ok(Service { identity, metrics })
}

/// A connection of `client` to what it believes to be `peer`; who the server says has called.
async fn call(
    client: &Identity,
    peer: &'static str,
    server: &Identity,
) -> (io::Result<()>, io::Result<String>) {
    let (near, far) = duplex(4096);
    let client = async {
        let mut stream = connect(client, near, peer).await?;
        stream.write_all(b"hello").await?;
        // In TLS 1.3 a client learns only by an answer whether it is believed.
        let mut answer = [0];
        stream.read_exact(&mut answer).await.map(drop)
    };
    let server = async {
        let (mut stream, caller) = server.accept(far).await?;
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await?;
        stream.write_all(b"!").await?;
        Ok(caller.to_string())
    };
    tokio::join!(client, server)
}

async fn connect(
    client: &Identity,
    stream: DuplexStream,
    peer: &'static str,
) -> io::Result<TlsStream<DuplexStream>> {
    let peer = peer.try_into().expect("it can be made");
    TlsConnector::from(client.client())
        .connect(peer, stream)
        .await
}

#[tokio::test]
async fn each_side_knows_the_other() {
    let host = Host::new();
    let (order, inventory) = (
        host.service("order-service").await,
        host.service("inventory-service").await,
    );
    // The second connection resumes the session of the first.
    for _ in 0..2 {
        let (client, server) =
            call(&order.identity, "inventory-service", &inventory.identity).await;
        client.unwrap();
        assert_eq!(server.unwrap(), "spiffe://shop.test/order-service");
    }
}

#[tokio::test]
async fn a_service_that_is_not_the_one_asked_for_gets_no_request() {
    let host = Host::new();
    let (order, product) = (
        host.service("order-service").await,
        host.service("product-service").await,
    );
    let (client, server) = call(&order.identity, "inventory-service", &product.identity).await;
    let error = client.unwrap_err().to_string();
    assert!(error.contains("NotValidForName"), "{error}");
    server.unwrap_err();
}

#[tokio::test]
async fn a_foreign_authority_is_refused_on_both_sides() {
    let (host, elsewhere) = (Host::new(), Host::new());
    let (order, inventory) = (
        host.service("order-service").await,
        host.service("inventory-service").await,
    );
    let foreign = elsewhere.service("order-service").await;
    let (client, server) = call(&foreign.identity, "inventory-service", &inventory.identity).await;
    client.unwrap_err();
    server.unwrap_err();
    let foreign = elsewhere.service("inventory-service").await;
    let (client, server) = call(&order.identity, "inventory-service", &foreign.identity).await;
    client.unwrap_err();
    server.unwrap_err();
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_refused() {
    let host = Host::new();
    let inventory = host.service("inventory-service").await;
    host.issue_at("order-service", DOMAIN, SystemTime::now() - 2 * HOUR);
    let order = start(&host.files.path().join("order-service"))
        .await
        .unwrap();
    let (client, server) = call(&order.identity, "inventory-service", &inventory.identity).await;
    client.unwrap_err();
    let error = server.unwrap_err().to_string();
    assert!(error.contains("expired"), "{error}");
}

#[tokio::test]
async fn another_trust_domain_of_the_same_authority_is_no_identity() {
    let host = Host::new();
    host.issue_at("order-service", "elsewhere.test", SystemTime::now());
    let error = start(&host.files.path().join("order-service"))
        .await
        .map(drop)
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("elsewhere.test"), "{error}");
}

#[tokio::test]
async fn plain_http_is_refused() {
    let inventory = Host::new().service("inventory-service").await;
    let (mut near, far) = duplex(4096);
    near.write_all(b"GET /inventory HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let refused = inventory.identity.accept::<DuplexStream>(far).await;
    assert!(refused.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_renewed_identity_is_taken_up_and_open_connections_go_on() {
    let host = Host::new();
    let (order, inventory) = (
        host.service("order-service").await,
        host.service("inventory-service").await,
    );
    let (near, far) = duplex(4096);
    let (near, far) = tokio::join!(
        connect(&order.identity, near, "inventory-service"),
        inventory.identity.accept(far)
    );
    let (mut near, (mut far, _)) = (near.unwrap(), far.unwrap());
    let before = inventory.identity.expires();
    host.issue_at("inventory-service", DOMAIN, SystemTime::now() + HOUR / 2);
    tokio::time::sleep(LOOKS).await;
    assert!(inventory.identity.expires() > before);
    let text = String::from_utf8(inventory.metrics.render(None).body).unwrap();
    assert!(
        text.contains("identity_renewals_total{result=\"renewed\"} 1"),
        "{text}"
    );
    near.write_all(b"still here").await.unwrap();
    let mut read = [0; 10];
    far.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"still here");
}

#[tokio::test(start_paused = true)]
async fn files_that_do_not_fit_together_change_nothing_until_they_do() {
    let host = Host::new();
    let inventory = host.service("inventory-service").await;
    let before = inventory.identity.expires();
    let key = host.files.path().join("inventory-service/key.pem");
    let others = host
        .authority
        .issue(DOMAIN, "inventory-service", HOUR, SystemTime::now());
    fs::remove_file(&key).unwrap();
    fs::write(&key, others.unwrap().key).unwrap();
    tokio::time::sleep(LOOKS).await;
    assert_eq!(inventory.identity.expires(), before);
    let text = String::from_utf8(inventory.metrics.render(None).body).unwrap();
    assert!(
        text.contains("identity_renewals_total{result=\"refused\"} 1"),
        "{text}"
    );
    host.issue_at("inventory-service", DOMAIN, SystemTime::now() + HOUR / 2);
    tokio::time::sleep(LOOKS).await;
    assert!(inventory.identity.expires() > before);
}

#[tokio::test]
async fn without_files_the_error_names_the_one_that_is_missing() {
    let folder = TempDir::new().unwrap();
    let error = start(folder.path())
        .await
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(error.contains("certificate.pem"), "{error}");
}
