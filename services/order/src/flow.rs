//! The order flow: a saga that survives a crash at every step.
//!
//! Look the product up, check the stock, store the order as `PENDING`, reserve under the order's
//! id, store it as `CREATED`. Up to the first store nothing has happened; from then on the order
//! is driven forward until inventory has said yes or no, by its request or by [`crate::settle`].
//! Both may do it at once: a reservation is taken once, and an order settled once.

use api::{
    IdempotencyKey, NewOrder, NewReservation, OrderId, OrderStatus, Owner, Problem, ProblemKind,
    Product,
};
use client::PeerError;
use deadline::Deadline;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use store::StoreError;
use telemetry::traces::{in_span, traceparent};

use crate::driven::{Driven, Driving};
use crate::inventory_client::{InventoryClient, Reserved, Stocked};
use crate::ledger::{Entry, Inserted, Ledger};
use crate::metrics::{OrderMetrics, Outcome};
use crate::product_client::ProductClient;
use crate::sender::OwnKey;

/// When to try again, in seconds, after a peer was down: about as long as a restart takes.
const RETRY_AFTER: u16 = 2;

/// The flow and what it needs.
#[derive(Debug)]
pub(crate) struct OrderFlow {
    pub(crate) ledger: Ledger,
    pub(crate) products: ProductClient,
    pub(crate) inventory: InventoryClient,
    pub(crate) driven: Driven,
    /// Whether each request has to name a person.
    pub(crate) require_person: bool,
    pub(crate) tracer: SdkTracer,
    pub(crate) metrics: OrderMetrics,
}

/// An order that is stored, and is not refused.
#[derive(Debug)]
pub(crate) enum Placed {
    /// Its stock is reserved.
    Created(Entry),
    /// Whether its stock is reserved is not known yet.
    Pending(Entry),
}

/// Why an order is not stored.
#[derive(Debug)]
enum Refusal {
    NoProduct,
    /// Only so many pieces are in stock.
    Short(u32),
    /// A service that is needed failed.
    Peer(PeerError),
}

impl From<PeerError> for Refusal {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

impl OrderFlow {
    /// Makes an order, or finds the one that the same request has made before. After the deadline no new
    /// one is stored: nobody would wait for its answer.
    pub(crate) async fn create(
        &self,
        new: NewOrder,
        key: Option<IdempotencyKey>,
        owner: Option<Owner>,
        deadline: Option<Deadline>,
    ) -> Result<Placed, Problem> {
        let key = key.map(|key| OwnKey::new(key, owner.clone()));
        let attributes = vec![
            KeyValue::new("product.id", new.product_id.to_string()),
            KeyValue::new("order.quantity", i64::from(new.quantity.get())),
        ];
        let created = in_span(&self.tracer, "create_order", attributes, async |context| {
            if let Some(earlier) = self.earlier(key.as_ref()).await? {
                return self.repeated(earlier, &new, context).await;
            }
            let id = OrderId::new_unique();
            context.span().set_attribute(order_id(&id));
            let new = self.create_new(id, new, key, owner, deadline, context);
            new.await
        })
        .await;
        if created.as_ref().is_err_and(|problem| problem.status >= 500) {
            self.metrics.count(Outcome::Failed);
        }
        created
    }

    async fn create_new(
        &self,
        id: OrderId,
        new: NewOrder,
        key: Option<OwnKey>,
        owner: Option<Owner>,
        deadline: Option<Deadline>,
        context: &Context,
    ) -> Result<Placed, Problem> {
        let orderable = self.orderable(&new);
        let orderable = match deadline {
            Some(deadline) => deadline.scope(orderable).await,
            None => orderable.await,
        };
        let is_over = deadline.is_some_and(Deadline::is_over);
        let product = match orderable {
            Ok(product) => product,
            Err(refusal) => {
                // The same request may run at the same time and be further: it may have taken what
                // is missing, or have been answered by a service that is gone now.
                return match self.earlier(key.as_ref()).await? {
                    Some(earlier) => self.repeated(earlier, &new, context).await,
                    // The peer had no more time than the request, and is not to blame.
                    None if is_over && matches!(refusal, Refusal::Peer(_)) => Err(too_late()),
                    None => Err(self.refused(&new, refusal)),
                };
            }
        };
        if is_over {
            return Err(too_late());
        }
        let has_key = key.is_some();
        let entry = Entry::new(id, product, new.quantity, traceparent(context), owner);
        let driving = self.driven.begin(entry.id.clone());
        match self.ledger.insert(entry.clone(), key).await {
            Ok(Inserted::New) => {
                let placed = self.drive(entry, driving).await?;
                // Here and not where it is driven: asked for again, it is still one order.
                if let Placed::Pending(_) = placed {
                    self.metrics.count(Outcome::Pending);
                }
                Ok(placed)
            }
            // The same request ran at the same time and was faster.
            Ok(Inserted::Earlier(earlier)) => self.repeated(earlier, &new, context).await,
            // Not driven: if it is stored after all, the settler finds it.
            Err(error) if error.is_uncertain() => Err(outcome_unknown(&error, has_key)),
            Err(error) => Err(error.into()),
        }
    }

    /// The product of an order, of which there are enough pieces now.
    async fn orderable(&self, new: &NewOrder) -> Result<Product, Refusal> {
        let product = self.products.get(&new.product_id).await?;
        let product = product.ok_or(Refusal::NoProduct)?;
        match self.inventory.check(&new.product_id, new.quantity).await? {
            Stocked::Enough => Ok(product),
            Stocked::Short(stock) => Err(Refusal::Short(stock)),
        }
    }

    /// Answers an order of which nothing is stored.
    fn refused(&self, new: &NewOrder, refusal: Refusal) -> Problem {
        let NewOrder {
            product_id,
            quantity,
        } = new;
        match refusal {
            Refusal::NoProduct => {
                self.metrics.count(Outcome::RejectedProduct);
                tracing::info!(%product_id, "order refused: there is no product {product_id}");
                Problem::new(
                    ProblemKind::ProductNotFound,
                    "There is no product of this id, so nothing was ordered.",
                )
            }
            Refusal::Short(stock) => {
                self.metrics.count(Outcome::RejectedStock);
                let quantity = quantity.get();
                tracing::warn!(
                    %product_id,
                    quantity,
                    stock,
                    "order refused: {quantity} of {product_id} wanted, {stock} in stock"
                );
                Problem::insufficient_inventory(stock, quantity)
            }
            Refusal::Peer(error) => nothing_stored(&error),
        }
    }

    /// The order that was made under this key, if there is one.
    async fn earlier(&self, key: Option<&OwnKey>) -> Result<Option<Entry>, StoreError> {
        match key {
            Some(key) => self.ledger.by_key(key.clone()).await,
            None => Ok(None),
        }
    }

    /// Answers a request whose key has been used before.
    async fn repeated(
        &self,
        earlier: Entry,
        new: &NewOrder,
        context: &Context,
    ) -> Result<Placed, Problem> {
        context.span().set_attribute(order_id(&earlier.id));
        if earlier.product_id != new.product_id || earlier.quantity != new.quantity {
            return Err(Problem::new(
                ProblemKind::IdempotencyKeyReused,
                "The same Idempotency-Key came with another body before. Use a new key for a new order.",
            ));
        }
        tracing::info!(order_id = %earlier.id, "order {} was asked for again", earlier.id);
        match earlier.status {
            OrderStatus::Created => Ok(Placed::Created(earlier)),
            OrderStatus::Rejected => Err(rejected(&earlier, earlier.stock_when_rejected)),
            OrderStatus::Pending => {
                let driving = self.driven.begin(earlier.id.clone());
                self.drive(earlier, driving).await
            }
        }
    }

    /// Drives a stored order forward for as long as its client waits.
    async fn drive(&self, mut entry: Entry, _driving: Driving) -> Result<Placed, Problem> {
        let id = entry.id.clone();
        let outcome = match self.inventory.reserve(&reservation(&entry)).await {
            Ok(reserved) => self
                .settle(&entry, reserved)
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.chain()),
        };
        match outcome {
            Ok(Reserved::Done) => {
                entry.status = OrderStatus::Created;
                Ok(Placed::Created(entry))
            }
            Ok(Reserved::Short(stock)) => Err(rejected(&entry, Some(stock))),
            Err(cause) => {
                tracing::warn!(
                    order_id = %id,
                    cause,
                    "order {id} stays pending, it will be settled in the background: {cause}"
                );
                Ok(Placed::Pending(entry))
            }
        }
    }

    /// Stores the outcome that inventory has decided, once.
    pub(crate) async fn settle(
        &self,
        entry: &Entry,
        reserved: Reserved,
    ) -> Result<Reserved, StoreError> {
        let (id, product_id) = (&entry.id, &entry.product_id);
        let quantity = entry.quantity.get();
        let (status, stock) = match reserved {
            Reserved::Done => (OrderStatus::Created, None),
            Reserved::Short(stock) => (OrderStatus::Rejected, Some(stock)),
        };
        let settled_here = self.ledger.settle(id.clone(), status, stock).await?;
        match reserved {
            _ if !settled_here => {}
            Reserved::Done => {
                let total = entry.total();
                self.metrics.count_created(total);
                tracing::info!(
                    order_id = %id,
                    %product_id,
                    quantity,
                    total_price = total.as_units(),
                    "order {id} created: {quantity} of {product_id}"
                );
            }
            Reserved::Short(stock) => {
                self.metrics.count(Outcome::RejectedStock);
                tracing::warn!(
                    order_id = %id,
                    %product_id,
                    quantity,
                    stock,
                    "order {id} rejected: {quantity} of {product_id} wanted, {stock} in stock"
                );
            }
        }
        Ok(reserved)
    }
}

/// A peer failed before anything was stored.
fn nothing_stored(error: &PeerError) -> Problem {
    let peer = error.peer();
    let failure = match error {
        PeerError::Unexpected { .. } => "failed",
        _ => "gives no answer",
    };
    let detail = format!("{peer} {failure}, so nothing was ordered. Try again in a moment.");
    Problem::unavailable(detail, RETRY_AFTER).caused_by(&error.chain())
}

/// The time of the request was over before anything was stored.
fn too_late() -> Problem {
    Problem::gateway_timeout("The time for this request is over. Nothing was ordered.")
        .caused_by(&"the deadline that the request brought has passed")
}

/// The disk failed while the order was stored.
fn outcome_unknown(error: &StoreError, has_key: bool) -> Problem {
    let advice = if has_key {
        "Send it again with the same Idempotency-Key to learn what became of it, or look at the \
         list of orders."
    } else {
        "Look at the list of orders before you send it again. An order with an Idempotency-Key can \
         be sent again safely, with the same key."
    };
    let detail = format!(
        "The disk failed while the order was stored. The outcome is unknown: it may stand. {advice}"
    );
    Problem::bad_gateway(detail).caused_by(error)
}

fn order_id(id: &OrderId) -> KeyValue {
    KeyValue::new("order.id", id.to_string())
}

/// What is asked of inventory for an order: the same each time.
pub(crate) fn reservation(entry: &Entry) -> NewReservation {
    NewReservation {
        order_id: entry.id.clone(),
        product_id: entry.product_id.clone(),
        quantity: entry.quantity,
    }
}

fn rejected(entry: &Entry, stock: Option<u32>) -> Problem {
    Problem::insufficient_inventory(stock.unwrap_or(0), entry.quantity.get())
        .of_order(entry.id.clone())
}
