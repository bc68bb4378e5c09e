//! `shop_stock_units`: what is on the shelf of each product.
//!
//! A client can make shelves of any name, but a label must not be a client's to choose. So a
//! product has a series once somebody inside the shop has asked for it: the products of the
//! first start, and those that an order has named, whose ids the product service made.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use api::{ProductId, Stock};
use prometheus::{IntGaugeVec, Opts};
use telemetry::metrics::Metrics;

/// How many products have a series of their own: beyond this a dashboard cannot show them, and
/// a scrape grows for nothing.
const SERIES: usize = 1000;

/// The gauge and the products that it shows.
#[derive(Clone, Debug)]
pub(crate) struct StockGauge {
    units: IntGaugeVec,
    shown: Arc<Mutex<HashSet<ProductId>>>,
}

impl StockGauge {
    pub(crate) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let options = Opts::new("shop_stock_units", "Pieces on the shelf that can be sold.");
        let units = IntGaugeVec::new(options, &["product_id"])?;
        metrics.register(Box::new(units.clone()))?;
        Ok(Self {
            units,
            shown: Arc::default(),
        })
    }

    /// Shows the product from now on, if there is room.
    pub(crate) fn show(&self, product: &ProductId, stock: Stock) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.len() < SERIES && !shown.contains(product) {
            shown.insert(product.clone());
            self.units
                .with_label_values(&[product.as_str()])
                .set(i64::from(stock.get()));
        }
    }

    /// Sets the product's units, if it is shown.
    pub(crate) fn set(&self, product: &ProductId, stock: Stock) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.contains(product) {
            self.units
                .with_label_values(&[product.as_str()])
                .set(i64::from(stock.get()));
        }
    }
}
