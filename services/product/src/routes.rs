//! The routes of the product service.

use api::{NewProduct, Problem, ProblemKind, Product, ProductId};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use server::{IdPath, JsonBody};

use crate::catalogue::Catalogue;

pub(crate) fn router(catalogue: Catalogue) -> Router {
    Router::new()
        .route("/products", get(list).post(add))
        .route("/products/{id}", get(one))
        .with_state(catalogue)
}

async fn list(State(catalogue): State<Catalogue>) -> Result<Json<Vec<Product>>, Problem> {
    Ok(Json(catalogue.all().await?))
}

async fn one(
    State(catalogue): State<Catalogue>,
    IdPath(id): IdPath<ProductId>,
) -> Result<Json<Product>, Problem> {
    let product = catalogue.get(id).await?;
    product.map(Json).ok_or_else(|| {
        Problem::new(
            ProblemKind::ProductNotFound,
            "There is no product with this id.",
        )
    })
}

async fn add(
    State(catalogue): State<Catalogue>,
    JsonBody(new): JsonBody<NewProduct>,
) -> Result<Response, Problem> {
    let product = catalogue.add(new).await?;
    tracing::info!(
        product_id = %product.id,
        price = product.price.as_units(),
        "product {} added",
        product.id
    );
    let location = format!("/products/{}", product.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(product),
    )
        .into_response())
}
