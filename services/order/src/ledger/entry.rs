//! An order as it is kept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{Money, OrderId, OrderStatus, Owner, Product, ProductId, ProductName, Quantity};
use store::rusqlite::types::ValueRef;
use store::rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// The columns of an [`Entry`], in the order in which [`Entry::from_row`] reads them.
pub(super) const COLUMNS: &str = "id, product_id, product_name, quantity, unit_price_cents, \
                                  status, stock_when_rejected, created_at_ms, traceparent, owner";

/// The place of the owner among them.
const OWNER: usize = 9;

/// An order as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: OrderId,
    pub(crate) product_id: ProductId,
    pub(crate) product_name: ProductName,
    pub(crate) quantity: Quantity,
    pub(crate) unit_price: Money,
    pub(crate) status: OrderStatus,
    /// For a rejected order: what was in stock.
    pub(crate) stock_when_rejected: Option<u32>,
    /// Milliseconds since 1970, for people: nothing is decided by it.
    created_at_ms: i64,
    /// The span that made the order (W3C `traceparent`), so that settling it later continues
    /// its trace.
    pub(crate) traceparent: String,
    /// Whose it is; nobody's where people do not sign in.
    pub(crate) owner: Option<Owner>,
}

impl Entry {
    /// A pending order, made now.
    pub(crate) fn new(
        id: OrderId,
        product: Product,
        quantity: Quantity,
        traceparent: String,
        owner: Option<Owner>,
    ) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let created_at_ms = i64::try_from(since.unwrap_or_default().as_millis());
        Self {
            id,
            product_id: product.id,
            product_name: product.name,
            quantity,
            unit_price: product.price,
            status: OrderStatus::Pending,
            stock_when_rejected: None,
            created_at_ms: created_at_ms.unwrap_or(i64::MAX),
            traceparent,
            owner,
        }
    }

    /// The price of all pieces.
    pub(crate) fn total(&self) -> Money {
        self.unit_price.times(self.quantity)
    }

    /// When it was made, by the clock of the process that made it.
    pub(crate) fn created_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.created_at_ms).unwrap_or_default())
    }

    /// The order as the outside sees it.
    pub(crate) fn order(self) -> api::Order {
        let total_price = self.total();
        let created_at = humantime::format_rfc3339_millis(self.created_at()).to_string();
        api::Order {
            id: self.id,
            product_id: self.product_id,
            product_name: self.product_name,
            quantity: self.quantity,
            unit_price: self.unit_price,
            total_price,
            status: self.status,
            // The second part of a W3C traceparent.
            trace_id: self
                .traceparent
                .split('-')
                .nth(1)
                .unwrap_or_default()
                .to_owned(),
            created_at,
        }
    }

    pub(super) fn insert(&self, connection: &Connection) -> Result<()> {
        connection
            .prepare_cached(&format!(
                "INSERT INTO orders ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
            ))?
            .execute(params![
                self.id.as_str(),
                self.product_id.as_str(),
                self.product_name.as_str(),
                self.quantity.get(),
                self.unit_price.cents(),
                self.status.as_str(),
                self.stock_when_rejected,
                self.created_at_ms,
                self.traceparent,
                self.owner.as_ref().map(Owner::as_str)
            ])
            .map(drop)
    }

    pub(super) fn find(connection: &Connection, id: &OrderId) -> Result<Option<Self>> {
        connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM orders WHERE id = ?1"))?
            .query_row([id.as_str()], Self::from_row)
            .optional()
    }

    pub(super) fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: store::parsed(row, 0)?,
            product_id: store::parsed(row, 1)?,
            product_name: store::parsed(row, 2)?,
            quantity: Quantity::from_stored(row.get(3)?),
            unit_price: Money::from_cents(row.get(4)?),
            status: store::parsed(row, 5)?,
            stock_when_rejected: row.get(6)?,
            created_at_ms: row.get(7)?,
            traceparent: row.get(8)?,
            owner: owner(row)?,
        })
    }
}

fn owner(row: &Row<'_>) -> Result<Option<Owner>> {
    match row.get_ref(OWNER)? {
        ValueRef::Null => Ok(None),
        _ => store::parsed(row, OWNER).map(Some),
    }
}
