//! A shop for a program that asks over HTTP: prints the gateway's address, runs until its
//! standard input ends, and then says by its exit code whether anything was harmed.

use harness::Shop;
use harness::unharmed::assert_unharmed;
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() {
    let shop = Shop::start();
    println!("http://{}", shop.gateway().address());
    let mut input = Vec::new();
    // An error is an end as well.
    let _ = tokio::io::stdin().read_to_end(&mut input).await;
    assert_unharmed(shop, &[]).await;
}
