//! What the OpenAPI document says of the values that check themselves: the same bounds.

use utoipa::openapi::schema::{KnownFormat, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::{Money, ProductName, Quantity, Stock};

fn whole(lowest: u32, highest: u32, example: u32) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(lowest))
        .maximum(Some(highest))
        .examples([example])
        .into()
}

impl PartialSchema for Quantity {
    fn schema() -> RefOr<Schema> {
        whole(Self::LOWEST, Self::HIGHEST, 3)
    }
}

impl PartialSchema for Stock {
    fn schema() -> RefOr<Schema> {
        whole(Self::LOWEST, Self::HIGHEST, 100)
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .minimum(Some(0.01))
            .examples([32.97])
            .into()
    }
}

impl PartialSchema for ProductName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(Self::LONGEST))
            // No control characters, and not all of it white space.
            .pattern(Some(
                r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
            ))
            .examples(["Product 1"])
            .into()
    }
}

impl ToSchema for Quantity {}
impl ToSchema for Stock {}
impl ToSchema for Money {}
impl ToSchema for ProductName {}
