//! Bulk calls: an ohlcv IPC stream in, an indicator IPC stream out (one batch for each series).

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;

use super::{kalman, range, rolling, smoothing};
use crate::errors::{OmegaError, Result, guard};
use crate::ipc::{self, Ohlcv};
use crate::kernel::timed;

const MAX_PERIOD: i64 = 10_000_000;

pub fn period(name: &str, value: i64) -> Result<usize> {
    if (1..=MAX_PERIOD).contains(&value) {
        return Ok(value as usize);
    }
    Err(OmegaError::InvalidArgument(format!("{name} must lie between 1 and {MAX_PERIOD}, not {value}")))
}

pub fn finite(name: &str, value: f64) -> Result<f64> {
    if value.is_finite() {
        return Ok(value);
    }
    Err(OmegaError::InvalidArgument(format!("{name} must be a finite number, not {value}")))
}

/// Reads, computes (timed) and writes; `work` may cut the bars to the rows it answers for.
pub fn run_checked<'py>(
    py: Python<'py>,
    bytes: &[u8],
    name: &str,
    params: serde_json::Value,
    work: impl FnOnce(&mut Ohlcv) -> Result<Vec<Vec<f64>>>,
) -> Result<Bound<'py, PyBytes>> {
    let answer = guard(|| {
        let mut bars = ipc::read_ohlcv(bytes)?;
        let series = timed(|| work(&mut bars))?;
        ipc::write_indicator(&bars, name, &params, &series)
    })?;
    Ok(PyBytes::new(py, &answer))
}

/// The same for work that cannot fail.
pub fn run<'py>(
    py: Python<'py>,
    bytes: &[u8],
    name: &str,
    params: serde_json::Value,
    work: impl FnOnce(&Ohlcv) -> Vec<Vec<f64>>,
) -> Result<Bound<'py, PyBytes>> {
    run_checked(py, bytes, name, params, |bars| Ok(work(bars)))
}

/// Indices that rise within the rows.
pub fn checked_steps(steps: &[i64], rows: usize) -> Result<Vec<usize>> {
    let rising = steps.windows(2).all(|pair| pair[0] < pair[1]);
    if !rising || steps.iter().any(|&i| i < 0 || i >= rows as i64) {
        return Err(OmegaError::InvalidArgument(format!("steps must rise within 0..{rows}")));
    }
    Ok(steps.iter().map(|&i| i as usize).collect())
}

/// Simple moving average of the close over `length` bars.
#[pyfunction]
pub fn sma<'py>(py: Python<'py>, ohlcv: &[u8], length: i64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run(py, ohlcv, "sma", json!({"length": p}), |b| vec![rolling::sma(&b.close, p)])
}

/// Exponential moving average of the close.
#[pyfunction]
pub fn ema<'py>(py: Python<'py>, ohlcv: &[u8], length: i64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run(py, ohlcv, "ema", json!({"length": p}), |b| vec![smoothing::ema(&b.close, p)])
}

/// EMA over the bars at `steps` (indices of new higher-timeframe bars), carried forward between them.
#[pyfunction]
pub fn ema_stepwise<'py>(py: Python<'py>, ohlcv: &[u8], length: i64, steps: Vec<i64>) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run_checked(py, ohlcv, "ema_stepwise", json!({"length": p}), |b| {
        let steps = checked_steps(&steps, b.close.len())?;
        Ok(vec![smoothing::stepwise(&b.close, &steps, |x| smoothing::ema(x, p))])
    })
}

/// Bollinger bands of the close: three batches, upper, mid and lower.
#[pyfunction]
pub fn bollinger<'py>(py: Python<'py>, ohlcv: &[u8], length: i64, std_factor: f64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    let k = finite("std_factor", std_factor)?;
    run(py, ohlcv, "bollinger", json!({"length": p, "std_factor": k}), |b| rolling::bollinger(&b.close, p, k).into())
}

/// Wilder's average true range.
#[pyfunction]
pub fn atr<'py>(py: Python<'py>, ohlcv: &[u8], length: i64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run(py, ohlcv, "atr", json!({"length": p}), |b| vec![range::atr(&b.high, &b.low, &b.close, p)])
}

/// z-score of the close: against its SMA (`ema_length` none) or against an EMA.
#[pyfunction]
#[pyo3(signature = (ohlcv, window, ema_length=None))]
pub fn zscore<'py>(py: Python<'py>, ohlcv: &[u8], window: i64, ema_length: Option<i64>) -> Result<Bound<'py, PyBytes>> {
    let w = period("window", window)?;
    let e = ema_length.map(|p| period("ema_length", p)).transpose()?;
    run(py, ohlcv, "zscore", json!({"window": w, "ema_length": e}), |b| {
        let centre = match e {
            Some(p) => smoothing::ema(&b.close, p),
            None => rolling::sma(&b.close, w),
        };
        let residual: Vec<f64> = b.close.iter().zip(&centre).map(|(x, c)| x - c).collect();
        vec![rolling::standardise(&residual, w)]
    })
}

/// Kalman-filtered mean of the close.
#[pyfunction]
pub fn kalman_mean<'py>(py: Python<'py>, ohlcv: &[u8], r: f64, q: f64) -> Result<Bound<'py, PyBytes>> {
    let (r, q) = (finite("r", r)?, finite("q", q)?);
    run(py, ohlcv, "kalman_mean", json!({"r": r, "q": q}), |b| vec![kalman::mean(&b.close, r, q)])
}

/// z-score of the close against its Kalman mean.
#[pyfunction]
pub fn kalman_zscore<'py>(py: Python<'py>, ohlcv: &[u8], window: i64, r: f64, q: f64) -> Result<Bound<'py, PyBytes>> {
    let w = period("window", window)?;
    let (r, q) = (finite("r", r)?, finite("q", q)?);
    run(py, ohlcv, "kalman_zscore", json!({"window": w, "r": r, "q": q}), |b| {
        let mean = kalman::mean(&b.close, r, q);
        let residual: Vec<f64> = b.close.iter().zip(&mean).map(|(x, m)| x - m).collect();
        vec![rolling::standardise(&residual, w)]
    })
}
