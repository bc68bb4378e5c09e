//! Where orders are kept.
//!
//! An order is inserted once, as `PENDING`, and changes once, to `CREATED` or `REJECTED`. Orders
//! are never deleted: they are the shop's books.

mod entry;
mod keys;
mod schema;

use std::path::Path;
use std::time::Duration;

use api::{OrderId, OrderStatus, Owner};
use server::BuildError;
use store::rusqlite::{Connection, OptionalExtension, Result, params};
use store::{Operation, Store, StoreError};
use telemetry::Telemetry;

use crate::pending_gauges::{Oldest, PendingGauges};
use crate::sender::OwnKey;
use entry::COLUMNS;
pub(crate) use entry::Entry;

/// The orders of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    store: Store,
    gauges: PendingGauges,
}

/// What became of an order that was to be inserted.
#[derive(Clone, Debug)]
pub(crate) enum Inserted {
    /// It is stored as pending.
    New,
    /// Nothing was stored: this order had been made under the same key.
    Earlier(Entry),
}

/// A page of the list of orders, the newest first.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// Whether there are older orders.
    pub(crate) more: bool,
}

/// A pending order and its place in the sequence of all orders.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) seq: i64,
    pub(crate) entry: Entry,
}

impl Ledger {
    pub(crate) async fn open(
        directory: &Path,
        telemetry: &Telemetry,
    ) -> std::result::Result<Self, BuildError> {
        let gauges = PendingGauges::new(&telemetry.metrics).map_err(BuildError::settings)?;
        let file = directory.join("orders.db");
        let store = Store::open(&file, schema::MIGRATIONS, telemetry).map_err(BuildError::store)?;
        let ledger = Self { store, gauges };
        ledger.count_pending().await.map_err(BuildError::store)?;
        Ok(ledger)
    }

    /// Writes to the disk: an error means that the store is unusable.
    pub(crate) async fn probe(&self) -> std::result::Result<(), StoreError> {
        self.store.probe().await
    }

    /// See [`Store::writer_ended`].
    pub(crate) fn writer_ended(&self) -> impl Future<Output = ()> + Send + 'static {
        self.store.writer_ended()
    }

    /// Inserts a pending order, unless its key has been used before.
    pub(crate) async fn insert(
        &self,
        entry: Entry,
        key: Option<OwnKey>,
    ) -> std::result::Result<Inserted, StoreError> {
        let gauges = self.gauges.clone();
        let inserted = self
            .store
            .write_then(
                Operation::new("INSERT", "orders"),
                move |connection| insert(connection, &entry, key.as_ref()),
                move |inserted| {
                    if matches!(inserted, Inserted::New) {
                        gauges.begun();
                    }
                },
            )
            .await;
        self.checked(inserted)
    }

    /// Settles a pending order; whether it was this call that did.
    pub(crate) async fn settle(
        &self,
        id: OrderId,
        status: OrderStatus,
        stock_when_rejected: Option<u32>,
    ) -> std::result::Result<bool, StoreError> {
        let gauges = self.gauges.clone();
        let settled = self
            .store
            .write_then(
                Operation::new("UPDATE", "orders"),
                move |connection| settle(connection, &id, status, stock_when_rejected),
                move |&settled| {
                    if settled {
                        gauges.settled();
                    }
                },
            )
            .await;
        self.checked(settled)
    }

    pub(crate) async fn get(&self, id: OrderId) -> std::result::Result<Option<Entry>, StoreError> {
        self.store
            .look_up(Operation::new("SELECT", "orders"), move |connection| {
                Entry::find(connection, &id)
            })
            .await
    }

    /// The order that was made under this key.
    pub(crate) async fn by_key(
        &self,
        key: OwnKey,
    ) -> std::result::Result<Option<Entry>, StoreError> {
        self.store
            .look_up(Operation::new("SELECT", "orders"), move |connection| {
                keys::find(connection, &key)
            })
            .await
    }

    /// Forgets at most `limit` idempotency keys that were used longer ago than `age`; how many.
    pub(crate) async fn forget_keys(
        &self,
        age: Duration,
        limit: u32,
    ) -> std::result::Result<usize, StoreError> {
        self.store
            .write(
                Operation::new("DELETE", "idempotency_keys"),
                move |connection| keys::forget(connection, age, limit),
            )
            .await
    }

    /// The newest `limit` orders, or those after `after`; none if there is no order of that id. With
    /// an owner there are no orders but the owner's.
    pub(crate) async fn page(
        &self,
        owner: Option<Owner>,
        limit: u32,
        after: Option<OrderId>,
    ) -> std::result::Result<Option<Page>, StoreError> {
        self.store
            .read(Operation::new("SELECT", "orders"), move |connection| {
                page(connection, owner.as_ref(), limit, after.as_ref())
            })
            .await
    }

    /// At most `limit` pending orders behind `after` in the sequence, the oldest first. The
    /// sequence, not a clock: a clock that is set back would hide an order.
    pub(crate) async fn pending(
        &self,
        after: i64,
        limit: u32,
    ) -> std::result::Result<Vec<Pending>, StoreError> {
        if self.gauges.is_uncertain() {
            self.count_pending().await?;
        }
        let gauges = self.gauges.clone();
        self.store
            .read(Operation::new("SELECT", "orders"), move |connection| {
                gauges.oldest_is(oldest_pending(connection)?);
                pending(connection, after, limit)
            })
            .await
    }

    /// Counts the pending orders anew. On the writer's thread, where no commit comes in between.
    async fn count_pending(&self) -> std::result::Result<(), StoreError> {
        let gauges = self.gauges.clone();
        self.store
            .write_then(
                Operation::new("SELECT", "orders"),
                |connection| {
                    connection
                        .prepare_cached("SELECT count(*) FROM orders WHERE status = 'PENDING'")?
                        .query_row([], |row| row.get(0))
                },
                move |&pending| gauges.counted(pending),
            )
            .await
            .map(drop)
    }

    /// A commit that failed on a broken disk may be there after all.
    fn checked<T>(
        &self,
        written: std::result::Result<T, StoreError>,
    ) -> std::result::Result<T, StoreError> {
        written.inspect_err(|_| self.gauges.be_uncertain())
    }
}

fn insert(connection: &Connection, entry: &Entry, key: Option<&OwnKey>) -> Result<Inserted> {
    if let Some(key) = key
        && let Some(earlier) = keys::find(connection, key)?
    {
        return Ok(Inserted::Earlier(earlier));
    }
    entry.insert(connection)?;
    if let Some(key) = key {
        keys::insert(connection, key, &entry.id)?;
    }
    Ok(Inserted::New)
}

fn settle(
    connection: &Connection,
    id: &OrderId,
    status: OrderStatus,
    stock_when_rejected: Option<u32>,
) -> Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE orders SET status = ?2, stock_when_rejected = ?3
             WHERE id = ?1 AND status = 'PENDING'",
        )?
        .execute(params![id.as_str(), status.as_str(), stock_when_rejected])?;
    Ok(changed == 1)
}

fn page(
    connection: &Connection,
    owner: Option<&Owner>,
    limit: u32,
    after: Option<&OrderId>,
) -> Result<Option<Page>> {
    let before = match after {
        None => i64::MAX,
        Some(id) => {
            let place = connection
                .prepare_cached("SELECT seq, owner FROM orders WHERE id = ?1")?
                .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some::<(i64, Option<String>)>((seq, owned_by)) = place else {
                return Ok(None);
            };
            if owner.is_some_and(|owner| owned_by.as_deref() != Some(owner.as_str())) {
                return Ok(None);
            }
            seq
        }
    };
    let of_owner = if owner.is_some() {
        "owner = ?3 AND"
    } else {
        ""
    };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM orders WHERE {of_owner} seq < ?1 ORDER BY seq DESC LIMIT ?2"
    ))?;
    // One more than asked for shows whether there are older ones.
    let (read, wanted) = (Entry::from_row, limit + 1);
    let rows = match owner {
        Some(owner) => statement.query_map(params![before, wanted, owner.as_str()], read)?,
        None => statement.query_map(params![before, wanted], read)?,
    };
    let mut entries = rows.collect::<Result<Vec<_>>>()?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok(Some(Page { entries, more }))
}

fn pending(connection: &Connection, after: i64, limit: u32) -> Result<Vec<Pending>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, seq FROM orders INDEXED BY pending_orders
             WHERE status = 'PENDING' AND seq > ?1 ORDER BY seq LIMIT ?2"
        ))?
        .query_map(params![after, limit], |row| {
            Ok(Pending {
                seq: row.get("seq")?,
                entry: Entry::from_row(row)?,
            })
        })?
        .collect()
}

fn oldest_pending(connection: &Connection) -> Result<Option<Oldest>> {
    let oldest = pending(connection, 0, 1)?.pop();
    Ok(oldest.map(|Pending { seq, entry }| Oldest {
        seq,
        created_at: entry.created_at(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::{MIGRATIONS, in_memory};

    fn entry(id: &str) -> Entry {
        entry_of(None, id)
    }

    fn owner(digit: u8) -> Owner {
        Owner::from_digest([digit; 16])
    }

    fn entry_of(owner: Option<Owner>, id: &str) -> Entry {
        let product = serde_json::from_str(r#"{"id":"product1","name":"One","price":10.99}"#);
        let quantity = 3.0.try_into().unwrap();
        Entry::new(
            id.parse().unwrap(),
            product.unwrap(),
            quantity,
            String::new(),
            owner,
        )
    }

    fn ids(entries: impl IntoIterator<Item = Entry>) -> Vec<String> {
        let entries = entries.into_iter();
        entries.map(|entry| entry.id.to_string()).collect()
    }

    fn with_orders(ids: &[&str]) -> Connection {
        let connection = in_memory(MIGRATIONS.len());
        for id in ids {
            let inserted = insert(&connection, &entry(id), None).unwrap();
            assert!(matches!(inserted, Inserted::New));
        }
        connection
    }

    #[test]
    fn a_key_inserts_once_and_leads_to_its_order() {
        let connection = in_memory(MIGRATIONS.len());
        let key = OwnKey::new("key".parse().unwrap(), None);
        let first = insert(&connection, &entry("first"), Some(&key)).unwrap();
        assert!(matches!(first, Inserted::New));
        match insert(&connection, &entry("second"), Some(&key)).unwrap() {
            Inserted::Earlier(earlier) => assert_eq!(earlier.id.as_str(), "first"),
            Inserted::New => panic!("a second order under one key"),
        }
        assert_eq!(
            ids(page(&connection, None, 9, None).unwrap().unwrap().entries),
            ["first"]
        );
    }

    #[test]
    fn pending_orders_are_found_in_their_sequence_whatever_the_clock_said() {
        let connection = with_orders(&["a", "b", "c", "d"]);
        connection
            .execute_batch(
                "UPDATE orders SET created_at_ms = 4102444800000 WHERE id = 'a';
                 UPDATE orders SET created_at_ms = -1 WHERE id = 'd';",
            )
            .unwrap();
        let id = "b".parse().unwrap();
        assert!(settle(&connection, &id, OrderStatus::Created, None).unwrap());
        assert!(
            !settle(&connection, &id, OrderStatus::Rejected, Some(0)).unwrap(),
            "an order is settled once"
        );
        let found = pending(&connection, 0, 2).unwrap();
        let last = found.last().unwrap().seq;
        assert_eq!(ids(found.into_iter().map(|found| found.entry)), ["a", "c"]);
        let found = pending(&connection, last, 2).unwrap();
        assert_eq!(ids(found.into_iter().map(|found| found.entry)), ["d"]);
        assert_eq!(oldest_pending(&connection).unwrap().unwrap().seq, 1);
    }

    #[test]
    fn a_page_says_whether_there_is_another_and_nothing_stands_after_an_unknown_order() {
        let connection = with_orders(&["a", "b", "c"]);
        let first = page(&connection, None, 2, None).unwrap().unwrap();
        assert!(first.more);
        let last = first.entries.last().unwrap().id.clone();
        assert_eq!(ids(first.entries), ["c", "b"]);
        let second = page(&connection, None, 2, Some(&last)).unwrap().unwrap();
        assert!(!second.more);
        assert_eq!(ids(second.entries), ["a"]);
        let unknown = "unknown".parse().unwrap();
        assert!(
            page(&connection, None, 2, Some(&unknown))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn an_owner_has_a_list_of_their_own_and_nothing_stands_after_anothers_order() {
        let connection = in_memory(MIGRATIONS.len());
        let (ann, bob) = (owner(1), owner(2));
        for (owner, id) in [(&ann, "a"), (&bob, "b"), (&ann, "c"), (&bob, "d")] {
            insert(&connection, &entry_of(Some(owner.clone()), id), None).unwrap();
        }
        insert(&connection, &entry("e"), None).unwrap();
        let of = |owner: Option<&Owner>, after: Option<&str>| {
            let after = after.map(|id| id.parse().unwrap());
            let page = page(&connection, owner, 9, after.as_ref()).unwrap()?;
            Some(ids(page.entries))
        };
        assert_eq!(of(Some(&ann), None).unwrap(), ["c", "a"]);
        assert_eq!(of(Some(&ann), Some("c")).unwrap(), ["a"]);
        assert_eq!(of(None, None).unwrap(), ["e", "d", "c", "b", "a"]);
        for (owner, after) in [(&ann, "d"), (&ann, "e"), (&bob, "c")] {
            assert_eq!(of(Some(owner), Some(after)), None);
        }
        let found = Entry::find(&connection, &"a".parse().unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(found.owner, Some(ann));
    }

    #[test]
    fn the_list_of_an_owner_is_found_by_an_index() {
        let connection = in_memory(MIGRATIONS.len());
        let plan: String = connection
            .query_row(
                "EXPLAIN QUERY PLAN SELECT id FROM orders WHERE owner = 'x' AND seq < 9
                 ORDER BY seq DESC LIMIT 1",
                [],
                |row| row.get(3),
            )
            .unwrap();
        assert!(
            plan.contains("orders_of_owner") && !plan.contains("TEMP"),
            "{plan}"
        );
    }

    #[test]
    fn two_owners_may_choose_the_same_key() {
        let connection = in_memory(MIGRATIONS.len());
        let insert = |owner: Option<Owner>, id| {
            let key = OwnKey::new("key".parse().unwrap(), owner.clone());
            insert(&connection, &entry_of(owner, id), Some(&key)).unwrap()
        };
        for (owner, id) in [(Some(owner(1)), "a"), (Some(owner(2)), "b"), (None, "c")] {
            assert!(matches!(insert(owner, id), Inserted::New), "{id}");
        }
        match insert(Some(owner(1)), "d") {
            Inserted::Earlier(earlier) => assert_eq!(earlier.id.as_str(), "a"),
            Inserted::New => panic!("a second order under one key"),
        }
    }
}
