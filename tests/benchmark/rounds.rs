//! Turns side by side: whatever else the machine does meanwhile falls on all sides alike.

/// Gives every side a turn in each round, and measures what it did in it. The order of the sides
/// is turned round each time, so that none always goes first. Of what comes back each side has a
/// list, with one value a round.
pub(crate) async fn interleaved<S, T>(
    name: &str,
    rounds: u32,
    sides: &[S],
    mut turn: impl AsyncFnMut(&S) -> T,
) -> Vec<Vec<T>> {
    let mut seen: Vec<Vec<T>> = sides.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        eprintln!("{name}: round {} of {rounds}", round + 1);
        let mut order: Vec<usize> = (0..sides.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for side in order {
            let measured = turn(&sides[side]).await;
            seen[side].push(measured);
        }
    }
    seen
}

/// The median.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// The ratios of each round.
pub(crate) fn ratios(values: &[f64], base: &[f64]) -> Vec<f64> {
    let pairs = values.iter().zip(base);
    pairs.map(|(value, base)| value / base).collect()
}

/// From the least to the largest, for a note.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>) -> String {
    let sorted = sorted(values);
    let [least, largest] = [sorted[0], sorted[sorted.len() - 1]].map(crate::figure::short);
    format!("{least} to {largest}")
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    values
}
