//! The built page: its files, and its front page for every path that is one of its views.
//!
//! The build leaves a file of Brotli and one of gzip beside each file that gets smaller by it;
//! the client's `Accept-Encoding` chooses.

use std::path::{Path, PathBuf};

use api::Problem;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::etag::ETag;

/// Only the page's own files and its own origin: an injected script would find nothing to load
/// and nowhere to send data (Content Security Policy Level 3).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The folder of the page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    directory: PathBuf,
    files: ServeDir,
}

impl Page {
    pub(crate) fn new(directory: &Path) -> Self {
        let files = ServeDir::new(directory)
            .append_index_html_on_directories(false)
            .ignore_multi_range_requests(true)
            .precompressed_br()
            .precompressed_gzip();
        Self {
            directory: directory.to_owned(),
            files,
        }
    }

    /// The file at `path`, as these headers of a request want it.
    async fn file(&self, method: Method, path: &str, headers: HeaderMap) -> Option<Response> {
        let mut request = http::Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().ok()?;
        *request.headers_mut() = headers;
        let response = self.files.clone().oneshot(request).await.ok()?;
        let status = response.status();
        (status != StatusCode::NOT_FOUND).then(|| response.map(Body::new).into_response())
    }
}

/// A file under `/assets/`. Its name holds a hash of its content, so it may be kept for good.
pub(crate) async fn asset(State(page): State<Page>, request: Request) -> Result<Response, Problem> {
    let (head, _) = request.into_parts();
    let mut headers = head.headers;
    if headers.contains_key(header::IF_RANGE) {
        // `ServeDir` does not know it. The whole file is always right (RFC 9110 section 14.2).
        headers.remove(header::RANGE);
    }
    let found = page.file(head.method, head.uri.path(), headers).await;
    let mut response = found.ok_or_else(Problem::unknown_path)?;
    if response.status().is_server_error() {
        return Err(Problem::internal().caused_by(&"the asset cannot be read"));
    }
    let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
    let refused = response.status().is_client_error();
    let headers = response.headers_mut();
    if !refused {
        headers.insert(header::CACHE_CONTROL, for_good);
    }
    // `ServeDir` leaves it out of a 304 (RFC 9110 section 15.4.5).
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}

/// Another file of the page, or the front page for a view of the app: a path whose last part has
/// no dot.
pub(crate) async fn view(State(page): State<Page>, request: Request) -> Result<Response, Problem> {
    let path = request.uri().path();
    let is_view = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let path = if is_view { "/index.html" } else { path };
    // Nothing that depends on the time of the file: in the Nix store each file is of 1970, and
    // two builds of the front page have the same length.
    let mut headers = HeaderMap::new();
    for encoding in request.headers().get_all(header::ACCEPT_ENCODING) {
        headers.append(header::ACCEPT_ENCODING, encoding.clone());
    }
    let Some(found) = page.file(Method::GET, path, headers).await else {
        return Err(if is_view {
            not_built(&page.directory)
        } else {
            Problem::unknown_path()
        });
    };
    if found.status() != StatusCode::OK {
        return Err(Problem::internal().caused_by(&"the page cannot be read"));
    }
    let (mut head, body) = found.into_parts();
    // A file of our own build, of a few kilobytes.
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| Problem::internal().caused_by(&error))?;
    let etag = ETag::of(&body);
    head.headers.remove(header::LAST_MODIFIED);
    head.headers.remove(header::ACCEPT_RANGES);
    head.headers.insert(header::ETAG, etag.value());
    // It names the hashed files, so it has to be asked for each time.
    let ask_again = HeaderValue::from_static("no-cache");
    head.headers.insert(header::CACHE_CONTROL, ask_again);
    let mut response = Response::from_parts(head, Body::from(body));
    if etag.is_known(request.headers()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        for name in [
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
        ] {
            response.headers_mut().remove(name);
        }
    }
    Ok(response)
}

/// Sets what protects the page in a browser.
pub(crate) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    response
}

fn not_built(directory: &Path) -> Problem {
    Problem::unavailable(
        "The page is not built yet. Run `npm ci && npm run build` in the folder frontend.",
        30,
    )
    .caused_by(&format!("{} has no index.html", directory.display()))
}
