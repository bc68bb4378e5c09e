//! The parameters of the operations, as the OpenAPI document describes them.

use api::ProblemKind;
use utoipa::PartialSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, Required};

use crate::problems;

pub(crate) fn id(description: &str) -> Parameter {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(api::ProductId::schema()))
        .build()
}

pub(crate) fn limit() -> Parameter {
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

pub(crate) fn after() -> Parameter {
    ParameterBuilder::new()
        .name("after")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("The last order of the page before."))
        .schema(Some(api::OrderId::schema()))
        .build()
}

pub(crate) fn idempotency_key() -> Parameter {
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
            "The same key with the same body answers the first order again. A key is kept for seven days after its first use, and for as long as its order is PENDING; after that the same key makes a new order.",
        ))
        .schema(Some(text))
        .build()
}

pub(crate) fn problem_kind() -> Parameter {
    let kinds = ProblemKind::ALL.map(problems::slug);
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(kinds));
    ParameterBuilder::new()
        .name("kind")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The last part of a problem's type."))
        .schema(Some(name))
        .build()
}
