//! `shop_stock_units`: what is in stock of each product.
//!
//! A client can set the stock of any id, but a label must not be a client's to choose. So a
//! product has a series once somebody inside the shop has asked for it: the products of the
//! first start, and those that an order has named, whose ids the product service made.

use std::collections::HashMap;
use std::sync::Arc;

use api::{ProductId, Stock, StockLevel};
use parking_lot::Mutex;
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

/// Room for the series of a product. It is free again when this is dropped and no series has begun:
/// the product has no stock, or nobody waits for the read any more.
#[derive(Debug)]
#[must_use]
pub(crate) struct Room {
    gauge: StockGauge,
    product: ProductId,
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

    /// Room for the series of a product whose stock is to be read, unless it has some or there is
    /// none left.
    pub(crate) fn make_room(&self, product: &ProductId) -> Option<Room> {
        let mut shown = self.shown.lock();
        if shown.len() >= SERIES || shown.contains_key(product) {
            return None;
        }
        shown.insert(product.clone(), None);
        Some(Room {
            gauge: self.clone(),
            product: product.clone(),
        })
    }

    /// Sets the product's units, and shows it from now on if there is room.
    pub(crate) fn show(&self, level: &StockLevel) {
        let _room = self.make_room(&level.product_id);
        self.set(level);
    }

    /// Sets the product's units, if it is shown.
    pub(crate) fn set(&self, level: &StockLevel) {
        let StockLevel {
            product_id,
            quantity,
        } = level;
        if let Some(series) = self.shown.lock().get_mut(product_id) {
            series
                .get_or_insert_with(|| self.series(product_id))
                .set(i64::from(quantity.get()));
        }
    }

    fn series(&self, product: &ProductId) -> IntGauge {
        self.units.with_label_values(&[product.as_str()])
    }
}

impl Room {
    /// Begins the series with the stock that was read. What a commit has set since is newer and
    /// stays.
    pub(crate) fn fill(self, stock: Stock) {
        if let Some(series @ None) = self.gauge.shown.lock().get_mut(&self.product) {
            let begun = series.insert(self.gauge.series(&self.product));
            begun.set(i64::from(stock.get()));
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut shown = self.gauge.shown.lock();
        if let Some(None) = shown.get(&self.product) {
            shown.remove(&self.product);
        }
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
        let room = gauge.make_room(&product).unwrap();
        assert!(gauge.make_room(&product).is_none());
        assert!(units(&gauge).is_empty(), "its stock is not known");
        gauge.set(&level("product1", 3));
        room.fill(Stock::from_stored(5));
        assert_eq!(units(&gauge), [3.0]);
    }

    #[test]
    fn a_product_without_a_stock_has_no_series_and_takes_no_room() {
        let gauge = StockGauge::unregistered().unwrap();
        let product = level("product1", 0).product_id;
        drop(gauge.make_room(&product));
        assert!(units(&gauge).is_empty() && gauge.shown.lock().is_empty());
        let room = gauge.make_room(&product).unwrap();
        room.fill(Stock::from_stored(7));
        assert_eq!(units(&gauge), [7.0]);
    }

    #[test]
    fn there_is_room_for_so_many_series_and_a_product_that_is_sold_takes_what_is_left() {
        let gauge = StockGauge::unregistered().unwrap();
        for number in 1..SERIES {
            gauge.show(&level(&format!("product{number}"), 1));
        }
        gauge.show(&level("last", 2));
        gauge.show(&level("too-many", 3));
        assert!(gauge.make_room(&level("too-many", 3).product_id).is_none());
        let units = units(&gauge);
        assert!(units.len() == SERIES && units.contains(&2.0) && !units.contains(&3.0));
    }
}
