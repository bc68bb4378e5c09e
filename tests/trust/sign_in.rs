//! How people sign in at the page: against a real provider, as a browser does it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use harness::foreign::free_address;
use harness::provider::{PASSWORD, SECRET, path_of};
use harness::{
    Answer, Http, Issuer, Maker, Provider, Receiver, ReceiverMode, Scrape, Shop, ShopOptions,
    eventually,
};
use http::Method;
use serde_json::{Value, json};

/// Nobody waits for the end of such a token.
const LONG: Duration = Duration::from_mins(10);

/// Such a token ends while a test waits.
const SHORT: Duration = Duration::from_secs(6);

/// Makes a test of each function, at each maker's provider.
macro_rules! at_each_provider {
    ($($test:ident)*) => {
        mod at_dex {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(super::Maker::Dex).await;
            })*
        }
        mod at_oidc_provider_over_https {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(super::Maker::OidcProvider).await;
            })*
        }
    };
}

at_each_provider! {
    a_person_signs_in_buys_sees_the_own_order_only_and_signs_out
    a_second_frontend_server_knows_the_session_and_one_with_another_secret_does_not
    a_session_outlives_its_token_and_ends_when_the_provider_says_so
    a_sign_in_that_was_tampered_with_comes_to_nothing
}

/// A shop with a page at `origin`, whose people sign in at an issuer.
struct Signed {
    shop: Shop,
    origin: String,
}

impl Signed {
    fn start(issuer: &str, public: u16, otlp: Option<String>) -> Self {
        Self::with(issuer, None, public, otlp)
    }

    /// At a provider whose certificate is believed, where it has one.
    fn at(provider: &Provider, public: u16, otlp: Option<String>) -> Self {
        Self::with(provider.issuer(), provider.certificate(), public, otlp)
    }

    fn with(issuer: &str, ca: Option<&Path>, public: u16, otlp: Option<String>) -> Self {
        let mut environment = vec![
            ("OIDC_ISSUER", issuer.to_owned()),
            ("OIDC_CUSTOMERS", "customer".to_owned()),
            ("REQUIRE_PERSON", "1".to_owned()),
        ];
        environment.extend(ca.map(|ca| ("OIDC_CA_FILE", ca.display().to_string())));
        let mut shop = Shop::with(ShopOptions {
            environment,
            otlp,
            without_frontend: true,
            ..ShopOptions::default()
        });
        let origin = format!("http://127.0.0.1:{public}");
        start_frontend(&mut shop, &origin, public);
        Self { shop, origin }
    }

    fn browser(&self) -> Browser {
        Browser {
            http: self.shop.frontend(),
            origin: self.origin.clone(),
            cookies: BTreeMap::new(),
        }
    }
}

fn start_frontend(shop: &mut Shop, origin: &str, port: u16) {
    let secret = shop.folder().join("client-secret");
    std::fs::write(&secret, SECRET).expect("a file");
    let mut environment: Vec<(&'static str, OsString)> = shop.environment("frontend");
    environment.retain(|(name, _)| *name != "PORT");
    environment.push(("PORT", port.to_string().into()));
    environment.push(("PUBLIC_URL", origin.into()));
    environment.push(("OIDC_CLIENT_SECRET_FILE", secret.into()));
    shop.start_service_with("frontend", &environment);
}

/// What of a browser matters here: its cookies, and what it says of where a request comes from.
#[derive(Clone)]
struct Browser {
    http: Http,
    origin: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn send(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        let cookies = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let origin = self.origin.clone();
        let mut headers = vec![
            ("sec-fetch-site", "same-origin"),
            ("origin", origin.as_str()),
        ];
        if !cookies.is_empty() {
            headers.push(("cookie", &cookies));
        }
        let body = if body.is_null() {
            String::new()
        } else {
            headers.push(("content-type", "application/json"));
            body.to_string()
        };
        let answer = self.http.send(method, path, &headers, body).await;
        self.keep(&answer);
        answer
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &Value::Null).await
    }

    /// Keeps the cookies of an answer, each of which has to be one that no script and no other host has.
    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().expect("a text");
            let (name, rest) = line.split_once('=').expect("a name");
            let (value, attributes) = rest.split_once(';').expect("attributes");
            assert!(name.starts_with("__Host-"), "{line}");
            for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age="] {
                assert!(attributes.contains(attribute), "{line}");
            }
            assert!(!attributes.contains("Domain"), "{line}");
            // The parts of a token stand between dots, and what is sealed has none.
            assert!(!value.contains('.'), "a token that can be read: {line}");
            assert!(line.len() < 4096, "no browser keeps it");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Begins a sign-in; gives the address of the provider.
    async fn begin(&mut self, back: &str) -> String {
        let answer = self.get(&format!("/auth/login{back}")).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").expect("a location").to_owned()
    }

    /// Signs in; gives where the person comes out.
    async fn sign_in(&mut self, provider: &Provider, name: &str, back: &str) -> String {
        let authorization = self.begin(back).await;
        let answer = provider
            .sign_in(&authorization, &format!("{name}@shop.test"), PASSWORD)
            .await;
        let callback = answer.header("location").expect("a way back").to_owned();
        let answer = self.get(path_of(&callback)).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("location").expect("a location").to_owned()
    }

    async fn me(&mut self) -> Value {
        self.get("/auth/me").await.json()
    }

    async fn buy(&mut self) -> Answer {
        let body = json!({ "productId": "product1", "quantity": 1 });
        self.send(Method::POST, "/api/orders", &body).await
    }
}

async fn a_person_signs_in_buys_sees_the_own_order_only_and_signs_out(maker: Maker) {
    let public = free_address().port();
    let origin = format!("http://127.0.0.1:{public}");
    let Some(provider) = Provider::start("sign_in", maker, &origin, LONG).await else {
        return;
    };
    let receiver = Receiver::http(ReceiverMode::Good).await;
    let mut signed = Signed::at(&provider, public, Some(receiver.endpoint()));
    let mut ann = signed.browser();
    assert_eq!(ann.me().await, json!({ "enabled": true, "user": null }));
    ann.buy().await.problem(401);
    assert_eq!(ann.get("/api/products").await.status, 200);

    assert_eq!(
        ann.sign_in(&provider, "ann", "?back=/orders").await,
        "/orders"
    );
    assert_eq!(ann.cookies.keys().collect::<Vec<_>>(), ["__Host-session"]);
    let me = ann.get("/auth/me").await;
    assert_eq!(me.header("cache-control"), Some("no-store"));
    assert_eq!(
        me.json(),
        json!({ "enabled": true, "user": { "name": "ann of the tests", "role": "customer" } })
    );
    let order = ann.buy().await;
    assert_eq!(order.status, 201, "{order:?}");
    assert_eq!(ann.get("/api/orders").await.json(), json!([order.json()]));

    let mut bob = signed.browser();
    assert_eq!(bob.sign_in(&provider, "bob", "").await, "/");
    assert_eq!(bob.get("/api/orders").await.json(), json!([]));
    let theirs = format!(
        "/api/orders/{}",
        order.json()["id"].as_str().expect("an id")
    );
    bob.get(&theirs).await.problem(404);
    let stock = json!({ "quantity": 7 });
    bob.send(Method::PUT, "/api/inventory/product1", &stock)
        .await
        .problem(403);
    bob.get("/system/overview").await.problem(403);

    let mut ops = signed.browser();
    ops.sign_in(&provider, "ops", "").await;
    assert_eq!(ops.me().await["user"]["role"], "operator");
    assert_eq!(ops.get(&theirs).await.json(), order.json());
    assert_eq!(
        ops.send(Method::PUT, "/api/inventory/product1", &stock)
            .await
            .status,
        200
    );
    assert_ne!(ops.get("/system/overview").await.status, 403);

    // A person who is known to the provider and has no role here.
    let mut eve = signed.browser();
    eve.sign_in(&provider, "eve", "").await;
    assert_eq!(eve.me().await["user"]["role"], Value::Null);
    eve.buy().await.problem(403);

    let old = ann.clone();
    let answer = ann.send(Method::POST, "/auth/logout", &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(ann.cookies.is_empty());
    ann.get("/api/orders").await.problem(401);
    drop(old);

    // Neither a code nor a token stands on any span or in any line.
    let log = format!("{:?}", signed.shop.service("frontend").log());
    let spans = format!("{:?}", receiver.spans());
    for text in [log, spans] {
        for secret in ["code=", "eyJ", SECRET, "__Host-"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    let frontend = signed.shop.frontend();
    let completed = Scrape::of(&frontend)
        .await
        .value("sign_ins_total", &[("result", "completed")]);
    assert_eq!(completed, Some(4.0));
}

async fn a_second_frontend_server_knows_the_session_and_one_with_another_secret_does_not(
    maker: Maker,
) {
    let public = free_address().port();
    let origin = format!("http://127.0.0.1:{public}");
    let Some(provider) = Provider::start("sign_in", maker, &origin, LONG).await else {
        return;
    };
    let mut signed = Signed::at(&provider, public, None);
    let mut ann = signed.browser();
    ann.sign_in(&provider, "ann", "").await;
    // The same address after a restart: nothing of the session was in memory.
    signed.shop.kill("frontend");
    start_frontend(&mut signed.shop, &origin, public);
    let mut again = Browser {
        http: signed.shop.frontend(),
        ..ann.clone()
    };
    assert_eq!(again.me().await["user"]["role"], "customer");
    signed.shop.kill("frontend");
    let secret = signed.shop.folder().join("another-secret");
    std::fs::write(&secret, format!("another-{SECRET}")).expect("a file");
    let mut environment = signed.shop.environment("frontend");
    environment.push(("PUBLIC_URL", origin.clone().into()));
    environment.push(("OIDC_CLIENT_SECRET_FILE", secret.into()));
    signed.shop.start_service_with("frontend", &environment);
    let mut again = Browser {
        http: signed.shop.frontend(),
        ..ann.clone()
    };
    assert_eq!(again.me().await["user"], Value::Null);
    assert!(
        again.cookies.is_empty(),
        "what cannot be read is taken away"
    );
}

async fn a_session_outlives_its_token_and_ends_when_the_provider_says_so(maker: Maker) {
    let public = free_address().port();
    let origin = format!("http://127.0.0.1:{public}");
    let Some(mut provider) = Provider::start("sign_in", maker, &origin, SHORT).await else {
        return;
    };
    let signed = Signed::at(&provider, public, None);
    let frontend = signed.shop.frontend();
    let mut ann = signed.browser();
    ann.sign_in(&provider, "ann", "").await;
    let first = ann.cookies.clone();
    let counted = async |result: &str| {
        let scrape = Scrape::of(&frontend).await;
        scrape
            .value("session_renewals_total", &[("result", result)])
            .unwrap_or(0.0)
    };
    eventually(
        "the token is renewed, and the new one as well",
        async || {
            let role = ann.me().await["user"]["role"].clone();
            let renewed = counted("renewed").await;
            if role == "customer" && renewed > 1.0 {
                Ok(())
            } else {
                Err((role, renewed))
            }
        },
    )
    .await;
    assert_ne!(ann.cookies, first);
    // Requests with the old cookie, of which a page sends several, ask the provider no second time.
    let before = counted("renewed").await;
    let mut old = Browser {
        cookies: first,
        ..ann.clone()
    };
    assert_eq!(old.clone().get("/api/orders").await.status, 200);
    assert_eq!(old.me().await["user"]["role"], "customer");
    assert!(counted("renewed").await - before <= 1.0);
    assert_eq!(ann.get("/api/orders").await.status, 200);
    // Without the provider a session lasts as long as its token.
    provider.kill();
    eventually("the session ends", async || {
        match ann.me().await["user"].clone() {
            Value::Null => Ok(()),
            user => Err(user),
        }
    })
    .await;
    assert!(counted("unavailable").await > 0.0);
    ann.get("/api/orders").await.problem(401);
}

async fn a_sign_in_that_was_tampered_with_comes_to_nothing(maker: Maker) {
    let public = free_address().port();
    let origin = format!("http://127.0.0.1:{public}");
    let Some(provider) = Provider::start("sign_in", maker, &origin, LONG).await else {
        return;
    };
    let signed = Signed::at(&provider, public, None);
    let failed = "/?sign-in=failed";
    let back = async |browser: &mut Browser| {
        let authorization = browser.begin("").await;
        for part in [
            "code_challenge_method=S256",
            "response_type=code",
            "nonce=",
            "state=",
        ] {
            assert!(authorization.contains(part), "{authorization}");
        }
        let answer = provider
            .sign_in(&authorization, "ann@shop.test", PASSWORD)
            .await;
        path_of(answer.header("location").expect("a way back")).to_owned()
    };
    let lands = async |browser: &mut Browser, path: &str| {
        let answer = browser.get(path).await;
        assert!(
            !browser.cookies.contains_key("__Host-session"),
            "{answer:?}"
        );
        answer.header("location").expect("a location").to_owned()
    };
    // Another's way back, put upon a person who has begun nothing, or something else.
    let mut ann = signed.browser();
    let path = back(&mut ann).await;
    let mut bob = signed.browser();
    assert_eq!(lands(&mut bob, &path).await, failed);
    bob.begin("").await;
    assert_eq!(lands(&mut bob, &path).await, failed);
    // With the state of the own one, the code is another's: the verifier does not fit.
    let authorization = bob.begin("").await;
    let of = |text: &str, name: &str| {
        let (_, rest) = text.split_once(&format!("{name}=")).expect("the parameter");
        rest.split('&').next().expect("a value").to_owned()
    };
    let mixed = path.replace(&of(&path, "state"), &of(&authorization, "state"));
    assert_eq!(lands(&mut bob, &mixed).await, failed);
    // A code counts once, and each part is needed.
    let mut eve = signed.browser();
    let path = back(&mut eve).await;
    let begun = eve.cookies.clone();
    let code = of(&path, "code");
    for bad in [
        "/auth/callback".to_owned(),
        format!("/auth/callback?code={code}"),
        path.replace(&code, "made-up"),
        format!("{path}&iss=https://issuer.test"),
    ] {
        eve.cookies.clone_from(&begun);
        assert_eq!(lands(&mut eve, &bad).await, failed, "{bad}");
    }
    let denied = format!(
        "/auth/callback?error=access_denied&state={}",
        of(&path, "state")
    );
    eve.cookies.clone_from(&begun);
    assert_eq!(lands(&mut eve, &denied).await, "/?sign-in=denied");
    // A wrong password stays at the provider.
    let authorization = eve.begin("").await;
    let answer = provider
        .sign_in(&authorization, "ann@shop.test", "wrong")
        .await;
    assert!(answer.header("location").is_none());
    // What leads away from the page is not come back to.
    let mut ann = signed.browser();
    assert_eq!(
        ann.sign_in(&provider, "ann", "?back=//evil.test").await,
        "/"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_in_at_a_provider_that_cannot_prove_itself() {
    let public = free_address().port();
    let origin = format!("http://127.0.0.1:{public}");
    let maker = Maker::OidcProvider;
    let Some(provider) = Provider::start("sign_in", maker, &origin, LONG).await else {
        return;
    };
    // Its certificate is not among those of the system.
    let mut signed = Signed::start(provider.issuer(), public, None);
    let mut ann = signed.browser();
    assert_eq!(ann.begin("").await, "/?sign-in=unavailable");
    assert_eq!(ann.get("/api/products").await.status, 200);
    let log = format!("{:?}", signed.shop.service("frontend").log());
    assert!(log.contains("UnknownIssuer"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_changes_nothing_in_the_name_of_a_person() {
    let public = free_address().port();
    let issuer = Issuer::start().await;
    let signed = Signed::start(&issuer.url(), public, None);
    let http = signed.shop.frontend();
    let order = json!({ "productId": "product1", "quantity": 1 }).to_string();
    let cookie = ("cookie", "__Host-session=x");
    let cross = ("sec-fetch-site", "cross-site");
    let evil = ("origin", "https://evil.test");
    for headers in [
        vec![cookie, cross, evil],
        vec![cookie, evil],
        vec![cookie],
        vec![cross],
    ] {
        for (method, path) in [
            (Method::POST, "/api/orders"),
            (Method::PUT, "/api/inventory/product1"),
            (Method::POST, "/auth/logout"),
            (Method::POST, "/otlp/v1/traces"),
        ] {
            let answer = http.send(method, path, &headers, order.clone()).await;
            answer.problem(403);
        }
    }
    assert_eq!(
        Scrape::of(&http)
            .await
            .value("cross_site_requests_refused_total", &[]),
        Some(16.0)
    );
    // A program with a token of its own is no browser.
    let bearer = format!("Bearer {}", issuer.token("ann", &["customer"]));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let answer = http
        .send(Method::POST, "/api/orders", &headers, order)
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cookie_that_was_made_up_is_a_session() {
    let public = free_address().port();
    let issuer = Issuer::start().await;
    let signed = Signed::start(&issuer.url(), public, None);
    let token = issuer.token("ops", &["operator"]);
    for content in ["", "x", &token, &"A".repeat(4000), "%00", "\"quoted\""] {
        let mut browser = signed.browser();
        browser
            .cookies
            .insert("__Host-session".to_owned(), content.to_owned());
        assert_eq!(browser.me().await["user"], Value::Null, "{content}");
        browser
            .cookies
            .insert("__Host-session".to_owned(), content.to_owned());
        browser.get("/api/orders").await.problem(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_away_the_page_is_there_and_says_so() {
    let public = free_address().port();
    let issuer = Issuer::start().await;
    issuer.be_away(true);
    let signed = Signed::start(&issuer.url(), public, None);
    let mut ann = signed.browser();
    assert_eq!(ann.get("/api/products").await.status, 200);
    assert_eq!(ann.begin("").await, "/?sign-in=unavailable");
    issuer.be_away(false);
    assert!(ann.begin("").await.starts_with(&issuer.url()));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_another_name_of_the_host_a_person_is_led_to_the_one_of_the_session() {
    let public = free_address().port();
    let issuer = Issuer::start().await;
    let signed = Signed::start(&issuer.url(), public, None);
    let headers = [("host", "localhost:1")];
    let answer = signed
        .shop
        .frontend()
        .send(Method::GET, "/auth/login", &headers, "")
        .await;
    assert_eq!(
        answer.header("location"),
        Some(format!("{}/auth/login", signed.origin).as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_issuer_the_page_says_that_nobody_signs_in() {
    let shop = Shop::start();
    let me = shop.frontend().get("/auth/me").await;
    assert_eq!(me.json(), json!({ "enabled": false, "user": null }));
    assert_eq!(
        Scrape::of(&shop.frontend())
            .await
            .value("sign_in_enabled", &[]),
        Some(0.0)
    );
}

#[test]
fn settings_that_nobody_could_sign_in_with_end_the_start_and_say_why() {
    let program = harness::binary("frontend");
    let issuer = ("OIDC_ISSUER", "http://127.0.0.1:1/dex");
    for (environment, words) in [
        (vec![issuer], "has no secret"),
        (
            vec![issuer, ("OIDC_CLIENT_SECRET_FILE", "/nowhere")],
            "cannot be read",
        ),
        (
            vec![issuer, ("OIDC_CLIENT_SECRET_FILE", "/dev/null")],
            "fewer than 22",
        ),
        (
            vec![("PUBLIC_URL", "http://192.168.1.7:3001")],
            "a browser keeps no session",
        ),
    ] {
        let output = std::process::Command::new(&program)
            .env_clear()
            .env("PORT", "0")
            .envs(environment)
            .output()
            .expect("it runs");
        assert!(!output.status.success());
        let errors = String::from_utf8_lossy(&output.stderr).replace('\n', " ");
        assert!(errors.contains(words), "{errors}");
    }
}
