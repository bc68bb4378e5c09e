//! Pieces that belong to orders.
//!
//! Reservations are kept as long as the orders that hold them, which is without end: they are the
//! other half of the books. Stock at the start is the stock now and all that is reserved; and an
//! order that asks again, however late, must find what it holds and take nothing twice. Inventory
//! does not learn when an order is settled, so no age would make it safe to forget one.

use api::{NewReservation, OrderId, ProductId, Quantity, Reservation, Stock, StockLevel};
use store::rusqlite::{Connection, OptionalExtension, Result, params};

use super::{Reserved, refusals, stock};

/// Takes pieces for an order, once.
pub(super) fn reserve(connection: &Connection, new: NewReservation) -> Result<Reserved> {
    if let Some(earlier) = find(connection, &new)? {
        return Ok(earlier);
    }
    if let Some(earlier) = refusals::find(connection, &new)? {
        return Ok(earlier);
    }
    let Some(remaining) = stock::take(connection, &new.product_id, new.quantity)? else {
        let stock = stock::get(connection, &new.product_id)?;
        refusals::insert(connection, &new, stock)?;
        return Ok(stock.map_or(Reserved::UnknownProduct, Reserved::Short));
    };
    connection
        .prepare_cached(
            "INSERT INTO reservations (order_id, product_id, quantity, remaining)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            new.order_id.as_str(),
            new.product_id.as_str(),
            new.quantity.get(),
            remaining.get()
        ])?;
    let NewReservation {
        order_id,
        product_id,
        quantity,
    } = new;
    Ok(Reserved::Now(Reservation {
        order_id,
        product_id,
        quantity,
        remaining,
    }))
}

/// Puts the pieces of an order back, once; the stock after that, or none if it held none.
pub(super) fn release(connection: &Connection, order: &OrderId) -> Result<Option<StockLevel>> {
    let released = connection
        .prepare_cached(
            "UPDATE reservations SET released = 1 WHERE order_id = ?1 AND released = 0
             RETURNING product_id, quantity",
        )?
        .query_row([order.as_str()], |row| {
            let product: ProductId = store::parsed(row, 0)?;
            Ok((product, row.get(1).map(Quantity::from_stored)?))
        })
        .optional()?;
    let Some((product_id, quantity)) = released else {
        return Ok(None);
    };
    let quantity = stock::put_back(connection, &product_id, quantity)?;
    Ok(Some(StockLevel {
        product_id,
        quantity,
    }))
}

/// What an earlier request of the same order took.
fn find(connection: &Connection, new: &NewReservation) -> Result<Option<Reserved>> {
    connection
        .prepare_cached(
            "SELECT product_id, quantity, remaining, released FROM reservations
             WHERE order_id = ?1",
        )?
        .query_row([new.order_id.as_str()], |row| {
            let reservation = Reservation {
                order_id: new.order_id.clone(),
                product_id: store::parsed(row, 0)?,
                quantity: row.get(1).map(Quantity::from_stored)?,
                remaining: row.get(2).map(Stock::from_stored)?,
            };
            let same =
                reservation.product_id == new.product_id && reservation.quantity == new.quantity;
            Ok(match (row.get(3)?, same) {
                (_, false) => Reserved::Different,
                (true, true) => Reserved::Released,
                (false, true) => Reserved::Before(reservation),
            })
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use super::super::schema::{MIGRATIONS, in_memory};
    use super::*;

    fn new(order: &str, product: &str, quantity: u32) -> NewReservation {
        NewReservation {
            order_id: order.parse().unwrap(),
            product_id: product.parse().unwrap(),
            quantity: f64::from(quantity).try_into().unwrap(),
        }
    }

    fn left(connection: &Connection) -> u32 {
        let product = "product1".parse().unwrap();
        stock::get(connection, &product).unwrap().unwrap().get()
    }

    #[test]
    fn an_order_takes_its_pieces_once_and_gives_them_back_once() {
        let connection = in_memory(MIGRATIONS.len());
        let (order, asked) = ("a".parse().unwrap(), new("a", "product1", 3));
        let taken = reserve(&connection, asked.clone()).unwrap();
        let Reserved::Now(reservation) = taken else {
            panic!("{taken:?}")
        };
        assert_eq!((left(&connection), reservation.remaining.get()), (97, 97));
        let again = reserve(&connection, asked.clone()).unwrap();
        assert_eq!(again, Reserved::Before(reservation));
        let other = reserve(&connection, new("a", "product1", 4)).unwrap();
        assert_eq!(other, Reserved::Different);
        assert_eq!(left(&connection), 97);

        let level = release(&connection, &order).unwrap().unwrap();
        assert_eq!((left(&connection), level.quantity.get()), (100, 100));
        assert_eq!(release(&connection, &order).unwrap(), None);
        assert_eq!(reserve(&connection, asked).unwrap(), Reserved::Released);
        assert_eq!(left(&connection), 100);
    }

    #[test]
    fn what_was_refused_stays_refused_when_there_is_new_stock() {
        let connection = in_memory(MIGRATIONS.len());
        let (short, unknown) = (new("a", "product1", 101), new("b", "nothing", 1));
        let refused = Reserved::Short(Stock::from_stored(100));
        assert_eq!(reserve(&connection, short.clone()).unwrap(), refused);
        assert_eq!(
            reserve(&connection, unknown.clone()).unwrap(),
            Reserved::UnknownProduct
        );
        for product in [&short.product_id, &unknown.product_id] {
            stock::set(&connection, product, Stock::from_stored(500)).unwrap();
        }
        assert_eq!(reserve(&connection, short).unwrap(), refused);
        assert_eq!(
            reserve(&connection, unknown).unwrap(),
            Reserved::UnknownProduct
        );
        assert_eq!(left(&connection), 500);
    }
}
