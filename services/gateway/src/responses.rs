//! The answers of the operations, as the OpenAPI document describes them.

use api::ProblemKind;
use http::{Method, StatusCode};
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Response, ResponseBuilder};

use crate::operations::{Failure, Operation, Success};
use crate::schemas::problem_of;

/// Failures that every operation can meet.
const EVERYWHERE: [Failure; 5] = [
    Failure {
        kinds: &[ProblemKind::RequestTimeout],
        meaning: "The body did not arrive in time.",
    },
    Failure {
        kinds: &[ProblemKind::PayloadTooLarge],
        meaning: "The body is too large.",
    },
    Failure {
        kinds: &[ProblemKind::Internal],
        meaning: "A fault of the shop.",
    },
    Failure {
        kinds: &[ProblemKind::Unavailable],
        meaning: "A service that is needed is down, and nothing was done; Retry-After says when to try again.",
    },
    Failure {
        kinds: &[ProblemKind::LoopDetected],
        meaning: "The request came back to a gateway that it had passed: an upstream address is wrong.",
    },
];

/// Failures that every operation can meet after a service may have carried it out.
const AFTER_SENDING: [Failure; 2] = [
    Failure {
        kinds: &[ProblemKind::BadGateway],
        meaning: "The connection to a service broke after the request was sent, or the contract does not allow its answer.",
    },
    Failure {
        kinds: &[ProblemKind::GatewayTimeout],
        meaning: "A service that is needed did not answer in time.",
    },
];

/// Failures of every operation with a body.
const WITH_BODY: [Failure; 2] = [
    Failure {
        kinds: &[ProblemKind::BadRequest],
        meaning: "The body is malformed.",
    },
    Failure {
        kinds: &[ProblemKind::UnsupportedMediaType],
        meaning: "The body is not JSON.",
    },
];

/// Failures of every operation that asks for a sign-in.
const WITH_SIGN_IN: [Failure; 3] = [
    Failure {
        kinds: &[ProblemKind::SignInRequired],
        meaning: "There is no token, or none that is accepted.",
    },
    Failure {
        kinds: &[ProblemKind::Forbidden],
        meaning: "The role of the person does not allow it.",
    },
    Failure {
        kinds: &[ProblemKind::TooManyRequests],
        meaning: "The person sends too many requests; Retry-After says when to try again.",
    },
];

/// All answers of an operation, by status.
pub(crate) fn of(operation: &Operation, with_sign_in: bool) -> Vec<(StatusCode, Response)> {
    let mut responses = Vec::new();
    for success in &operation.successes {
        responses.push((success.status, json(operation, success)));
    }
    let with_body: &[_] = if operation.body.is_some() {
        &WITH_BODY
    } else {
        &[]
    };
    let sign_in: &[_] = if with_sign_in { &WITH_SIGN_IN } else { &[] };
    let failures = [&EVERYWHERE, with_body, sign_in, &operation.failures].concat();
    for failure in failures {
        responses.push((failure.status(), problem(failure, "")));
    }
    for failure in AFTER_SENDING {
        responses.push((failure.status(), problem(failure, operation.when_unknown)));
    }
    responses
}

/// `when_unknown` is what a client can do that does not know the outcome, or empty.
pub(crate) fn problem(failure: Failure, when_unknown: &str) -> Response {
    let meaning = if when_unknown.is_empty() {
        failure.meaning.to_owned()
    } else {
        format!(
            "{} It is not known whether it was carried out. {when_unknown}",
            failure.meaning
        )
    };
    let content = ContentBuilder::new()
        .schema(Some(problem_of(failure.kinds)))
        .build();
    let mut response = response(&meaning).content("application/problem+json", content);
    if failure.status() == StatusCode::UNAUTHORIZED {
        let challenge = text("Bearer; with error=\"invalid_token\" when a token came (RFC 6750).");
        response = response.header("WWW-Authenticate", challenge);
    }
    let waits = [
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    if waits.contains(&failure.status()) {
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
pub(crate) fn response(meaning: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(meaning)
        .header("X-Request-Id", text("The id of the request."))
        .header(
            "traceresponse",
            text("The trace of the request (W3C Trace Context Level 2)."),
        )
}

fn json(operation: &Operation, success: &Success) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(success.schema.clone()))
        .build();
    let mut response = response(success.meaning).content("application/json", content);
    if operation.endpoint.method == Method::POST {
        response = response.header("Location", text("The path of what was made."));
    }
    if operation.endpoint.paged {
        let link = "The next page, with rel=next (RFC 8288); none on the last one.";
        response = response.header("Link", text(link));
    }
    response.build()
}

fn text(description: &str) -> Header {
    HeaderBuilder::new()
        .schema(ObjectBuilder::new().schema_type(Type::String))
        .description(Some(description))
        .build()
}
