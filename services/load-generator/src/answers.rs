//! What an answer has to be. An order is accepted only if it is the one that was requested, and its
//! total is right to the cent.

use api::{Order, OrderStatus, Product, StockLevel};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::http_client::Answer;

/// An answer that is right, or an error that is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// What was requested.
    Good,
    /// The list of products, as their ids.
    Products(Vec<String>),
    /// The deliberate error: 404 for a product that does not exist.
    UnknownProduct,
    /// An order for more than there is in stock.
    ShortStock,
    /// An order whose outcome is not known yet.
    Pending,
}

/// The fields of a 409 that a client can act on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShortStock {
    current_stock: u32,
    requested: u32,
}

impl Answered {
    /// The name of an expected error in the report.
    pub(crate) const fn expected(&self) -> Option<&'static str> {
        match self {
            Self::Good | Self::Products(_) => None,
            Self::UnknownProduct => Some("unknown product"),
            Self::ShortStock => Some("short stock"),
            Self::Pending => Some("pending"),
        }
    }
}

/// The ids in a list of products.
pub(crate) fn products(answer: &Answer) -> Result<Vec<String>, Failure> {
    let products: Vec<Product> = json(answer, StatusCode::OK)?;
    let ids = products.into_iter().map(|product| product.id.to_string());
    Ok(ids.collect())
}

/// The product that was requested.
pub(crate) fn product(answer: &Answer, id: &str) -> Result<Answered, Failure> {
    let product: Product = json(answer, StatusCode::OK)?;
    if product.id.as_str() == id {
        Ok(Answered::Good)
    } else {
        Err(answer.bad_body(format_args!("product {} for {id}", product.id)))
    }
}

/// The answer that there is no such product.
pub(crate) fn unknown_product(answer: &Answer) -> Result<Answered, Failure> {
    let problem: api::Problem = json(answer, StatusCode::NOT_FOUND)?;
    if problem.status == StatusCode::NOT_FOUND.as_u16() {
        Ok(Answered::UnknownProduct)
    } else {
        Err(answer.bad_body(format_args!("a problem of status {}", problem.status)))
    }
}

/// An order, or the reason why there is none.
pub(crate) fn order(answer: &Answer, product: &str, quantity: u32) -> Result<Answered, Failure> {
    let (status, answered) = match answer.status {
        StatusCode::CREATED => (OrderStatus::Created, Answered::Good),
        StatusCode::ACCEPTED => (OrderStatus::Pending, Answered::Pending),
        _ => return short_stock(answer, quantity),
    };
    let order: Order = json(answer, answer.status)?;
    let requested = order.product_id.as_str() == product && order.quantity.get() == quantity;
    let due = order.unit_price.times(order.quantity);
    if !requested {
        let (pieces, other) = (order.quantity.get(), &order.product_id);
        Err(answer.bad_body(format_args!(
            "{pieces} of {other} for {quantity} of {product}"
        )))
    } else if order.total_price != due {
        let (total, price) = (order.total_price.as_units(), order.unit_price.as_units());
        let due = due.as_units();
        Err(answer.bad_body(format_args!("{quantity} x {price} is {due}, not {total}")))
    } else if order.status != status {
        Err(answer.bad_body(format_args!("the order is {}", order.status.as_str())))
    } else {
        Ok(answered)
    }
}

/// The stock that was set.
pub(crate) fn stock(answer: &Answer, product: &str) -> Result<Answered, Failure> {
    let level: StockLevel = json(answer, StatusCode::OK)?;
    if level.product_id.as_str() == product {
        Ok(Answered::Good)
    } else {
        Err(answer.bad_body(format_args!("stock of {} for {product}", level.product_id)))
    }
}

fn short_stock(answer: &Answer, quantity: u32) -> Result<Answered, Failure> {
    let short: ShortStock = json(answer, StatusCode::CONFLICT)?;
    if short.requested == quantity && short.current_stock < quantity {
        Ok(Answered::ShortStock)
    } else {
        let ShortStock {
            current_stock,
            requested,
        } = short;
        Err(answer.bad_body(format_args!(
            "{current_stock} are too few for {requested}, but {quantity} were ordered"
        )))
    }
}

fn json<T: DeserializeOwned>(answer: &Answer, status: StatusCode) -> Result<T, Failure> {
    if answer.status != status {
        return Err(answer.unexpected());
    }
    serde_json::from_slice(&answer.body).map_err(|error| answer.bad_body(error))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::failure::Kind;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.to_owned().into(),
        }
    }

    fn ordered(status: u16, quantity: u32, total: &str, word: &str) -> Result<Answered, Kind> {
        let body = format!(
            r#"{{"id":"0198c0de-0000-7000-8000-000000000001","productId":"product1","productName":"Product 1",
            "quantity":{quantity},"unitPrice":10.99,"totalPrice":{total},"status":"{word}","createdAt":"2026-11-24T08:15:30Z",
            "traceId":"0123456789abcdef0123456789abcdef"}}"#
        );
        order(&answer(status, &body), "product1", 3).map_err(|failure| failure.kind)
    }

    #[test]
    fn an_order_is_the_one_that_was_requested_to_the_cent() {
        assert_eq!(ordered(201, 3, "32.97", "CREATED"), Ok(Answered::Good));
        assert_eq!(ordered(202, 3, "32.97", "PENDING"), Ok(Answered::Pending));
        for (status, quantity, total, word) in [
            (201, 3, "32.98", "CREATED"),
            (201, 3, "32.970000000000006", "CREATED"),
            (201, 2, "21.98", "CREATED"),
            (201, 3, "32.97", "PENDING"),
            (202, 3, "32.97", "CREATED"),
            (201, 3, "\"32.97\"", "CREATED"),
        ] {
            let found = ordered(status, quantity, total, word);
            assert_eq!(
                found,
                Err(Kind::BadBody),
                "{status} {quantity} {total} {word}"
            );
        }
        assert_eq!(ordered(200, 3, "32.97", "CREATED"), Err(Kind::Status(200)));
    }

    #[test]
    fn short_stock_is_less_than_was_ordered() {
        let kind = |body| order(&answer(409, body), "product1", 3).map_err(|failure| failure.kind);
        let short = r#"{"error":"Insufficient inventory","currentStock":2,"requested":3}"#;
        assert_eq!(kind(short), Ok(Answered::ShortStock));
        let enough = r#"{"error":"Insufficient inventory","currentStock":3,"requested":3}"#;
        assert_eq!(kind(enough), Err(Kind::BadBody));
        assert_eq!(kind("{}"), Err(Kind::BadBody));
    }

    #[test]
    fn a_product_that_does_not_exist_is_answered_404_and_by_nothing_else() {
        let kind =
            |status, body| unknown_product(&answer(status, body)).map_err(|failure| failure.kind);
        let problem = r#"{"type":"about:blank","title":"Not found","status":404,"detail":"","error":"Not found"}"#;
        assert_eq!(kind(404, problem), Ok(Answered::UnknownProduct));
        assert_eq!(kind(404, "<html>"), Err(Kind::BadBody));
        assert_eq!(kind(200, "{}"), Err(Kind::Status(200)));
        assert_eq!(kind(500, problem), Err(Kind::Status(500)));
    }
}
