//! Momentum and trend strength.

use super::logarithm::log10;
use super::range::true_range;
use super::smoothing::{ema, ema_weighted};

/// Relative strength index; 100 without losses, NaN without any move.
pub fn rsi(values: &[f64], p: usize) -> Vec<f64> {
    let change: Vec<f64> =
        (0..values.len()).map(|i| if i == 0 { f64::NAN } else { values[i] - values[i - 1] }).collect();
    let part = |sign: f64| -> Vec<f64> {
        change.iter().map(|c| if c.is_nan() { f64::NAN } else { (sign * c).max(0.0) }).collect()
    };
    let a = 1.0 / p as f64;
    let gains = ema_weighted(&part(1.0), a);
    let losses = ema_weighted(&part(-1.0), a);
    gains
        .iter()
        .zip(&losses)
        .map(|(g, l)| match (*g, *l) {
            (g, l) if l == 0.0 && g > 0.0 => 100.0,
            (g, l) if l == 0.0 && g == 0.0 => f64::NAN,
            (g, l) => 100.0 - 100.0 / (1.0 + g / l),
        })
        .collect()
}

/// (line, signal): difference of two EMAs and its EMA.
pub fn macd(values: &[f64], fast: usize, slow: usize, signal: usize) -> [Vec<f64>; 2] {
    let line: Vec<f64> = ema(values, fast).iter().zip(ema(values, slow)).map(|(f, s)| f - s).collect();
    let smoothed = ema(&line, signal);
    [line, smoothed]
}

/// Rate of change over `p` bars in per cent.
pub fn roc(values: &[f64], p: usize) -> Vec<f64> {
    (0..values.len())
        .map(|i| if i < p { f64::NAN } else { (values[i] - values[i - p]) / values[i - p] * 100.0 })
        .collect()
}

/// (+DI, -DI, ADX) with Wilder's weights.
pub fn dmi(high: &[f64], low: &[f64], close: &[f64], p: usize) -> [Vec<f64>; 3] {
    let a = 1.0 / p as f64;
    let n = high.len();
    let (mut plus, mut minus) = (vec![0.0; n], vec![0.0; n]);
    for i in 1..n {
        let (up, down) = (high[i] - high[i - 1], low[i - 1] - low[i]);
        if up > down && up > 0.0 {
            plus[i] = up;
        }
        if down > up && down > 0.0 {
            minus[i] = down;
        }
    }
    let range = ema_weighted(&true_range(high, low, close), a);
    let index = |moves: &[f64]| -> Vec<f64> {
        ema_weighted(moves, a).iter().zip(&range).map(|(m, r)| 100.0 * m / r).collect()
    };
    let (plus, minus) = (index(&plus), index(&minus));
    let dx: Vec<f64> = plus.iter().zip(&minus).map(|(p, m)| 100.0 * ((p - m).abs() / (p + m))).collect();
    let adx = ema_weighted(&dx, a);
    [plus, minus, adx]
}

/// Choppiness index; NaN where the window has no range or a gap.
pub fn choppiness(high: &[f64], low: &[f64], close: &[f64], p: usize) -> Vec<f64> {
    let tr = true_range(high, low, close);
    let scale = log10(p as f64);
    (0..high.len())
        .map(|i| {
            if i + 1 < p {
                return f64::NAN;
            }
            let window = i + 1 - p..=i;
            let top = high[window.clone()].iter().fold(f64::NEG_INFINITY, |m, x| if x.is_nan() { f64::NAN } else { m.max(*x) });
            let bottom = low[window.clone()].iter().fold(f64::INFINITY, |m, x| if x.is_nan() { f64::NAN } else { m.min(*x) });
            let total: f64 = tr[window.clone()].iter().sum();
            let gap = tr[window].iter().any(|x| x.is_nan());
            if gap || top == bottom { f64::NAN } else { 100.0 * log10(total / (top - bottom)) / scale }
        })
        .collect()
}
