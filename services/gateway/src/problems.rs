//! The pages that explain the kinds of problem: `GET /api/problems/{kind}`.

use api::{Problem, ProblemKind};
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::header;

/// The page loads nothing and is shown in no frame (Content Security Policy Level 3).
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page of the kind that the path names.
pub(crate) async fn page(Path(name): Path<String>) -> Result<Response, Problem> {
    let kind = ProblemKind::ALL
        .into_iter()
        .find(|kind| slug(*kind) == name)
        .ok_or_else(|| Problem::new(ProblemKind::NotFound, "There is no such kind of problem."))?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, Html(html(kind))).into_response())
}

/// The last part of the kind's URI.
pub(crate) fn slug(kind: ProblemKind) -> &'static str {
    let uri = kind.uri();
    uri.rsplit_once('/').map_or(uri, |(_, slug)| slug)
}

fn html(kind: ProblemKind) -> String {
    let (title, status) = (kind.title(), kind.status());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n</head>\n<body>\n\
         <h1>{title}</h1>\n\
         <p>HTTP status {status}</p>\n\
         <p>{}</p>\n\
         <p>Type: <code>{}</code></p>\n\
         </body>\n</html>\n",
        with_code(kind.explanation()),
        kind.uri(),
    )
}

/// What stands between backticks, as code.
fn with_code(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            html.push_str("<code>");
            html.push_str(part);
            html.push_str("</code>");
        } else {
            html.push_str(part);
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        assert_eq!(with_code("a `b` c"), "a <code>b</code> c");
    }

    #[test]
    fn no_text_of_a_kind_needs_escaping() {
        for kind in ProblemKind::ALL {
            let text = format!("{}{}{}", kind.title(), kind.explanation(), kind.uri());
            assert!(!text.contains(['<', '>', '&']), "{text}");
        }
    }
}
