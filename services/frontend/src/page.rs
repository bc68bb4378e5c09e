//! The built page: its files, and its front page for every path that is one of its views.

use std::path::{Path, PathBuf};

use api::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// Only the page's own files and its own origin: an injected script would find nothing to load
/// and nobody to tell (Content Security Policy Level 3).
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
        let files = ServeDir::new(directory).append_index_html_on_directories(false);
        Self {
            directory: directory.to_owned(),
            files,
        }
    }

    async fn file(&self, path: &str) -> Option<Response> {
        let request = http::Request::get(path).body(Body::empty()).ok()?;
        let response = self.files.clone().oneshot(request).await.ok()?;
        (response.status() == StatusCode::OK).then(|| response.map(Body::new).into_response())
    }
}

/// A file under `/assets/`. Its name holds a hash of its content, so it may be kept for good.
pub(crate) async fn asset(State(page): State<Page>, request: Request) -> Result<Response, Problem> {
    let mut response = page
        .file(request.uri().path())
        .await
        .ok_or_else(Problem::unknown_path)?;
    let for_good = HeaderValue::from_static("public, max-age=31536000, immutable");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, for_good);
    Ok(response)
}

/// Another file of the page, or the front page for a view of the app: a path whose last part has
/// no dot.
pub(crate) async fn view(State(page): State<Page>, request: Request) -> Result<Response, Problem> {
    let path = request.uri().path();
    let is_view = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let found = if is_view {
        page.file("/index.html").await
    } else {
        page.file(path).await
    };
    let Some(mut response) = found else {
        return Err(if is_view {
            not_built(&page.directory)
        } else {
            Problem::unknown_path()
        });
    };
    // It names the hashed files, so it has to be asked for each time.
    let ask_again = HeaderValue::from_static("no-cache");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, ask_again);
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
