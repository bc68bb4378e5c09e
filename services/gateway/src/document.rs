//! The OpenAPI 3.1 document of all that the gateway offers.

use api::{ProblemKind, endpoints};
use http::Method;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, Required,
};

use crate::operations::{self, Failure, Operation};
use crate::responses::{self, problem, response};
use crate::{parameters, schemas};

/// Why the page of a problem cannot be shown.
const UNKNOWN_KIND: Failure = Failure {
    kinds: &[ProblemKind::NotFound],
    meaning: "There is no such kind of problem.",
};

/// The document.
pub(crate) fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("hello-observability")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("A shop in which every request can be followed."))
        .build();
    let mut paths = PathsBuilder::new();
    for described in operations::all() {
        let item = PathItem::new(method(&described.endpoint.method), operation(&described));
        paths = paths.path(described.endpoint.path, item);
    }
    for (path, operation) in own() {
        paths = paths.path(path, PathItem::new(HttpMethod::Get, operation));
    }
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(schemas::components()))
        .build()
}

fn operation(described: &Operation) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(described.endpoint.name))
        .summary(Some(described.summary));
    for parameter in &described.parameters {
        operation = operation.parameter(parameter.clone());
    }
    if let Some(schema) = &described.body {
        let content = ContentBuilder::new().schema(Some(schema.clone())).build();
        let body = RequestBodyBuilder::new()
            .content("application/json", content)
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
    }
    for (status, response) in responses::of(described) {
        operation = operation.response(status.as_str(), response);
    }
    operation
}

/// What the gateway answers itself.
fn own() -> [(&'static str, OperationBuilder); 5] {
    let page = get(
        "getProblem",
        "The page that explains a kind of problem to people.",
        "text/html",
    )
    .parameter(parameters::problem_kind())
    .response(UNKNOWN_KIND.status().as_str(), problem(UNKNOWN_KIND, ""));
    [
        (
            endpoints::DOCUMENT,
            get("getOpenApi", "This document.", "application/json"),
        ),
        (endpoints::PROBLEM_PAGE, page),
        (
            "/health",
            get(
                "getHealth",
                "Whether the gateway is well.",
                "application/json",
            ),
        ),
        (
            "/actuator/prometheus",
            get("getMetrics", "The gateway's metrics.", "text/plain"),
        ),
        (
            "/metrics",
            get(
                "getMetricsAlias",
                "The same as /actuator/prometheus.",
                "text/plain",
            ),
        ),
    ]
}

fn get(name: &str, summary: &str, content_type: &str) -> OperationBuilder {
    let ok = response(summary).content(content_type, ContentBuilder::new().build());
    OperationBuilder::new()
        .operation_id(Some(name))
        .summary(Some(summary))
        .response("200", ok)
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        _ => HttpMethod::Get,
    }
}
