//! V2's strict rules for files (switch `data_rules` at `v2`): what is odd is an error that names the row.

use chrono::{DateTime, Utc};
use omega_contract::inputs::Pair;
use omega_contract::{Category, RunError, codes};

use crate::candles::Candles;
use crate::sides::{self, Decoding};

/// Bars from which on a second thread pays.
const WORTH_A_THREAD: usize = 200_000;

/// Largest share of bars that one side may have and the other not.
pub const MAX_JOIN_LOSS: f64 = 0.01;

fn iso(ts: i64) -> String {
    DateTime::<Utc>::from_timestamp_nanos(ts).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn fault(code: u16, shown: &str, column: &str, rule: &str, ts: &[i64], rows: &[usize]) -> RunError {
    let (row, count) = (rows.first().copied().unwrap_or(0), rows.len());
    let time = ts.get(row).copied().unwrap_or(0);
    let many = if count == 1 { "1 row offends".to_string() } else { format!("{count} rows offend") };
    let message = format!("file {shown}: {rule} at row {row} ({}), column {column}; {many}", iso(time));
    RunError::new(Category::MarketData, code, message)
        .with("file", shown)
        .with("column", column)
        .with("row", row)
        .with("timestamp_ns", time)
        .with("timestamp", iso(time))
        .with("offending_rows", count)
}

/// Rows checked at a time: few enough to stay in the nearest cache.
const BATCH: usize = 1024;

/// Whether the prices of some rows keep all rules. It takes no branch per row.
fn flawless(raw: &Candles, rows: std::ops::Range<usize>) -> bool {
    let (open, high) = (&raw.open[rows.clone()], &raw.high[rows.clone()]);
    let (low, close) = (&raw.low[rows.clone()], &raw.close[rows]);
    // Comparisons with NaN are false, so NaN fails as well; the highest price bounds the others.
    open.iter().zip(high).zip(low).zip(close).fold(true, |good, (((o, h), l), c)| {
        good & (*l > 0.0) & (*l <= *o) & (*l <= *c) & (*o <= *h) & (*c <= *h) & (*h < f64::INFINITY)
    })
}

/// Checks one file and drops equal duplicates; returns how many there were. `volume` is read only where something is
/// odd and the candles have none.
pub fn check_file(
    file: Decoding,
    shown: &str,
    volume: impl FnOnce() -> Result<Vec<f64>, RunError>,
) -> Result<(Candles, usize), RunError> {
    let Decoding { candles: mut raw, in_order } = file;
    let n = raw.len();
    if in_order && (0..n).step_by(BATCH).all(|from| flawless(&raw, from..n.min(from + BATCH))) {
        return Ok((raw, 0));
    }
    if raw.volume.len() != n {
        raw.volume = volume()?;
    }
    find_flaws(raw, shown)
}

/// The careful way: names the first fault, or finds that there are only equal duplicates.
fn find_flaws(raw: Candles, shown: &str) -> Result<(Candles, usize), RunError> {
    let n = raw.len();
    let at = |rows: Vec<usize>, column: &str, rule: &str| {
        if rows.is_empty() {
            return Ok(());
        }
        Err(fault(codes::SCHEMA_VIOLATION, shown, column, rule, &raw.ts, &rows))
    };
    let falling = (1..n).filter(|&i| raw.ts[i] < raw.ts[i - 1]).collect();
    at(falling, "UTC time", "timestamps are out of order")?;
    for (name, column) in [("Open", &raw.open), ("High", &raw.high), ("Low", &raw.low), ("Close", &raw.close)] {
        let bad = |x: f64| !(x.is_finite() && x > 0.0);
        let rows: Vec<usize> = (0..n).filter(|&i| bad(column[i])).collect();
        let rule = match rows.first().map_or(0.0, |&row| column[row]) {
            x if x.is_nan() => "NaN price",
            x if x.is_infinite() => "infinite price",
            _ => "price not above 0",
        };
        at(rows, name, rule)?;
    }
    let volume = (0..n).filter(|&i| !(raw.volume[i] >= 0.0 && raw.volume[i].is_finite())).collect();
    at(volume, "Volume", "negative or missing volume")?;
    let high = (0..n).filter(|&i| raw.high[i] < raw.open[i].max(raw.close[i]) || raw.high[i] < raw.low[i]).collect();
    at(high, "High", "high lies below open, close or low")?;
    let low = (0..n).filter(|&i| raw.low[i] > raw.open[i].min(raw.close[i])).collect();
    at(low, "Low", "low lies above open or close")?;
    let twins: Vec<usize> = (1..n).filter(|&i| raw.ts[i] == raw.ts[i - 1]).collect();
    if twins.is_empty() {
        return Ok((raw, 0));
    }
    let same = |i: usize| {
        let j = i - 1;
        raw.open[i] == raw.open[j]
            && raw.high[i] == raw.high[j]
            && raw.low[i] == raw.low[j]
            && raw.close[i] == raw.close[j]
            && raw.volume[i] == raw.volume[j]
    };
    let differing = twins.iter().copied().filter(|&i| !same(i)).collect();
    at(differing, "UTC time", "a timestamp comes twice with different prices")?;
    let keep: Vec<usize> = (0..n).filter(|&i| i == 0 || raw.ts[i] != raw.ts[i - 1]).collect();
    Ok((raw.pick(&keep), twins.len()))
}

/// Bid must not lie above ask at open and close within a range of the joined bars. The row of the message counts the
/// joined bars of both files.
pub fn check_spread(pair: &Pair, range: std::ops::Range<usize>, shown: &str) -> Result<(), RunError> {
    let check = |column: &str, bid: &[f64], ask: &[f64]| {
        if bid[range.clone()].iter().zip(&ask[range.clone()]).fold(true, |good, (b, a)| good & (*b <= *a)) {
            return Ok(());
        }
        let rows: Vec<usize> = range.clone().filter(|&i| bid[i] > ask[i]).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let rule = "ask lies below bid";
        Err(fault(codes::CONSTRAINT_VIOLATION, shown, column, rule, &pair.ts, &rows))
    };
    let [open, close] = sides::both(
        range.len() >= WORTH_A_THREAD,
        || check("Open", &pair.bid.open, &pair.ask.open),
        || check("Close", &pair.bid.close, &pair.ask.close),
    );
    open.and(close)
}

/// Share of bars lost by joining the sides; more than one per cent is an error.
pub fn join_loss(both: usize, bid: usize, ask: usize, shown: &str) -> Result<f64, RunError> {
    if bid == 0 || ask == 0 {
        return Ok(if bid == ask { 0.0 } else { 1.0 });
    }
    let share = |n: usize| 1.0 - both as f64 / n as f64;
    let loss = share(bid).max(share(ask));
    if loss <= MAX_JOIN_LOSS {
        return Ok(loss);
    }
    let message = format!(
        "{shown}: bid has {bid} bars and ask {ask}, only {both} in common: {:.2} % are lost, at most {:.0} % may be",
        loss * 100.0,
        MAX_JOIN_LOSS * 100.0
    );
    Err(RunError::new(Category::MarketData, codes::SIZE_MISMATCH, message)
        .with("file", shown)
        .with("bars_bid", bid)
        .with("bars_ask", ask)
        .with("bars_both", both)
        .with("loss", loss))
}
