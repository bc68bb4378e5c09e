//! The schemas of the OpenAPI document.

use api::{NewOrder, NewProduct, Order, Problem, ProblemKind, Product, SetStock, StockLevel};
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, ArrayBuilder, Object, Ref, SchemaFormat, Type,
};
use utoipa::openapi::{Components, ComponentsBuilder, ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub(crate) fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

pub(crate) fn array_of<T: ToSchema>() -> RefOr<Schema> {
    ArrayBuilder::new().items(reference::<T>()).into()
}

pub(crate) fn stock_by_product() -> RefOr<Schema> {
    let stock = AdditionalProperties::RefOr(api::Stock::schema());
    ObjectBuilder::new()
        .additional_properties(Some(stock))
        .into()
}

/// A problem of one of these kinds.
pub(crate) fn problem_of(kinds: &[ProblemKind]) -> Schema {
    let kind = ObjectBuilder::new().property("type", type_of(kinds));
    AllOfBuilder::new()
        .item(reference::<Problem>())
        .item(kind)
        .into()
}

pub(crate) fn components() -> Components {
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
    components.schema(Problem::name(), problem()).build()
}

/// The problem with all values that its `type` can have.
fn problem() -> RefOr<Schema> {
    let mut schema = Problem::schema();
    if let RefOr::T(Schema::Object(Object { properties, .. })) = &mut schema {
        let kind = type_of(&ProblemKind::ALL)
            .description(Some("The kind of problem; its page explains it."));
        properties.insert("type".to_owned(), kind.into());
    }
    schema
}

fn type_of(kinds: &[ProblemKind]) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uri-reference".to_owned())))
        .enum_values(Some(kinds.iter().map(|kind| kind.uri())))
}
