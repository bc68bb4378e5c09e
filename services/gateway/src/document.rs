//! The OpenAPI 3.1 document of all that the gateway offers.

use access::IssuerUrl;
use api::endpoints::Access;
use api::{ProblemKind, Role, endpoints};
use http::Method;
use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{OpenIdConnect, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder, Required,
};

use crate::operations::{self, Failure, Operation};
use crate::responses::{self, problem, response};
use crate::{parameters, schemas};

/// The name of the sign-in among the security schemes.
const SIGN_IN: &str = "signIn";

/// Why the page of a problem cannot be shown.
const UNKNOWN_KIND: Failure = Failure {
    kinds: &[ProblemKind::NotFound],
    meaning: "There is no such kind of problem.",
};

/// The document. With an issuer it says which role each operation asks for.
pub(crate) fn openapi(issuer: Option<&IssuerUrl>) -> OpenApi {
    let info = InfoBuilder::new()
        .title("hello-observability")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("A shop in which every request can be followed."))
        .build();
    let mut paths = PathsBuilder::new();
    for described in operations::all() {
        let item = PathItem::new(
            method(&described.endpoint.method),
            operation(&described, issuer.is_some()),
        );
        paths = paths.path(described.endpoint.path, item);
    }
    for (path, operation) in own() {
        paths = paths.path(path, PathItem::new(HttpMethod::Get, operation));
    }
    let mut components = schemas::components();
    if let Some(issuer) = issuer {
        let scheme = OpenIdConnect::new(issuer.discovery().as_str());
        components.add_security_scheme(SIGN_IN, SecurityScheme::OpenIdConnect(scheme));
    }
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .build()
}

fn operation(described: &Operation, people_sign_in: bool) -> OperationBuilder {
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
    let role = role(described.endpoint.access).filter(|_| people_sign_in);
    if let Some(role) = role {
        // OpenAPI 3.1, "Security Requirement Object": the names of roles.
        let requirement = SecurityRequirement::new(SIGN_IN, [role.as_str()]);
        operation = operation.security(requirement);
    }
    for (status, response) in responses::of(described, role.is_some()) {
        operation = operation.response(status.as_str(), response);
    }
    operation
}

/// The role that one has to have at least.
const fn role(access: Access) -> Option<Role> {
    match access {
        Access::Everybody => None,
        Access::Customers => Some(Role::Customer),
        Access::Operators => Some(Role::Operator),
    }
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
