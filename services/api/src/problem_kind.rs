//! The kinds of problem that a client can meet, each with a URI of its own (RFC 9457 section 3.1.1).

use http::StatusCode;

/// A kind of problem: its status, its title, and what a client can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The request cannot be understood.
    BadRequest,
    /// The route asks for a sign-in, and the request bears no token that is accepted.
    SignInRequired,
    /// The token is accepted, and its bearer may not do this.
    Forbidden,
    /// No route leads there.
    NotFound,
    /// There is no such product.
    ProductNotFound,
    /// There is no such order.
    OrderNotFound,
    /// There is no such trace.
    TraceNotFound,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// The client sent its request too slowly.
    RequestTimeout,
    /// Fewer pieces in stock than wanted.
    InsufficientInventory,
    /// A reservation was given back and cannot be taken again.
    ReservationReleased,
    /// A reservation asks for something else than it did before.
    ReservationDiffers,
    /// The body is larger than [`crate::Problem::BODY_LIMIT`].
    PayloadTooLarge,
    /// The body has a type that is not taken here.
    UnsupportedMediaType,
    /// An `Idempotency-Key` came with another body before.
    IdempotencyKeyReused,
    /// Too many requests in too short a time.
    TooManyRequests,
    /// A fault of the shop.
    Internal,
    /// A service broke off before its answer was complete, or answered nonsense.
    BadGateway,
    /// A part that is needed is down. Nothing was done.
    Unavailable,
    /// A service did not answer in time.
    GatewayTimeout,
    /// A request has come back to a gateway that it had passed.
    LoopDetected,
}

impl ProblemKind {
    /// Every kind, by status.
    pub const ALL: [Self; 21] = [
        Self::BadRequest,
        Self::SignInRequired,
        Self::Forbidden,
        Self::NotFound,
        Self::ProductNotFound,
        Self::OrderNotFound,
        Self::TraceNotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::InsufficientInventory,
        Self::ReservationReleased,
        Self::ReservationDiffers,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyKeyReused,
        Self::TooManyRequests,
        Self::Internal,
        Self::BadGateway,
        Self::Unavailable,
        Self::GatewayTimeout,
        Self::LoopDetected,
    ];

    /// The status that it is answered with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::SignInRequired => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::ProductNotFound | Self::OrderNotFound | Self::TraceNotFound => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::InsufficientInventory | Self::ReservationReleased => StatusCode::CONFLICT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ReservationDiffers | Self::IdempotencyKeyReused => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::GatewayTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::LoopDetected => StatusCode::LOOP_DETECTED,
        }
    }

    /// Its title: the same for each problem of the kind.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadRequest => "Bad request",
            Self::SignInRequired => "Sign-in required",
            Self::Forbidden => "Not allowed",
            Self::NotFound => "Not found",
            Self::ProductNotFound => "Product not found",
            Self::OrderNotFound => "Order not found",
            Self::TraceNotFound => "Trace not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::RequestTimeout => "Request timeout",
            Self::InsufficientInventory => "Insufficient inventory",
            Self::ReservationReleased => "Reservation released",
            Self::ReservationDiffers => "Reservation differs",
            Self::PayloadTooLarge => "Payload too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::IdempotencyKeyReused => "Idempotency-Key used before",
            Self::TooManyRequests => "Too many requests",
            Self::Internal => "Internal server error",
            Self::BadGateway => "Bad gateway",
            Self::Unavailable => "Service unavailable",
            Self::GatewayTimeout => "Gateway timeout",
            Self::LoopDetected => "Loop detected",
        }
    }

    /// Its `type`: the path at the gateway where it is explained to people.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::BadRequest => "/api/problems/bad-request",
            Self::SignInRequired => "/api/problems/sign-in-required",
            Self::Forbidden => "/api/problems/forbidden",
            Self::NotFound => "/api/problems/not-found",
            Self::ProductNotFound => "/api/problems/product-not-found",
            Self::OrderNotFound => "/api/problems/order-not-found",
            Self::TraceNotFound => "/api/problems/trace-not-found",
            Self::MethodNotAllowed => "/api/problems/method-not-allowed",
            Self::RequestTimeout => "/api/problems/request-timeout",
            Self::InsufficientInventory => "/api/problems/insufficient-inventory",
            Self::ReservationReleased => "/api/problems/reservation-released",
            Self::ReservationDiffers => "/api/problems/reservation-differs",
            Self::PayloadTooLarge => "/api/problems/payload-too-large",
            Self::UnsupportedMediaType => "/api/problems/unsupported-media-type",
            Self::IdempotencyKeyReused => "/api/problems/idempotency-key-reused",
            Self::TooManyRequests => "/api/problems/too-many-requests",
            Self::Internal => "/api/problems/internal",
            Self::BadGateway => "/api/problems/bad-gateway",
            Self::Unavailable => "/api/problems/unavailable",
            Self::GatewayTimeout => "/api/problems/gateway-timeout",
            Self::LoopDetected => "/api/problems/loop-detected",
        }
    }

    /// What it means and what a client can do about it, in a few sentences.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::BadRequest => {
                "The request cannot be understood; `detail` names the field. Change it before you send it again."
            }
            Self::SignInRequired => {
                "The request bears no token, or one that is not accepted: it has expired, or is not of the issuer that this shop trusts. Sign in, and send the token as `Authorization: Bearer`."
            }
            Self::Forbidden => {
                "Nobody of your role may do this. The OpenAPI document says which role each operation asks for."
            }
            Self::NotFound => {
                "There is nothing at this path. The OpenAPI document lists all paths."
            }
            Self::ProductNotFound => "There is no product of this id, or no stock under it.",
            Self::OrderNotFound => "There is no order of this id.",
            Self::TraceNotFound => {
                "There is no trace of this id, or its spans have not arrived yet. They arrive within seconds."
            }
            Self::MethodNotAllowed => {
                "The path does not offer this method. The `Allow` header lists those that it does."
            }
            Self::RequestTimeout => {
                "The body did not arrive in time. Nothing was done; send it again."
            }
            Self::InsufficientInventory => {
                "Fewer pieces are in stock than were wanted: `currentStock` and `requested` say how many. With an `orderId` the order is stored as REJECTED. Order fewer, or try again later."
            }
            Self::ReservationReleased => {
                "The order has given its reservation back. A reservation is taken once for each order."
            }
            Self::ReservationDiffers => {
                "The order has asked for another product or quantity before. A reservation does not change."
            }
            Self::PayloadTooLarge => "The body is larger than 64 KiB. Nothing was done.",
            Self::UnsupportedMediaType => {
                "The body has a type that this path does not take. Send JSON as application/json."
            }
            Self::IdempotencyKeyReused => {
                "The same Idempotency-Key came with another body before. Use a new key for a new order."
            }
            Self::TooManyRequests => {
                "Too many requests in too short a time. `Retry-After` says when to try again."
            }
            Self::Internal => "A fault of the shop. The trace of `traceId` leads to the cause.",
            Self::BadGateway => {
                "The connection to a service broke after the request was sent, or the contract does not allow its answer. For a request that changes something the outcome is unknown: send it again with the same Idempotency-Key, or look at the list of orders."
            }
            Self::Unavailable => {
                "A part that is needed is down, and nothing was done. `Retry-After` says when to try again."
            }
            Self::GatewayTimeout => {
                "A service did not answer in time. For a request that changes something the outcome is unknown: send it again with the same Idempotency-Key, or look at the list of orders."
            }
            Self::LoopDetected => {
                "The request came back to a gateway that it had passed before: an upstream address is wrong. An operator has to correct it."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_kind_has_a_uri_and_a_title_of_its_own() {
        let uris: HashSet<_> = ProblemKind::ALL.iter().map(|kind| kind.uri()).collect();
        let titles: HashSet<_> = ProblemKind::ALL.iter().map(|kind| kind.title()).collect();
        assert_eq!(uris.len(), ProblemKind::ALL.len());
        assert_eq!(titles.len(), ProblemKind::ALL.len());
    }
}
