//! All that the gateway offers: one table, from which the routes and the OpenAPI document are
//! made.

use api::{NewOrder, NewProduct, Order, Product, SetStock, StockLevel};
use http::Method;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Ref};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A service behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upstream {
    Product,
    Inventory,
    Order,
}

/// What follows `/inventory/` in paths that inventory offers to the other services only. They
/// are no ids of products, however they are written.
pub(crate) const INSIDE_ONLY: [&str; 2] = ["check", "reservations"];

/// One operation on one path.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    /// The template at the gateway.
    pub(crate) path: &'static str,
    pub(crate) upstream: Upstream,
    /// The template at the service.
    pub(crate) upstream_path: &'static str,
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    /// What `{id}` names.
    pub(crate) id: Option<&'static str>,
    pub(crate) paged: bool,
    pub(crate) body: Option<RefOr<Schema>>,
    pub(crate) answers: Vec<Answer>,
}

/// An answer that is no failure, or a failure of this operation alone.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) meaning: &'static str,
    /// `None`: a problem.
    pub(crate) schema: Option<RefOr<Schema>>,
}

pub(crate) fn all() -> Vec<Endpoint> {
    [products(), inventory(), orders()].concat()
}

fn products() -> Vec<Endpoint> {
    use Upstream::Product as Products;
    vec![
        Endpoint {
            name: "listProducts",
            summary: "All products, the oldest first.",
            answers: vec![ok("The products.", array_of::<Product>())],
            ..endpoint(Method::GET, "/api/products", Products, "/products")
        },
        Endpoint {
            name: "getProduct",
            summary: "One product.",
            id: Some("The id of a product."),
            answers: vec![
                ok("The product.", reference::<Product>()),
                unknown("There is no such product."),
            ],
            ..endpoint(
                Method::GET,
                "/api/products/{id}",
                Products,
                "/products/{id}",
            )
        },
        Endpoint {
            name: "addProduct",
            summary: "Adds a product under a new id.",
            body: Some(reference::<NewProduct>()),
            answers: vec![created(
                "The product; Location leads to it.",
                reference::<Product>(),
            )],
            ..endpoint(Method::POST, "/api/products", Products, "/products")
        },
    ]
}

fn inventory() -> Vec<Endpoint> {
    use Upstream::Inventory;
    vec![
        Endpoint {
            name: "listStock",
            summary: "What is on all shelves: product id to pieces.",
            answers: vec![ok("The shelves.", map_of_stock())],
            ..endpoint(Method::GET, "/api/inventory", Inventory, "/inventory")
        },
        Endpoint {
            name: "getStock",
            summary: "What is on the shelf of one product.",
            id: Some("The id of a product."),
            answers: vec![
                ok("The shelf.", reference::<StockLevel>()),
                unknown("There is no such shelf."),
            ],
            ..endpoint(
                Method::GET,
                "/api/inventory/{id}",
                Inventory,
                "/inventory/{id}",
            )
        },
        Endpoint {
            name: "setStock",
            summary: "Sets a shelf; makes it when there is none.",
            id: Some("The id of a product."),
            body: Some(reference::<SetStock>()),
            answers: vec![
                ok("The shelf as it is now.", reference::<StockLevel>()),
                unknown("The id is not well formed."),
            ],
            ..endpoint(
                Method::PUT,
                "/api/inventory/{id}",
                Inventory,
                "/inventory/{id}",
            )
        },
    ]
}

fn orders() -> Vec<Endpoint> {
    use Upstream::Order as Orders;
    vec![
        Endpoint {
            name: "listOrders",
            summary: "Orders, the newest first.",
            paged: true,
            answers: vec![
                ok(
                    "A page of orders; Link rel=next leads to the next one.",
                    array_of::<Order>(),
                ),
                Answer {
                    status: 400,
                    meaning: "limit is malformed, or after names no order.",
                    schema: None,
                },
            ],
            ..endpoint(Method::GET, "/api/orders", Orders, "/orders")
        },
        Endpoint {
            name: "getOrder",
            summary: "One order.",
            id: Some("The id of an order."),
            answers: vec![
                ok("The order.", reference::<Order>()),
                unknown("There is no such order."),
            ],
            ..endpoint(Method::GET, "/api/orders/{id}", Orders, "/orders/{id}")
        },
        Endpoint {
            name: "createOrder",
            summary: "Orders pieces of a product. With an Idempotency-Key a repetition is harmless.",
            body: Some(reference::<NewOrder>()),
            answers: vec![
                created("The order; its stock is reserved.", reference::<Order>()),
                Answer {
                    status: 202,
                    meaning: "The order is stored; whether its stock is reserved is not known yet. Ask for it again.",
                    schema: Some(reference::<Order>()),
                },
                unknown("There is no such product."),
                Answer {
                    status: 409,
                    meaning: "There is too little stock.",
                    schema: None,
                },
                Answer {
                    status: 422,
                    meaning: "The Idempotency-Key came with another body before.",
                    schema: None,
                },
            ],
            ..endpoint(Method::POST, "/api/orders", Orders, "/orders")
        },
    ]
}

fn endpoint(
    method: Method,
    path: &'static str,
    upstream: Upstream,
    upstream_path: &'static str,
) -> Endpoint {
    Endpoint {
        method,
        path,
        upstream,
        upstream_path,
        name: "",
        summary: "",
        id: None,
        paged: false,
        body: None,
        answers: Vec::new(),
    }
}

fn ok(meaning: &'static str, schema: RefOr<Schema>) -> Answer {
    Answer {
        status: 200,
        meaning,
        schema: Some(schema),
    }
}

fn created(meaning: &'static str, schema: RefOr<Schema>) -> Answer {
    Answer {
        status: 201,
        meaning,
        schema: Some(schema),
    }
}

fn unknown(meaning: &'static str) -> Answer {
    Answer {
        status: 404,
        meaning,
        schema: None,
    }
}

pub(crate) fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn array_of<T: ToSchema>() -> RefOr<Schema> {
    ArrayBuilder::new().items(reference::<T>()).into()
}

fn map_of_stock() -> RefOr<Schema> {
    let stock = AdditionalProperties::RefOr(api::Stock::schema());
    ObjectBuilder::new()
        .additional_properties(Some(stock))
        .into()
}
