//! The OpenAPI 3.1 document, made from the table of [`endpoints`](crate::endpoints).

use api::{NewOrder, NewProduct, Order, Problem, Product, SetStock, StockLevel};
use http::Method;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{
    Components, ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi,
    OpenApiBuilder, PathItem, PathsBuilder, RefOr, Required, Response, ResponseBuilder, Schema,
};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoints::{self, Answer, Endpoint, reference};

/// Failures that every operation can meet.
const EVERYWHERE: [(u16, &str); 6] = [
    (408, "The body came too slowly."),
    (413, "The body is too large."),
    (500, "A fault of the shop."),
    (
        502,
        "A service that is needed broke off before its answer was complete. Of a request that changes something the outcome is unknown.",
    ),
    (
        503,
        "A service that is needed is down, and nothing was done; Retry-After says when to try again.",
    ),
    (
        504,
        "A service that is needed did not answer in time. Of a request that changes something the outcome is unknown.",
    ),
];

/// Failures of every operation with a body.
const WITH_BODY: [(u16, &str); 2] = [
    (400, "The body is malformed."),
    (415, "The body is not JSON."),
];

/// The document of all endpoints.
pub(crate) fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("hello-observability")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("A shop in which every request can be followed."))
        .build();
    let mut paths = PathsBuilder::new();
    for endpoint in endpoints::all() {
        let (method, operation) = (method(&endpoint.method), operation(&endpoint));
        paths = paths.path(endpoint.path, PathItem::new(method, operation));
    }
    let document = probe("getOpenApi", "This document.", "application/json");
    paths = paths
        .path(
            "/api/openapi.json",
            PathItem::new(HttpMethod::Get, document),
        )
        .path(
            "/health",
            PathItem::new(
                HttpMethod::Get,
                probe(
                    "getHealth",
                    "Whether the gateway is well.",
                    "application/json",
                ),
            ),
        )
        .path(
            "/actuator/prometheus",
            PathItem::new(
                HttpMethod::Get,
                probe("getMetrics", "The gateway's metrics.", "text/plain"),
            ),
        )
        .path(
            "/metrics",
            PathItem::new(
                HttpMethod::Get,
                probe(
                    "getMetricsAlias",
                    "The same as /actuator/prometheus.",
                    "text/plain",
                ),
            ),
        );
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components()))
        .build()
}

fn operation(endpoint: &Endpoint) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(endpoint.name))
        .summary(Some(endpoint.summary));
    if let Some(description) = endpoint.id {
        operation = operation.parameter(id(description));
    }
    if endpoint.paged {
        operation = operation.parameter(limit()).parameter(after());
    }
    if endpoint.name == "createOrder" {
        operation = operation.parameter(idempotency_key());
    }
    for (status, meaning) in EVERYWHERE {
        operation = operation.response(status.to_string(), problem(status, meaning));
    }
    if let Some(schema) = &endpoint.body {
        let content = ContentBuilder::new().schema(Some(schema.clone())).build();
        let body = RequestBodyBuilder::new()
            .content("application/json", content)
            .required(Some(Required::True));
        operation = operation.request_body(Some(body.build()));
        for (status, meaning) in WITH_BODY {
            operation = operation.response(status.to_string(), problem(status, meaning));
        }
    }
    for answer in &endpoint.answers {
        let response = match &answer.schema {
            Some(schema) => json(endpoint, answer, schema.clone()),
            None => problem(answer.status, answer.meaning),
        };
        operation = operation.response(answer.status.to_string(), response);
    }
    operation
}

fn probe(name: &str, summary: &str, content_type: &str) -> OperationBuilder {
    let ok = response(summary).content(content_type, ContentBuilder::new().build());
    OperationBuilder::new()
        .operation_id(Some(name))
        .summary(Some(summary))
        .response("200", ok)
}

fn json(endpoint: &Endpoint, answer: &Answer, schema: RefOr<Schema>) -> Response {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let mut response = response(answer.meaning).content("application/json", content);
    if endpoint.method == Method::POST {
        response = response.header("Location", text("The path of what was made."));
    }
    if endpoint.paged {
        let link = "The next page, with rel=next (RFC 8288); none on the last one.";
        response = response.header("Link", text(link));
    }
    response.build()
}

fn problem(status: u16, meaning: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(reference::<Problem>()))
        .build();
    let mut response = response(meaning).content("application/problem+json", content);
    if status == 503 {
        let seconds = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0));
        let retry_after = HeaderBuilder::new()
            .schema(seconds)
            .description(Some("When to try again, in seconds."));
        response = response.header("Retry-After", retry_after.build());
    }
    response.build()
}

/// A response with the headers that all have.
fn response(meaning: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(meaning)
        .header("X-Request-Id", text("The id of the request."))
        .header(
            "traceresponse",
            text("The trace of the request (W3C Trace Context Level 2)."),
        )
}

fn text(description: &str) -> Header {
    HeaderBuilder::new()
        .schema(ObjectBuilder::new().schema_type(Type::String))
        .description(Some(description))
        .build()
}

fn id(description: &str) -> Parameter {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(api::ProductId::schema()))
        .build()
}

fn limit() -> Parameter {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(500))
        .default(Some(50.into()));
    ParameterBuilder::new()
        .name("limit")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("How many orders a page has."))
        .schema(Some(number))
        .build()
}

fn after() -> Parameter {
    ParameterBuilder::new()
        .name("after")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("The last order of the page before."))
        .schema(Some(api::OrderId::schema()))
        .build()
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The same key with the same body answers the first order again.",
        ))
        .schema(Some(text))
        .build()
}

fn components() -> Components {
    fn add<T: ToSchema>(components: ComponentsBuilder) -> ComponentsBuilder {
        let mut further = Vec::new();
        T::schemas(&mut further);
        components
            .schema(T::name(), T::schema())
            .schemas_from_iter(further)
    }
    let components = ComponentsBuilder::new();
    let components = add::<Product>(components);
    let components = add::<NewProduct>(components);
    let components = add::<StockLevel>(components);
    let components = add::<SetStock>(components);
    let components = add::<Order>(components);
    let components = add::<NewOrder>(components);
    add::<Problem>(components).build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        _ => HttpMethod::Get,
    }
}
