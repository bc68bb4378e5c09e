//! Properties: money and quantities for every value, and stock against a model for every order
//! of events.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use api::{Money, ProductId, Quantity, Stock};
use harness::unharmed::assert_unharmed;
use harness::{Answer, Http, Shop};
use http::Method;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

/// The highest price in cents.
const HIGHEST_PRICE: i64 = 100_000_000;

/// Units and cents as a person writes them.
fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn quantity(pieces: u32) -> Quantity {
    Quantity::try_from(f64::from(pieces)).expect("in range")
}

proptest! {
    #![proptest_config(Config { cases: 2000, ..Config::default() })]

    #[test]
    fn a_price_is_the_same_however_it_is_written(cents in 1..=HIGHEST_PRICE) {
        let text = decimal(cents);
        let spellings = [text.clone(), format!("{text}000"), format!("{cents}e-2"), format!("0.{cents:010}E8")];
        for spelling in spellings {
            let number: f64 = serde_json::from_str(&spelling).expect("a number");
            prop_assert_eq!(Money::parse_price(number).map(Money::cents), Ok(cents), "{}", spelling);
        }
    }

    #[test]
    fn a_total_is_exact_and_survives_the_wire(cents in 1..=HIGHEST_PRICE, pieces in 1_u32..=10_000) {
        let total = Money::from_cents(cents).times(quantity(pieces));
        let exact = cents * i64::from(pieces);
        prop_assert_eq!(total.cents(), exact);
        let text = serde_json::to_string(&total).expect("a number");
        // The shortest text of the number is the decimal one, but for zeros at its end.
        let expected = decimal(exact);
        let expected = expected.strip_suffix('0').unwrap_or(&expected);
        prop_assert_eq!(&text, expected);
        prop_assert_eq!(serde_json::from_str::<Money>(&text).expect("money"), total);
    }

    #[test]
    fn no_price_has_a_part_of_a_cent(cents in 1..HIGHEST_PRICE, part in 1..1000) {
        let number: f64 = format!("{}{part:03}", decimal(cents)).parse().expect("a number");
        prop_assert!(Money::parse_price(number).is_err(), "{}", number);
    }

    #[test]
    fn a_price_out_of_range_is_none(number in prop_oneof![f64::MIN..0.01, 1_000_000.01..f64::MAX, Just(f64::NAN), Just(f64::INFINITY), Just(-0.0)]) {
        prop_assert!(Money::parse_price(number).is_err());
    }

    #[test]
    fn a_quantity_is_taken_exactly_when_it_is_whole_and_in_range(number in prop_oneof![any::<f64>(), -10.0..20_000.0, (-10_i32..20_000).prop_map(f64::from)]) {
        let whole = number.fract() == 0.0;
        prop_assert_eq!(Quantity::try_from(number).is_ok(), whole && (1.0..=10_000.0).contains(&number));
        prop_assert_eq!(Stock::try_from(number).is_ok(), whole && (0.0..=1e9).contains(&number));
        if let Ok(quantity) = Quantity::try_from(number) {
            let text = serde_json::to_string(&quantity).expect("a number");
            prop_assert_eq!(serde_json::from_str::<Quantity>(&text).expect("a quantity"), quantity);
        }
    }

    #[test]
    fn an_id_is_taken_exactly_when_nothing_has_to_escape_it(text in prop_oneof!["\\PC{0,70}", "[A-Za-z0-9._-]{0,70}", any::<String>()]) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let sound = (1..=64).contains(&text.len())
            && text.bytes().all(plain)
            && text.as_bytes()[0].is_ascii_alphanumeric();
        let id = text.parse::<ProductId>();
        prop_assert_eq!(id.is_ok(), sound);
        prop_assert_eq!(serde_json::from_value::<ProductId>(json!(text)).is_ok(), sound);
        if let Ok(id) = id {
            prop_assert_eq!(id.as_str(), text);
        }
    }
}

/// Something that happens to the inventory.
#[derive(Clone, Debug)]
enum Event {
    Set {
        product: usize,
        stock: u32,
    },
    Reserve {
        order: usize,
        product: usize,
        pieces: u32,
    },
    Release {
        order: usize,
    },
}

const PRODUCTS: usize = 3;
const ORDERS: usize = 8;

/// Few products and orders, so that events meet; amounts around what a shelf holds.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let set = (0..PRODUCTS, 0..30_u32).prop_map(|(product, stock)| Event::Set { product, stock });
    let reserve =
        (0..ORDERS, 0..PRODUCTS, 1..12_u32).prop_map(|(order, product, pieces)| Event::Reserve {
            order,
            product,
            pieces,
        });
    let release = (0..ORDERS).prop_map(|order| Event::Release { order });
    prop::collection::vec(prop_oneof![1 => set, 6 => reserve, 3 => release], 1..60)
}

/// How a reservation is answered: the status, and the stock that is told with it.
type Answered = (u16, Option<u32>);

/// What the inventory must hold, in the simplest words.
#[derive(Debug, Default)]
struct Model {
    shelves: BTreeMap<usize, u32>,
    /// Each order's product, pieces, what remained when they were taken, and whether they are
    /// back.
    reservations: BTreeMap<usize, (usize, u32, u32, bool)>,
    /// What each order wanted in vain, and how it was refused: for good.
    refusals: BTreeMap<usize, (usize, u32, Answered)>,
}

impl Model {
    /// What a reservation must be answered.
    fn reserve(&mut self, order: usize, product: usize, pieces: u32) -> Answered {
        if let Some((earlier, wanted, refusal)) = self.refusals.get(&order) {
            let same = (*earlier, *wanted) == (product, pieces);
            return if same { *refusal } else { (422, None) };
        }
        let answer = self.take(order, product, pieces);
        if !self.reservations.contains_key(&order) {
            self.refusals.insert(order, (product, pieces, answer));
        }
        answer
    }

    fn take(&mut self, order: usize, product: usize, pieces: u32) -> Answered {
        match self.reservations.get(&order) {
            Some((earlier, taken, ..)) if (*earlier, *taken) != (product, pieces) => (422, None),
            Some((.., true)) => (409, None),
            Some((_, _, remaining, false)) => (201, Some(*remaining)),
            None => match self.shelves.get_mut(&product) {
                None => (404, None),
                Some(stock) if *stock < pieces => (409, Some(*stock)),
                Some(stock) => {
                    *stock -= pieces;
                    self.reservations
                        .insert(order, (product, pieces, *stock, false));
                    (201, Some(*stock))
                }
            },
        }
    }

    fn release(&mut self, order: usize) {
        if let Some((product, pieces, _, back)) = self.reservations.get_mut(&order)
            && !*back
        {
            *back = true;
            *self
                .shelves
                .get_mut(product)
                .expect("it was taken from there") += *pieces;
        }
    }
}

/// A run's own names in an inventory that all runs share.
struct Names(u32);

impl Names {
    fn product(&self, product: usize) -> String {
        format!("run{}-product{product}", self.0)
    }

    fn order(&self, order: usize) -> String {
        format!("run{}-order{order}", self.0)
    }
}

async fn apply(inventory: &Http, names: &Names, model: &mut Model, event: &Event) {
    match *event {
        Event::Set { product, stock } => {
            let path = format!("/inventory/{}", names.product(product));
            let answer = inventory.put(&path, &json!({ "quantity": stock })).await;
            assert_eq!(answer.status, 200);
            model.shelves.insert(product, stock);
        }
        Event::Reserve {
            order,
            product,
            pieces,
        } => {
            let wish = json!({ "orderId": names.order(order), "productId": names.product(product), "quantity": pieces });
            let answer = inventory.post("/inventory/reservations", &wish).await;
            let (status, stock) = model.reserve(order, product, pieces);
            assert_eq!(answer.status.as_u16(), status, "{event:?}: {answer:?}");
            let field = if status == 201 {
                "remaining"
            } else {
                "currentStock"
            };
            let told = answer.json()[field].as_u64();
            assert_eq!(told, stock.map(u64::from), "{event:?}: {answer:?}");
        }
        Event::Release { order } => {
            let path = format!("/inventory/reservations/{}", names.order(order));
            let answer: Answer = inventory.send(Method::DELETE, &path, &[], "").await;
            assert_eq!(answer.status, 204);
            model.release(order);
        }
    }
}

async fn agrees(inventory: &Http, names: &Names, model: &Model) {
    for product in 0..PRODUCTS {
        let answer = inventory
            .get(&format!("/inventory/{}", names.product(product)))
            .await;
        match model.shelves.get(&product) {
            Some(stock) => assert_eq!(answer.json()["quantity"], *stock, "product {product}"),
            None => assert_eq!(answer.status, 404, "product {product}"),
        }
    }
}

#[test]
fn the_inventory_does_what_the_model_does_whatever_happens_in_whatever_order() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let shop = runtime.block_on(async { Shop::start() });
    let inventory = shop.http("inventory-service");
    let runs = AtomicU32::new(0);
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&events(), |events| {
        runtime.block_on(async {
            let names = Names(runs.fetch_add(1, Ordering::Relaxed));
            let mut model = Model::default();
            for event in events {
                apply(&inventory, &names, &mut model, &event).await;
                agrees(&inventory, &names, &model).await;
            }
        });
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(assert_unharmed(shop, &[]));
}
