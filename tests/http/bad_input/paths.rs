//! Paths and methods that are not offered, and the tricks that are played with them.

use harness::unharmed::assert_unharmed;
use harness::{Raw, Shop, ShopOptions};

use super::{addresses, ask, get};

/// What stands in a path where an id should be, and is none.
const NO_IDS: [&[u8]; 26] = [
    b"..",
    b"../health",
    b"../../health",
    b"%2e%2e",
    b"%2e%2e/health",
    b"..%2fhealth",
    b"%2e%2e%2fhealth",
    b".%2e/health",
    b"%252e%252e%252fhealth",
    b"..%5chealth",
    b"product1/",
    b"product1//",
    b"/product1",
    b"product1%2f",
    b"product1%2f..",
    b"product1\\..",
    b"product1;a=b",
    b"product1%00",
    b"product1%20",
    b"product1%0d%0aX-Evil:%201",
    b"%00",
    b"%ff%fe",
    b"%c0%af",
    b"%EF%BC%8E",
    b"%",
    b"%zz",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_trick_in_a_path_leads_anywhere_else() {
    let shop = Shop::start();
    for (door, service) in [
        ("product-service", "/products"),
        ("inventory-service", "/inventory"),
        ("order-service", "/orders"),
        ("gateway-service", "/api/products"),
        ("gateway-service", "/api/inventory"),
        ("gateway-service", "/api/orders"),
        ("frontend", "/api/products"),
        ("frontend", "/api/inventory"),
        ("frontend", "/api/orders"),
    ] {
        let address = shop.http(door).address();
        let below = NO_IDS.map(|id| [service.as_bytes(), b"/", id].concat());
        let (before, last) = service.rsplit_once('/').expect("a path");
        let beside = [
            format!("{before}//{last}"),
            format!("{before}/./{last}"),
            format!("{before}/x/../{last}"),
            format!("{before}/{}", last.to_uppercase()),
            format!("{before}/{last}%2e"),
            format!("{before}/{last}%00"),
            format!("{before}/{last};x"),
            format!("{before}/%2f{last}"),
        ];
        let beside = beside.into_iter().map(String::into_bytes);
        for target in below.into_iter().chain(beside) {
            let shown = String::from_utf8_lossy(&target).into_owned();
            let answer = get(address, &target).await;
            let answer = answer.unwrap_or_else(|| panic!("{door} {shown} was not answered"));
            assert_eq!(answer.status, 404, "{door} {shown}: {answer:?}");
            answer.problem(404);
            assert!(answer.headers.get("x-evil").is_none(), "{door} {shown}");
        }
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_only_is_not_reached_by_another_spelling() {
    let shop = Shop::start();
    for door in ["gateway-service", "frontend"] {
        let address = shop.http(door).address();
        for path in [
            "check",
            "%63heck",
            "chec%6b",
            "reservations",
            "%72eservations",
            "reservations/o",
            "reservations%2fo",
        ] {
            for method in ["GET", "PUT", "HEAD", "POST", "DELETE"] {
                let body = r#"{"productId":"product1","orderId":"o","quantity":1}"#;
                let length = body.len();
                let request = format!(
                    "{method} /api/inventory/{path} HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
                );
                let mut raw = Raw::connect(address).await;
                raw.send(request).await.expect("sent");
                let answer = raw.answer_to(method).await.expect("an answer");
                // To the router another spelling may be the id of a shelf, which has no such
                // method.
                let like_a_shelf = path.contains('%')
                    && answer.status == 405
                    && answer.header("allow") == Some("GET,HEAD,PUT");
                assert!(
                    answer.status == 404 || like_a_shelf,
                    "{method} {path}: {answer:?}"
                );
            }
        }
    }
    assert_eq!(shop.stock("product1").await, 100);
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_beside_the_page_stay_where_they_are() {
    let secret = "only for those inside";
    let folder = tempfile::tempdir().expect("a folder");
    let assets = folder.path().join("dist");
    std::fs::create_dir_all(assets.join("assets")).expect("a folder");
    std::fs::write(folder.path().join("secret.txt"), secret).expect("a file");
    std::fs::write(folder.path().join("secret"), secret).expect("a file");
    std::fs::write(assets.join("index.html"), "the page").expect("a file");
    let shop = Shop::with(ShopOptions {
        assets: Some(assets),
        ..ShopOptions::default()
    });
    for target in [
        "/../secret.txt",
        "/../secret",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/.%2e/secret",
        "/....//secret.txt",
        "//secret.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/..\\..\\secret.txt",
        "/assets//../secret.txt",
        "/assets/",
        "/assets",
        "/assets/%00",
        "/%00.txt",
        "/index.html%00.js",
        "/traces/../secret.txt",
        "/traces/%2e%2e%2f%2e%2e%2fhealth",
        "/traces/00000000000000000000000000000000",
        "/traces/4BF92F3577B34DA6A3CE929D0E0E4736",
        "/traces/zz",
    ] {
        let answer = get(shop.frontend().address(), target.as_bytes()).await;
        let answer = answer.expect("an answer");
        let page = answer.body == "the page";
        assert!(page || answer.status == 404, "{target}: {answer:?}");
        let body = String::from_utf8_lossy(&answer.body);
        assert!(!body.contains(secret), "{target} shows what it must not");
    }
    assert_unharmed(shop, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_no_uri_is_refused() {
    let mut shop = Shop::start();
    let targets: [&[u8]; 12] = [
        b"/\xff",
        b"/\xc3\xa9",
        b"/a b",
        b"/\x01",
        b"/\x7f",
        b"\\",
        b"",
        b"x",
        b"http://",
        b"http:///",
        b"?",
        b"#",
    ];
    for (name, address) in addresses(&mut shop) {
        for target in targets {
            let Some(answer) = get(address, target).await else {
                continue; // closed, which is an answer too
            };
            // The shop of this test has no page, which the frontend says of its front page.
            let no_page = name == "frontend" && answer.status == 503;
            let refused = matches!(answer.status.as_u16(), 400 | 404);
            let shown = String::from_utf8_lossy(target);
            assert!(refused || no_page, "{name} {shown}: {answer:?}");
        }
    }
    assert_unharmed(shop, &[503]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_a_path_does_not_offer_is_405_with_allow() {
    let mut shop = Shop::start();
    let paths = [
        ("product-service", "/products", "GET,HEAD,POST"),
        ("product-service", "/products/product1", "GET,HEAD"),
        ("inventory-service", "/inventory", "GET,HEAD"),
        ("inventory-service", "/inventory/product1", "GET,HEAD,PUT"),
        ("inventory-service", "/inventory/check", "POST"),
        ("inventory-service", "/inventory/reservations/o", "DELETE"),
        ("order-service", "/orders", "GET,HEAD,POST"),
        ("order-service", "/orders/o", "GET,HEAD"),
        ("gateway-service", "/api/products", "GET,HEAD,POST"),
        ("gateway-service", "/api/inventory/product1", "GET,HEAD,PUT"),
        ("gateway-service", "/api/openapi.json", "GET,HEAD"),
        ("frontend", "/api/orders", "GET,HEAD,POST"),
        ("frontend", "/config.json", "GET,HEAD"),
        ("frontend", "/otlp/v1/traces", "POST"),
    ];
    for (door, path, allow) in paths {
        let address = shop.http(door).address();
        for method in [
            "OPTIONS",
            "TRACE",
            "PATCH",
            "FOO",
            "get",
            "PROPFIND",
            "X-Y.z!",
            "M".repeat(500).as_str(),
        ] {
            let answer = ask(
                address,
                format!("{method} {path} HTTP/1.1\r\nhost: shop\r\n\r\n"),
            )
            .await
            .expect("an answer");
            answer.problem(405);
            let mut given: Vec<_> = answer
                .header("allow")
                .expect("Allow")
                .split(',')
                .map(str::trim)
                .collect();
            given.sort_unstable();
            assert_eq!(given.join(","), allow, "{method} {path}");
        }
    }
    for (name, address) in addresses(&mut shop) {
        for line in [
            "OPTIONS * HTTP/1.1",
            "CONNECT shop:80 HTTP/1.1",
            "CONNECT / HTTP/1.1",
            "GET * HTTP/1.1",
            "DELETE http://shop/health HTTP/1.1",
        ] {
            let answer = ask(address, format!("{line}\r\nhost: shop\r\n\r\n")).await;
            let status = answer.map_or(400, |answer| answer.status.as_u16());
            assert!(matches!(status, 400 | 404 | 405), "{name} {line}: {status}");
        }
    }
    // Words of a client's own never become a label or a name.
    for (name, _) in addresses(&mut shop) {
        let metrics = shop.http(&name).get("/metrics").await;
        let text = String::from_utf8_lossy(&metrics.body).into_owned();
        assert!(
            !text.contains("FOO") && !text.contains("PROPFIND"),
            "{name}"
        );
    }
    assert_unharmed(shop, &[]).await;
}
