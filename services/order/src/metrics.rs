//! The metrics of orders: how many, by their outcome, and their value.

use api::Money;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{self, MetricFamily};
use prometheus::{IntCounter, IntCounterVec, Opts};
use telemetry::metrics::Metrics;

/// The families of the order service.
#[derive(Clone, Debug)]
pub(crate) struct OrderMetrics {
    orders: IntCounterVec,
    value: OrderValue,
    attempts: IntCounterVec,
}

/// The value of orders: kept in cents, so that no sum of binary fractions drifts, and shown in
/// units.
#[derive(Clone, Debug)]
struct OrderValue {
    cents: IntCounter,
}

/// How a request for an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its stock is reserved.
    Created,
    /// There was too little stock.
    RejectedStock,
    /// There is no such product.
    RejectedProduct,
    /// It is stored, and whether its stock is reserved is not known yet. When it is, the order
    /// counts once more, as created or rejected.
    Pending,
    /// A part was down, or broke, and nothing was stored; or the disk failed so that nobody knows. If
    /// the order turns out to be stored, it counts once more when it is settled.
    Failed,
}

/// How an attempt to settle a pending order in the background ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// The order has its outcome.
    Settled,
    /// It is still pending.
    Failed,
}

impl Outcome {
    const ALL: [Self; 5] = [
        Self::Created,
        Self::RejectedStock,
        Self::RejectedProduct,
        Self::Pending,
        Self::Failed,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RejectedStock => "rejected_stock",
            Self::RejectedProduct => "rejected_product",
            Self::Pending => "pending",
            Self::Failed => "failed",
        }
    }
}

impl Attempt {
    const ALL: [Self; 2] = [Self::Settled, Self::Failed];

    const fn label(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Failed => "failed",
        }
    }
}

impl OrderMetrics {
    pub(crate) fn new(metrics: &Metrics) -> prometheus::Result<Self> {
        let orders = IntCounterVec::new(
            Opts::new(
                "shop_orders_total",
                "Requests for an order, by how they ended.",
            ),
            &["result"],
        )?;
        // A rate over a series that begins at its first event misses that event.
        for outcome in Outcome::ALL {
            orders.with_label_values(&[outcome.label()]);
        }
        let value = OrderValue {
            cents: IntCounter::new(
                "shop_order_value_total",
                "The total price of all created orders, in currency units.",
            )?,
        };
        let attempts = IntCounterVec::new(
            Opts::new(
                "shop_order_settle_attempts_total",
                "Attempts to settle a pending order in the background, by how they ended.",
            ),
            &["result"],
        )?;
        for attempt in Attempt::ALL {
            attempts.with_label_values(&[attempt.label()]);
        }
        metrics.register(Box::new(orders.clone()))?;
        metrics.register(Box::new(value.clone()))?;
        metrics.register(Box::new(attempts.clone()))?;
        Ok(Self {
            orders,
            value,
            attempts,
        })
    }

    pub(crate) fn count(&self, outcome: Outcome) {
        self.orders.with_label_values(&[outcome.label()]).inc();
    }

    pub(crate) fn count_attempt(&self, attempt: Attempt) {
        self.attempts.with_label_values(&[attempt.label()]).inc();
    }

    pub(crate) fn count_created(&self, total: Money) {
        self.count(Outcome::Created);
        let cents = u64::try_from(total.cents()).expect("a price is not negative");
        self.value.cents.inc_by(cents);
    }
}

impl Collector for OrderValue {
    fn desc(&self) -> Vec<&Desc> {
        self.cents.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = self.cents.collect();
        let metrics = families.iter_mut().flat_map(MetricFamily::mut_metric);
        for metric in metrics {
            let mut units = proto::Counter::default();
            units.set_value(metric.get_counter().get_value() / 100.0);
            metric.set_counter(units);
        }
        families
    }
}
