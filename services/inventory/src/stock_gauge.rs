//! `shop_stock_units`: what is in stock of each product.
//!
//! A client can set the stock of any id, but a label must not be a client's to choose. So a
//! product has a series once somebody inside the shop has asked for it: the products of the
//! first start, and those that an order has named, whose ids the product service made.

use std::collections::HashMap;
use std::sync::Arc;

use api::{ProductId, Stock, StockLevel};
use parking_lot::{Mutex, MutexGuard};
use prometheus::{IntGauge, IntGaugeVec, Opts};
use telemetry::metrics::Metrics;

/// How many products have a series of their own: beyond this a dashboard cannot show them, and
/// a scrape grows for nothing.
const SERIES: usize = 1000;

/// The gauge and the products that it shows. It moves on the writer's thread, after the commit
/// that moves the stock. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct StockGauge {
    units: IntGaugeVec,
    /// The series of a product is none until its stock is known.
    shown: Arc<Mutex<HashMap<ProductId, Option<IntGauge>>>>,
}

impl StockGauge {
    pub(crate) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let gauge = Self::unregistered()?;
        metrics.register(Box::new(gauge.units.clone()))?;
        Ok(gauge)
    }

    fn unregistered() -> prometheus::Result<Self> {
        let options = Opts::new("shop_stock_units", "Pieces in stock that can be sold.");
        Ok(Self {
            units: IntGaugeVec::new(options, &["product_id"])?,
            shown: Arc::default(),
        })
    }

    /// Shows the product from its next [`StockGauge::set`] on, if there is room; whether it was
    /// not shown before.
    pub(crate) fn show(&self, product: &ProductId) -> bool {
        let mut shown = self.shown();
        let is_new = shown.len() < SERIES && !shown.contains_key(product);
        if is_new {
            shown.insert(product.clone(), None);
        }
        is_new
    }

    /// The stock of a product as it was read after [`StockGauge::show`]. What a commit has set
    /// since is newer and stays. Without a stock the product is not shown.
    pub(crate) fn begin(&self, product: &ProductId, stock: Option<Stock>) {
        let mut shown = self.shown();
        if let Some(None) = shown.get(product) {
            match stock {
                Some(stock) => {
                    let series = self.series(product);
                    series.set(i64::from(stock.get()));
                    shown.insert(product.clone(), Some(series));
                }
                None => drop(shown.remove(product)),
            }
        }
    }

    /// Sets the product's units, if it is shown.
    pub(crate) fn set(&self, level: &StockLevel) {
        let StockLevel {
            product_id,
            quantity,
        } = level;
        if let Some(series) = self.shown().get_mut(product_id) {
            series
                .get_or_insert_with(|| self.series(product_id))
                .set(i64::from(quantity.get()));
        }
    }

    fn series(&self, product: &ProductId) -> IntGauge {
        self.units.with_label_values(&[product.as_str()])
    }

    fn shown(&self) -> MutexGuard<'_, HashMap<ProductId, Option<IntGauge>>> {
        // A lock that a panic has poisoned holds whole values all the same.
        self.shown.lock()
    }
}

#[cfg(test)]
mod tests {
    use prometheus::core::Collector;
    use prometheus::proto::MetricFamily;

    use super::*;

    fn level(product: &str, quantity: u32) -> StockLevel {
        StockLevel {
            product_id: product.parse().unwrap(),
            quantity: Stock::from_stored(quantity),
        }
    }

    fn units(gauge: &StockGauge) -> Vec<f64> {
        let families = gauge.units.collect();
        let metrics = families.iter().flat_map(MetricFamily::get_metric);
        metrics
            .map(|metric| metric.get_gauge().get_value())
            .collect()
    }

    #[test]
    fn what_was_read_never_takes_the_place_of_what_a_commit_has_set_since() {
        let gauge = StockGauge::unregistered().unwrap();
        let product = level("product1", 0).product_id;
        gauge.set(&level("product1", 5));
        assert!(units(&gauge).is_empty(), "nobody has asked for it");
        assert!(gauge.show(&product));
        assert!(!gauge.show(&product));
        assert!(units(&gauge).is_empty(), "its stock is not known");
        gauge.set(&level("product1", 3));
        gauge.begin(&product, Some(Stock::from_stored(5)));
        assert_eq!(units(&gauge), [3.0]);
    }

    #[test]
    fn a_product_without_a_stock_has_no_series_and_takes_no_room() {
        let gauge = StockGauge::unregistered().unwrap();
        let product = level("product1", 0).product_id;
        gauge.show(&product);
        gauge.begin(&product, None);
        assert!(units(&gauge).is_empty());
        assert!(gauge.show(&product));
        gauge.begin(&product, Some(Stock::from_stored(7)));
        assert_eq!(units(&gauge), [7.0]);
    }
}
