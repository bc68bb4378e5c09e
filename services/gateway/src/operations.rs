//! What the OpenAPI document says of each endpoint.

use api::endpoints::{self, Endpoint};
use api::{NewOrder, NewProduct, Order, ProblemKind, Product, SetStock, StockLevel};
use http::StatusCode;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{RefOr, Schema};

use crate::parameters::{after, id, idempotency_key, limit};
use crate::schemas::{array_of, reference, stock_by_product};

/// An endpoint with its meaning.
pub(crate) struct Operation {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) summary: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RefOr<Schema>>,
    pub(crate) successes: Vec<Success>,
    /// Failures of this operation; those that every operation can meet are not among them.
    pub(crate) failures: Vec<Failure>,
    /// What a client can do that does not know whether its request was carried out. Empty when the
    /// request changes nothing.
    pub(crate) when_unknown: &'static str,
}

/// An answer of 2xx.
pub(crate) struct Success {
    pub(crate) status: StatusCode,
    pub(crate) meaning: &'static str,
    pub(crate) schema: RefOr<Schema>,
}

/// An answer that is a problem.
#[derive(Clone, Copy)]
pub(crate) struct Failure {
    /// Its kinds, which all have one status.
    pub(crate) kinds: &'static [ProblemKind],
    pub(crate) meaning: &'static str,
}

impl Failure {
    pub(crate) fn status(self) -> StatusCode {
        self.kinds[0].status()
    }
}

pub(crate) fn all() -> Vec<Operation> {
    let mut all = products();
    all.extend(inventory());
    all.extend(orders());
    all
}

fn products() -> Vec<Operation> {
    vec![
        Operation {
            summary: "All products, the oldest first.",
            successes: vec![ok("The products.", array_of::<Product>())],
            ..describe(&endpoints::LIST_PRODUCTS)
        },
        Operation {
            summary: "One product.",
            parameters: vec![id("The id of a product.")],
            successes: vec![ok("The product.", reference::<Product>())],
            failures: vec![NO_PRODUCT],
            ..describe(&endpoints::GET_PRODUCT)
        },
        Operation {
            summary: "Adds a product under a new id.",
            body: Some(reference::<NewProduct>()),
            successes: vec![Success {
                status: StatusCode::CREATED,
                meaning: "The product; Location leads to it.",
                schema: reference::<Product>(),
            }],
            when_unknown: "Look at the list of products before you send it again.",
            ..describe(&endpoints::ADD_PRODUCT)
        },
    ]
}

fn inventory() -> Vec<Operation> {
    let product = || vec![id("The id of a product.")];
    vec![
        Operation {
            summary: "The stock of all products: pieces by product id.",
            successes: vec![ok("The stock.", stock_by_product())],
            ..describe(&endpoints::LIST_STOCK)
        },
        Operation {
            summary: "The stock of one product.",
            parameters: product(),
            successes: vec![ok("The stock.", reference::<StockLevel>())],
            failures: vec![Failure {
                kinds: &[ProblemKind::NotFound, ProblemKind::ProductNotFound],
                meaning: "There is no stock under this id.",
            }],
            ..describe(&endpoints::GET_STOCK)
        },
        Operation {
            summary: "Sets the stock of one product, whether or not it had any.",
            parameters: product(),
            body: Some(reference::<SetStock>()),
            successes: vec![ok("The stock as it is now.", reference::<StockLevel>())],
            failures: vec![Failure {
                kinds: &[ProblemKind::NotFound],
                meaning: "The id is not well formed.",
            }],
            when_unknown: "Send it again; a repetition changes nothing more.",
            ..describe(&endpoints::SET_STOCK)
        },
    ]
}

fn orders() -> Vec<Operation> {
    vec![
        Operation {
            summary: "Orders, the newest first.",
            parameters: vec![limit(), after()],
            successes: vec![ok(
                "A page of orders; Link rel=next leads to the next one.",
                array_of::<Order>(),
            )],
            failures: vec![Failure {
                kinds: &[ProblemKind::BadRequest],
                meaning: "limit is malformed, or after names no order.",
            }],
            ..describe(&endpoints::LIST_ORDERS)
        },
        Operation {
            summary: "One order.",
            parameters: vec![id("The id of an order.")],
            successes: vec![ok("The order.", reference::<Order>())],
            failures: vec![Failure {
                kinds: &[ProblemKind::NotFound, ProblemKind::OrderNotFound],
                meaning: "There is no such order.",
            }],
            ..describe(&endpoints::GET_ORDER)
        },
        create_order(),
    ]
}

fn create_order() -> Operation {
    Operation {
        summary: "Orders pieces of a product. With an Idempotency-Key a repetition is harmless.",
        parameters: vec![idempotency_key()],
        body: Some(reference::<NewOrder>()),
        successes: vec![
            Success {
                status: StatusCode::CREATED,
                meaning: "The order; its stock is reserved.",
                schema: reference::<Order>(),
            },
            Success {
                status: StatusCode::ACCEPTED,
                meaning: "The order is stored; whether its stock is reserved is not known yet. Ask for it again.",
                schema: reference::<Order>(),
            },
        ],
        failures: vec![
            NO_PRODUCT,
            Failure {
                kinds: &[ProblemKind::InsufficientInventory],
                meaning: "There is too little stock: currentStock and requested say how much. orderId names the order when it was stored as REJECTED.",
            },
            Failure {
                kinds: &[ProblemKind::IdempotencyKeyReused],
                meaning: "The Idempotency-Key came with another body before.",
            },
        ],
        when_unknown: "Send it again with the same Idempotency-Key, which never makes a second order, or look at the list of orders.",
        ..describe(&endpoints::CREATE_ORDER)
    }
}

/// `NotFound` when the id is not well formed.
const NO_PRODUCT: Failure = Failure {
    kinds: &[ProblemKind::NotFound, ProblemKind::ProductNotFound],
    meaning: "There is no such product.",
};

fn describe(endpoint: &'static Endpoint) -> Operation {
    Operation {
        endpoint,
        summary: "",
        parameters: Vec::new(),
        body: None,
        successes: Vec::new(),
        failures: Vec::new(),
        when_unknown: "",
    }
}

fn ok(meaning: &'static str, schema: RefOr<Schema>) -> Success {
    Success {
        status: StatusCode::OK,
        meaning,
        schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_is_described_once() {
        let mut described: Vec<_> = all().iter().map(|o| o.endpoint.name).collect();
        let mut offered: Vec<_> = endpoints::ALL.iter().map(|e| e.name).collect();
        described.sort_unstable();
        offered.sort_unstable();
        assert_eq!(described, offered);
    }

    #[test]
    fn the_kinds_of_a_failure_have_one_status() {
        for failure in all().into_iter().flat_map(|operation| operation.failures) {
            assert!(failure.kinds.iter().all(|k| k.status() == failure.status()));
        }
    }

    #[test]
    fn an_operation_that_changes_something_says_what_to_do_when_its_outcome_is_unknown() {
        for operation in all() {
            let safe = operation.endpoint.method.is_safe();
            assert_eq!(operation.when_unknown.is_empty(), safe);
        }
    }
}
