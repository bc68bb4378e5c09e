//! The routes of the inventory service.

use std::collections::BTreeMap;

use api::{
    Availability, NewReservation, OrderId, Problem, ProblemKind, ProductId, Reservation, SetStock,
    Stock, StockCheck, StockLevel,
};
use axum::extract::State;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use server::{IdPath, JsonBody};

use crate::shelves::{Reserved, Shelves};

pub(crate) fn router(shelves: Shelves) -> Router {
    Router::new()
        .route("/inventory", get(list))
        .route("/inventory/{id}", get(one).put(set))
        .route("/inventory/check", post(check))
        .route("/inventory/reservations", post(reserve))
        .route("/inventory/reservations/{id}", delete(release))
        .with_state(shelves)
}

fn unknown_product() -> Problem {
    Problem::new(
        ProblemKind::ProductNotFound,
        "There is no stock under this product id.",
    )
}

async fn list(State(shelves): State<Shelves>) -> Result<Json<BTreeMap<ProductId, Stock>>, Problem> {
    Ok(Json(shelves.all().await?))
}

async fn one(
    State(shelves): State<Shelves>,
    IdPath(product_id): IdPath<ProductId>,
) -> Result<Json<StockLevel>, Problem> {
    let quantity = shelves
        .get(product_id.clone())
        .await?
        .ok_or_else(unknown_product)?;
    Ok(Json(StockLevel {
        product_id,
        quantity,
    }))
}

async fn set(
    State(shelves): State<Shelves>,
    IdPath(product_id): IdPath<ProductId>,
    JsonBody(SetStock { quantity }): JsonBody<SetStock>,
) -> Result<Json<StockLevel>, Problem> {
    let level = shelves.set(product_id, quantity).await?;
    let (product_id, stock) = (&level.product_id, level.quantity.get());
    tracing::info!(%product_id, stock, "stock of {product_id} set to {stock}");
    Ok(Json(level))
}

async fn check(
    State(shelves): State<Shelves>,
    JsonBody(StockCheck {
        product_id,
        quantity,
    }): JsonBody<StockCheck>,
) -> Result<Json<Availability>, Problem> {
    let stock = shelves
        .check(product_id.clone())
        .await?
        .ok_or_else(unknown_product)?;
    Ok(Json(Availability {
        product_id,
        requested: quantity,
        available: stock.get() >= quantity.get(),
        current_stock: stock,
    }))
}

async fn reserve(
    State(shelves): State<Shelves>,
    JsonBody(new): JsonBody<NewReservation>,
) -> Result<(StatusCode, Json<Reservation>), Problem> {
    let (order_id, product_id) = (new.order_id.clone(), new.product_id.clone());
    let quantity = new.quantity.get();
    match shelves.reserve(new).await? {
        Reserved::Now(reservation) => {
            tracing::info!(
                %order_id,
                %product_id,
                quantity,
                remaining = reservation.remaining.get(),
                "{quantity} of {product_id} reserved for order {order_id}"
            );
            Ok((StatusCode::CREATED, Json(reservation)))
        }
        Reserved::Before(reservation) => {
            tracing::info!(
                %order_id,
                %product_id,
                quantity,
                "{quantity} of {product_id} were reserved for order {order_id} before"
            );
            Ok((StatusCode::CREATED, Json(reservation)))
        }
        Reserved::Short(stock) => {
            tracing::warn!(
                %order_id,
                %product_id,
                quantity,
                stock = stock.get(),
                "{quantity} of {product_id} wanted for order {order_id}, {} in stock",
                stock.get()
            );
            Err(Problem::insufficient_inventory(stock.get(), quantity))
        }
        Reserved::UnknownProduct => Err(unknown_product()),
        Reserved::Different => Err(Problem::new(
            ProblemKind::ReservationDiffers,
            "This order has asked for another product or quantity before.",
        )),
        Reserved::Released => Err(Problem::new(
            ProblemKind::ReservationReleased,
            "This order has given its reservation back; it cannot be taken again.",
        )),
    }
}

async fn release(
    State(shelves): State<Shelves>,
    IdPath(order_id): IdPath<OrderId>,
) -> Result<StatusCode, Problem> {
    if shelves.release(order_id.clone()).await? {
        tracing::info!(%order_id, "reservation of order {order_id} released");
    }
    Ok(StatusCode::NO_CONTENT)
}
