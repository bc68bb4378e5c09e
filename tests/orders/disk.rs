//! A disk that is full, one that cannot be written, and a file that is no database.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use harness::journal::may_unshare;
use harness::skip::skip;
use harness::{Answer, Http, Process, Shop, binary, eventually, file_size};
use serde_json::{Value, json};

/// Longer than any start.
const END_BOUND: Duration = Duration::from_secs(10);

/// Room for an empty store and some orders.
const DISK: &str = "size=4m";

/// Mounts a small disk where the store is, in a namespace of the process's own, then becomes the
/// service.
const ENTER: &str = r#"
    mount -t tmpfs -o "$DISK" tmpfs "$STATE_DIRECTORY" || exit 99
    exec "$0" "$@"
"#;

/// The file of a service's store.
fn file_of(service: &str) -> &'static str {
    match service {
        "order-service" => "orders.db",
        "inventory-service" => "inventory.db",
        "product-service" => "products.db",
        _ => panic!("{service} has no store"),
    }
}

/// Starts a service of the shop on a disk of its own, at the address that it had.
async fn on_a_small_disk(shop: &mut Shop, name: &'static str, disk: &str) -> Process {
    shop.kill(name);
    let process = spawn_on_a_disk(shop, name, disk);
    let http = shop.http(name);
    eventually("the service is up", async || {
        let health = http.try_send(http::Method::GET, "/health", &[], "").await;
        match health {
            Ok(health) if health.status == 200 => Ok(()),
            other => Err((other.is_ok(), process.errors())),
        }
    })
    .await;
    process
}

fn spawn_on_a_disk(shop: &Shop, name: &str, disk: &str) -> Process {
    let mut environment = shop.environment(name);
    environment.push(("DISK", disk.into()));
    let program = binary(name).into_os_string();
    let arguments = ["-rm", "sh", "-c", ENTER].map(OsString::from);
    let arguments = [&arguments[..], &[program]].concat();
    Process::spawn(Path::new("unshare"), name, &arguments, &environment)
}

/// The state folder of a process in another mount namespace.
fn seen_by(process: &Process, folder: &Path) -> PathBuf {
    let inside = folder.strip_prefix("/").expect("an absolute path");
    PathBuf::from(format!("/proc/{}/root", process.id())).join(inside)
}

/// Fills a disk to the last byte; the file that does.
fn fill(folder: &Path) -> PathBuf {
    let path = folder.join("filler");
    let mut file = std::fs::File::create(&path).expect("a file");
    for size in [64 * 1024, 4096, 1] {
        let block = vec![b'x'; size];
        while file.write_all(&block).is_ok() {}
    }
    path
}

fn assert_unavailable(answer: &Answer) {
    answer.problem(503);
    let seconds = answer.header("retry-after").expect("a time to try again");
    assert!(
        (1..=60).contains(&seconds.parse().unwrap_or(0)),
        "{seconds}"
    );
}

/// Writes until the disk refuses, as it must after a few at most; those answers that it took.
/// What is left in the last page may do for a smaller write, so it is done again and again until
/// nothing is taken any more.
async fn until_refused(write: impl AsyncFn() -> Answer) -> Vec<Answer> {
    let (mut taken, mut refused, mut unknown) = (Vec::new(), 0, 0);
    while refused < 5 {
        let answer = write().await;
        if answer.status == 503 {
            assert_unavailable(&answer);
            refused += 1;
        } else if answer.status == 502 {
            // The first commit after a disk became read-only is an I/O error, and may stand; what
            // comes after it is refused before anything is written.
            let detail = answer.problem(502)["detail"].to_string();
            assert!(detail.contains("outcome is unknown"), "{detail}");
            unknown += 1;
            assert_eq!(unknown, 1, "{detail}");
            refused += 1;
        } else {
            assert!(answer.status.is_success(), "{answer:?}");
            taken.push(answer);
            refused = 0;
        }
        assert!(taken.len() < 1000, "the disk takes everything");
    }
    taken
}

/// `/health` says that the store is what fails.
async fn is_down(service: &Http) {
    let health = eventually("the health is down", async || {
        let health = service.get("/health").await;
        if health.status == 503 {
            Ok(health)
        } else {
            Err(health)
        }
    })
    .await;
    let health = health.json();
    assert_eq!(
        health,
        json!({ "status": "DOWN", "components": { "store": { "status": "DOWN" } } })
    );
}

async fn is_up(service: &Http) {
    eventually("the health is up", async || {
        let health = service.get("/health").await;
        if health.status == 200 {
            Ok(())
        } else {
            Err(health)
        }
    })
    .await;
    assert_eq!(
        service.get("/health").await.json(),
        json!({ "status": "UP" })
    );
}

/// An event of level ERROR says what is wrong with the store, once the log's own thread has written it.
async fn is_told(process: &Process, words: &[&str]) {
    eventually("a line tells what is wrong", async || {
        let log = process.log();
        let told = log.iter().any(|line| {
            let message = line["message"].as_str().unwrap_or_default();
            line["level"] == "ERROR"
                && message.contains("store")
                && words.iter().any(|word| message.contains(word))
        });
        if told { Ok(()) } else { Err(log) }
    })
    .await;
}

fn ids(orders: &[Value]) -> Vec<&str> {
    orders
        .iter()
        .filter_map(|order| order["id"].as_str())
        .collect()
}

/// Stock and orders agree when nothing is pending any more.
async fn assert_settled(shop: &Shop, start: u64) {
    let orders = eventually("no order is pending", async || {
        let orders = shop.orders().await;
        let pending = orders.iter().any(|order| order["status"] == "PENDING");
        if pending { Err(orders) } else { Ok(orders) }
    })
    .await;
    let created = orders.iter().filter(|order| order["status"] == "CREATED");
    let sold: u64 = created.filter_map(|order| order["quantity"].as_u64()).sum();
    assert_eq!(shop.stock("product1").await + sold, start);
}

/// The order service on a disk that fails and heals: `break_it` and `heal` do it.
async fn orders_survive(
    shop: &Shop,
    process: &mut Process,
    break_it: impl FnOnce(),
    heal: impl FnOnce(),
    words: &[&str],
) {
    let (orders, start) = (shop.http("order-service"), shop.stock("product1").await);
    let before = shop.buy("product1", 1).await;
    assert_eq!(before.status, 201);
    break_it();
    let key = [("idempotency-key", "patient")];
    let wish = json!({ "productId": "product1", "quantity": 1 });
    let taken = until_refused(async || shop.buy("product1", 1).await).await;
    is_down(&orders).await;
    assert_unavailable(&shop.gateway().post_with("/api/orders", &key, &wish).await);
    is_told(process, words).await;
    // Whoever reads does not notice.
    let location = before.header("location").expect("a Location");
    assert_eq!(shop.gateway().get(location).await.json(), before.json());
    let listed = shop.orders().await;
    for order in taken.iter().chain([&before]) {
        let order = order.json();
        let id = order["id"].as_str().expect("an id");
        assert!(ids(&listed).contains(&id), "{order} is lost");
    }

    heal();
    is_up(&orders).await;
    let patient = shop.gateway().post_with("/api/orders", &key, &wish).await;
    assert_eq!(patient.status, 201, "{patient:?}");
    for _ in 0..10 {
        assert_eq!(shop.buy("product1", 1).await.status, 201, "it stays well");
    }
    assert_settled(shop, start).await;
    let listed = shop.orders().await;
    for order in taken.iter().chain([&before, &patient]) {
        let order = order.json();
        let id = order["id"].as_str().expect("an id");
        assert!(ids(&listed).contains(&id), "{order} is lost");
    }
    assert!(
        process.terminate(END_BOUND).success(),
        "no restart was needed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_service_survives_a_full_disk() {
    if let Err(why) = may_unshare() {
        return skip("the_order_service_survives_a_full_disk", &why);
    }
    let mut shop = Shop::start();
    let mut process = on_a_small_disk(&mut shop, "order-service", DISK).await;
    let folder = seen_by(&process, &shop.state("order-service"));
    orders_survive(
        &shop,
        &mut process,
        || drop(fill(&folder)),
        || std::fs::remove_file(folder.join("filler")).expect("the file"),
        &["full"],
    )
    .await;
}

/// How many writes a storm is.
const STORM: u64 = 1000;

/// The lines that say that the store could not commit: how many there are, and for how many failures
/// they stand.
fn failed_commits(process: &Process) -> (usize, u64) {
    let log = process.log();
    let told = log.iter().filter(|line| {
        let message = line["message"].as_str().unwrap_or_default();
        message.contains("the store could not commit")
    });
    let failures = told
        .clone()
        .map(|line| line["repeated"].as_u64().unwrap_or(1));
    (told.count(), failures.sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_failed_commits_is_a_few_lines_that_tell_their_exact_number() {
    if let Err(why) = may_unshare() {
        return skip("a_storm_of_failed_commits", &why);
    }
    let mut shop = Shop::start();
    let mut process = on_a_small_disk(&mut shop, "product-service", DISK).await;
    let products = shop.http("product-service");
    fill(&seen_by(&process, &shop.state("product-service")));
    let refused = AtomicU64::new(0);
    let write = async || {
        let product = json!({ "name": "A", "price": 1 });
        let answer = products.post("/products", &product).await;
        refused.fetch_add(u64::from(!answer.status.is_success()), Ordering::Relaxed);
        answer
    };
    until_refused(write).await;
    for _ in 0..STORM {
        assert_unavailable(&write().await);
    }
    assert!(process.terminate(END_BOUND).success());
    let (lines, failures) = failed_commits(&process);
    assert_eq!(failures, refused.into_inner(), "{lines} lines");
    // 11 in each second that the storm took, and that is some.
    assert!(lines < 500, "{lines} lines");
    // The requests are told of one by one, all the same.
    let log = process.log();
    let answered = log.iter().filter(|line| line["status"] == 503);
    assert!(answered.count() as u64 >= STORM);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_removed_is_told_and_takes_no_order() {
    let shop = Shop::start();
    let orders = shop.http("order-service");
    let (place, away) = (shop.state("order-service"), shop.state("away"));
    std::fs::rename(&place, &away).expect("the folder goes away");
    is_down(&orders).await;
    assert_unavailable(&shop.buy("product1", 1).await);
    assert_eq!(shop.stock("product1").await, 100);
    std::fs::rename(&away, &place).expect("the folder comes back");
    is_up(&orders).await;
    assert_eq!(shop.buy("product1", 1).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_commit_fails_is_502_since_nobody_knows_whether_it_stands() {
    let mut shop = Shop::start();
    let process = file_size::start_limitable(&mut shop, "order-service").await;
    let wish = json!({ "productId": "product1", "quantity": 1 });
    let buy = async |key: &[(&str, &str)]| {
        let gateway = shop.gateway();
        gateway.post_with("/api/orders", key, &wish).await
    };
    let key = [("idempotency-key", "patient")];
    file_size::limit(&process, Some(0));
    for (key, advice) in [(&key[..], "same Idempotency-Key"), (&[], "list of orders")] {
        let answer = buy(key).await;
        let detail = answer.problem(502)["detail"].to_string();
        for words in ["outcome is unknown", advice] {
            assert!(detail.contains(words), "{words}: {detail}");
        }
        assert_eq!(answer.header("retry-after"), None);
    }
    is_down(&shop.http("order-service")).await;
    assert_eq!(shop.orders().await, Vec::<Value>::new(), "reads go on");
    assert_eq!(shop.stock("product1").await, 100, "it is not driven");

    file_size::limit(&process, None);
    is_up(&shop.http("order-service")).await;
    let order = buy(&key).await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(buy(&key).await.json(), order.json());
    assert_eq!(shop.orders().await.len(), 1);
    assert_settled(&shop, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inventory_service_survives_a_full_disk_and_its_orders_wait() {
    if let Err(why) = may_unshare() {
        return skip("the_inventory_service_survives_a_full_disk", &why);
    }
    let mut shop = Shop::start();
    let mut process = on_a_small_disk(&mut shop, "inventory-service", DISK).await;
    let inventory = shop.http("inventory-service");
    assert_eq!(shop.buy("product1", 1).await.status, 201);
    let filler = fill(&seen_by(&process, &shop.state("inventory-service")));
    let body = json!({ "quantity": 7 });
    until_refused(async || shop.gateway().put("/api/inventory/product2", &body).await).await;
    is_down(&inventory).await;
    is_told(&process, &["full"]).await;
    assert_eq!(shop.stock("product1").await, 99);
    // The order is stored by then; whether its pieces can be taken shows later.
    let pending = shop.buy("product1", 3).await;
    assert_eq!(pending.status, 202, "{pending:?}");
    assert_eq!(shop.stock("product1").await, 99);

    std::fs::remove_file(filler).expect("the file");
    is_up(&inventory).await;
    assert_settled(&shop, 100).await;
    assert_eq!(shop.stock("product1").await, 96);
    assert_eq!(shop.buy("product1", 1).await.status, 201);
    assert!(
        process.terminate(END_BOUND).success(),
        "no restart was needed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_product_service_survives_a_full_disk() {
    if let Err(why) = may_unshare() {
        return skip("the_product_service_survives_a_full_disk", &why);
    }
    let mut shop = Shop::start();
    let mut process = on_a_small_disk(&mut shop, "product-service", DISK).await;
    let products = shop.http("product-service");
    let filler = fill(&seen_by(&process, &shop.state("product-service")));
    let product = json!({ "name": "New", "price": 1.5 });
    let add = async || shop.gateway().post("/api/products", &product).await;
    let taken = until_refused(add).await;
    is_down(&products).await;
    is_told(&process, &["full"]).await;
    let listed = products.get("/products").await.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(3 + taken.len()));
    assert_eq!(shop.buy("product1", 1).await.status, 201, "orders go on");
    std::fs::remove_file(filler).expect("the file");
    is_up(&products).await;
    assert_eq!(add().await.status, 201);
    assert!(
        process.terminate(END_BOUND).success(),
        "no restart was needed"
    );
}

/// Takes the permission to write these files away, also from whoever holds them open, or gives it
/// back. A kernel does not make a disk read-only on which files are open for writing; a disk that
/// becomes so by a fault looks the same to the service.
fn set_immutable(files: &[PathBuf], immutable: bool) -> bool {
    let flag = if immutable { "+i" } else { "-i" };
    let chattr = Command::new("chattr").arg(flag).args(files).output();
    chattr.is_ok_and(|output| output.status.success())
}

/// Whether this user, on this file system, can take the permission from an open file.
fn may_forbid_writing(folder: &Path) -> Result<(), String> {
    let path = folder.join("probe");
    let mut file = std::fs::File::create(&path).map_err(|error| error.to_string())?;
    let files = [path];
    if !set_immutable(&files, true) {
        return Err("chattr +i is refused; it takes root on ext4 or XFS".to_owned());
    }
    let written = file.write_all(b"x");
    assert!(set_immutable(&files, false), "what was done can be undone");
    match written {
        Ok(()) => Err("this file system lets an open file be written after chattr +i".to_owned()),
        Err(_) => Ok(()),
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("a folder");
    files.map(|file| file.expect("a file").path()).collect()
}

/// Files that cannot be written, and can again at the end also when the test fails: or the folder
/// could never be removed.
struct Forbidden(Vec<PathBuf>);

impl Drop for Forbidden {
    fn drop(&mut self) {
        set_immutable(&self.0, false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_service_survives_a_disk_that_becomes_read_only() {
    let mut shop = Shop::start();
    if let Err(why) = may_forbid_writing(shop.folder()) {
        return skip(
            "the_order_service_survives_a_disk_that_becomes_read_only",
            &why,
        );
    }
    let name = "order-service";
    shop.kill(name);
    let mut process = Process::start(name, &shop.environment(name));
    let files = Forbidden(files_in(&shop.state(name)));
    assert_eq!(files.0.len(), 2, "the database and its log: {:?}", files.0);
    orders_survive(
        &shop,
        &mut process,
        || assert!(set_immutable(&files.0, true)),
        || assert!(set_immutable(&files.0, false)),
        &["readonly", "I/O error"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_had_read_nothing_survives_a_disk_that_becomes_read_only() {
    let mut shop = Shop::start();
    let name = "product-service";
    if let Err(why) = may_forbid_writing(shop.folder()) {
        return skip(
            "a_service_that_had_read_nothing_survives_a_disk_that_becomes_read_only",
            &why,
        );
    }
    shop.kill(name);
    let mut process = Process::start(name, &shop.environment(name));
    let files = Forbidden(files_in(&shop.state(name)));
    let products = shop.http(name);
    let product = json!({ "name": "New", "price": 1.5 });
    let add = async || shop.gateway().post("/api/products", &product).await;

    assert!(set_immutable(&files.0, true));
    until_refused(add).await;
    is_down(&products).await;
    is_told(&process, &["readonly"]).await;
    assert_eq!(products.get("/products/product1").await.status, 200);
    assert_eq!(products.get("/products").await.status, 200);
    is_down(&products).await;

    assert!(set_immutable(&files.0, false));
    is_up(&products).await;
    assert_eq!(add().await.status, 201);
    assert!(
        process.terminate(END_BOUND).success(),
        "no restart was needed"
    );
}

/// A service that cannot use its store does not start, and says why in one line.
fn assert_does_not_start(mut process: Process, named: &[&str]) {
    let status = process.wait(END_BOUND);
    let errors = process.errors();
    assert_eq!(status.code(), Some(74), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(
        errors.starts_with(&format!("{}: ", process.name())),
        "{errors}"
    );
    for word in named {
        assert!(errors.contains(word), "no {word} in: {errors}");
    }
    let log = process.log();
    let told = log.iter().filter(|line| line["level"] == "ERROR").count();
    assert_eq!(told, 1, "{log:?}");
    assert!(
        log.iter().all(|line| line["address"].is_null()),
        "it never listened: {log:?}"
    );
}

#[test]
fn a_service_does_not_start_on_a_read_only_disk() {
    if let Err(why) = may_unshare() {
        return skip("a_service_does_not_start_on_a_read_only_disk", &why);
    }
    let mut shop = Shop::start();
    for name in ["order-service", "inventory-service", "product-service"] {
        shop.kill(name);
        let process = spawn_on_a_disk(&shop, name, "ro");
        assert_does_not_start(process, &["store", file_of(name)]);
        // Nothing else was wrong.
        shop.start_service(name);
    }
}

/// Two processes on one store would settle each other's orders.
#[test]
fn a_store_belongs_to_one_process() {
    let mut shop = Shop::start();
    for name in ["order-service", "inventory-service", "product-service"] {
        let mut environment = shop.environment(name);
        environment.push(("PORT", "0".into()));
        let second = Process::spawn(&binary(name), name, &[], &environment);
        assert_does_not_start(second, &["locked", file_of(name)]);
        // Whoever takes over from one that was killed does not wait for its locks.
        shop.kill(name);
        shop.start_service(name);
    }
}

#[test]
fn a_service_does_not_start_on_a_file_that_is_no_database_and_leaves_it_alone() {
    let mut shop = Shop::start();
    let noise: Vec<u8> = (0..20_000_u32).map(|n| (n * 31 % 251) as u8).collect();
    for name in ["order-service", "inventory-service", "product-service"] {
        shop.kill(name);
        let file = shop.state(name).join(file_of(name));
        let sound = std::fs::read(&file).expect("a file");
        // Something else altogether, and a database whose first page is gone.
        let torn = [vec![0; 4096], sound[4096..].to_vec()].concat();
        for damaged in [&noise, &torn] {
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(
                    shop.state(name).join(format!("{}{suffix}", file_of(name))),
                );
            }
            std::fs::write(&file, damaged).expect("written");
            let process = Process::spawn(&binary(name), name, &[], &shop.environment(name));
            assert_does_not_start(process, &["damaged", file_of(name), "move it away"]);
            assert_eq!(&std::fs::read(&file).expect("a file"), damaged);
        }
        // As the line says: moved away, a new one is begun.
        std::fs::remove_file(&file).expect("removed");
        shop.start_service(name);
    }
}

/// Damage in one table shows when a row of it is read, and not when the file is opened.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_meets_damage_in_its_file_is_unhealthy() {
    let mut shop = Shop::start();
    let name = "product-service";
    let file = shop.state(name).join(file_of(name));
    let pages = || std::fs::metadata(&file).map_or(0, |found| found.len() / 4096);
    let products = shop.http(name);
    let product = json!({ "name": "New", "price": 1.5 });
    // SQLite moves the pages from the log to the file when the log has a thousand of them.
    let mut added = 0;
    while pages() < 2 {
        assert_eq!(products.post("/products", &product).await.status, 201);
        added += 1;
        assert!(added < 2000, "the log grows without end");
    }
    shop.kill(name);
    std::fs::remove_file(shop.state(name).join("products.db-wal")).expect("the log");
    let mut bytes = std::fs::read(&file).expect("a file");
    // The root of the products; the page that the health check writes to is sound.
    bytes[4096..8192].fill(b'x');
    std::fs::write(&file, bytes).expect("written");
    shop.start_service(name);
    let products = shop.http(name);
    is_up(&products).await;
    // A fault that another try does not mend.
    products.get("/products").await.problem(500);
    is_down(&products).await;
    // It goes on to answer, so that somebody can look.
    assert_eq!(products.get("/metrics").await.status, 200);
}
