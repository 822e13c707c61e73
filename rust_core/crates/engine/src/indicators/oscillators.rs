//! Indicators that no strategy of this engine trades on, but that V1's users have: RSI, MACD, ROC, DMI, choppiness.

use super::logarithms::log10;
use super::{ema, smoothed, true_range};

/// Difference of each value from the one before; NaN where either is missing, and at the first.
fn differences(x: &[f64]) -> Vec<f64> {
    let mut before = f64::NAN;
    x.iter().map(|&v| v - std::mem::replace(&mut before, v)).collect()
}

/// Relative strength index in per cent (Wilder 1978): 100 - 100 / (1 + mean gain / mean loss), both smoothed with
/// weight 1 / length. 100 without losses; NaN where nothing has moved yet.
pub fn rsi(x: &[f64], length: usize) -> Vec<f64> {
    let change = differences(x);
    let part = |sign: f64| -> Vec<f64> {
        let one = |d: &f64| if d.is_nan() { f64::NAN } else { (sign * d).max(0.0) };
        smoothed(&change.iter().map(one).collect::<Vec<_>>(), 1.0 / length as f64)
    };
    let one = |(gain, loss): (f64, f64)| match (gain > 0.0, loss > 0.0) {
        (true, false) => 100.0,
        (_, true) => 100.0 - 100.0 / (1.0 + gain / loss),
        (false, false) => f64::NAN,
    };
    part(1.0).into_iter().zip(part(-1.0)).map(one).collect()
}

/// Moving average convergence / divergence (Appel 1979): EMA 12 minus EMA 26, and the EMA 9 of that.
pub struct Macd {
    pub line: Vec<f64>,
    pub signal: Vec<f64>,
}

/// MACD of a series, in its units.
pub fn macd(x: &[f64]) -> Macd {
    let line: Vec<f64> = ema(x, 12).iter().zip(ema(x, 26)).map(|(fast, slow)| fast - slow).collect();
    Macd { signal: ema(&line, 9), line }
}

/// Rate of change over `length` bars, in per cent.
pub fn roc(x: &[f64], length: usize) -> Vec<f64> {
    let one = |i: usize| match i.checked_sub(length) {
        Some(j) => (x[i] - x[j]) / x[j] * 100.0,
        None => f64::NAN,
    };
    (0..x.len()).map(one).collect()
}

/// Directional movement (Wilder 1978), in per cent.
pub struct Dmi {
    pub plus: Vec<f64>,
    pub minus: Vec<f64>,
    pub adx: Vec<f64>,
}

/// Directional indicators and their index; everything is smoothed with weight 1 / length.
pub fn dmi(high: &[f64], low: &[f64], close: &[f64], length: usize) -> Dmi {
    let weight = 1.0 / length as f64;
    let (up, down) = (differences(high), differences(low));
    let movement = |own: fn(f64, f64) -> (f64, f64)| -> Vec<f64> {
        let one = |(u, d): (&f64, &f64)| {
            let (own, other) = own(*u, -*d);
            // The first bar, and one after a gap, has no movement.
            if own > other && own > 0.0 { own } else { 0.0 }
        };
        smoothed(&up.iter().zip(&down).map(one).collect::<Vec<_>>(), weight)
    };
    let range = smoothed(&true_range(high, low, close).collect::<Vec<_>>(), weight);
    let share = |movement: Vec<f64>| -> Vec<f64> {
        movement.iter().zip(&range).map(|(m, r)| if *r == 0.0 { f64::NAN } else { 100.0 * m / r }).collect()
    };
    let plus = share(movement(|up, down| (up, down)));
    let minus = share(movement(|up, down| (down, up)));
    let spread = |(p, m): (&f64, &f64)| if p + m == 0.0 { f64::NAN } else { 100.0 * ((p - m).abs() / (p + m)) };
    let adx = smoothed(&plus.iter().zip(&minus).map(spread).collect::<Vec<_>>(), weight);
    Dmi { plus, minus, adx }
}

/// Choppiness index in per cent (Dreiss 1993): how much of the summed range was spent going nowhere.
pub fn choppiness(high: &[f64], low: &[f64], close: &[f64], length: usize) -> Vec<f64> {
    let range: Vec<f64> = true_range(high, low, close).collect();
    let scale = log10(length as f64);
    let one = |i: usize| {
        let Some(first) = (i + 1).checked_sub(length) else {
            return f64::NAN;
        };
        let (mut sum, mut top, mut bottom) = (0.0, f64::NEG_INFINITY, f64::INFINITY);
        for j in first..=i {
            sum += range[j];
            top = top.max(high[j]);
            bottom = bottom.min(low[j]);
        }
        if top > bottom && sum.is_finite() { 100.0 * log10(sum / (top - bottom)) / scale } else { f64::NAN }
    };
    (0..range.len()).map(one).collect()
}
