//! Which orders a request is driving right now.
//!
//! The settler leaves them alone. Correctness does not depend on it, since a reservation is taken
//! once and an order settled once; it only saves inventory a second request.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use api::OrderId;
use parking_lot::Mutex;

/// The orders that requests drive. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Driven {
    /// By how many requests each is driven: a repeated request drives its order as well.
    orders: Arc<Mutex<HashMap<OrderId, u32>>>,
}

/// A request that drives an order, until it is dropped: by its end, a panic, or an abort.
#[derive(Debug)]
#[must_use]
pub(crate) struct Driving {
    driven: Driven,
    id: OrderId,
}

impl Driven {
    /// A request begins to drive this order. For a new order this comes before its insert, so
    /// that it is never seen pending and not driven.
    pub(crate) fn begin(&self, id: OrderId) -> Driving {
        *self.orders.lock().entry(id.clone()).or_default() += 1;
        Driving {
            driven: self.clone(),
            id,
        }
    }

    /// Whether a request drives this order.
    pub(crate) fn contains(&self, id: &OrderId) -> bool {
        self.orders.lock().contains_key(id)
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        if let Entry::Occupied(mut requests) = self.driven.orders.lock().entry(self.id.clone()) {
            *requests.get_mut() -= 1;
            if *requests.get() == 0 {
                requests.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_order_is_driven_until_its_last_request_has_ended_however_that_ends() {
        let driven = Driven::default();
        let id: OrderId = "order".parse().unwrap();
        assert!(!driven.contains(&id));
        let first = driven.begin(id.clone());
        let second = driven.begin(id.clone());
        drop(first);
        assert!(driven.contains(&id));
        drop(second);
        assert!(!driven.contains(&id));

        let driving = driven.begin(id.clone());
        let panicking = tokio::spawn(async move {
            let _driving = driving;
            panic!("as a bug would");
        });
        assert!(panicking.await.unwrap_err().is_panic());
        assert!(!driven.contains(&id));

        let driving = driven.begin(id.clone());
        let hanging = tokio::spawn(async move {
            let _driving = driving;
            std::future::pending::<()>().await;
        });
        assert!(driven.contains(&id));
        hanging.abort();
        assert!(hanging.await.unwrap_err().is_cancelled());
        assert!(!driven.contains(&id));
        assert!(driven.orders.lock().is_empty());
    }
}
