//! Bulk calls beyond the moving averages: volatility, momentum, stepwise and local forms.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;

use super::api::{checked_steps, finite, period, run, run_checked};
use super::volatility::{self, Garch};
use super::{kalman, momentum, rolling, smoothing};
use crate::errors::{OmegaError, Result};

#[allow(clippy::too_many_arguments)] // V1's parameter list
fn garch_parameters(
    alpha: f64,
    beta: f64,
    omega: Option<f64>,
    log_returns: bool,
    scale: f64,
    min_periods: i64,
    sigma_floor: f64,
) -> Result<Garch> {
    let omega = omega.map(|w| finite("omega", w)).transpose()?;
    if omega.is_some_and(|w| w < 0.0) {
        return Err(OmegaError::InvalidArgument("omega must not be negative".to_string()));
    }
    if !(scale.is_finite() && scale > 0.0) {
        return Err(OmegaError::InvalidArgument(format!("scale must be above 0, not {scale}")));
    }
    let min_periods = usize::try_from(min_periods)
        .map_err(|_| OmegaError::InvalidArgument(format!("min_periods must not be negative, not {min_periods}")))?;
    Ok(Garch {
        alpha: finite("alpha", alpha)?,
        beta: finite("beta", beta)?,
        omega,
        log_returns,
        scale,
        min_periods,
        sigma_floor: finite("sigma_floor", sigma_floor)?,
    })
}

fn window(idx: i64, lookback: i64, rows: usize) -> Result<std::ops::RangeInclusive<usize>> {
    let inside = usize::try_from(idx).ok().filter(|i| *i < rows);
    match (inside, lookback) {
        (Some(i), 1..) => Ok((i + 1).saturating_sub(lookback as usize)..=i),
        _ => Err(OmegaError::InvalidArgument(format!("idx {idx} or lookback {lookback} is outside of {rows} rows"))),
    }
}

/// GARCH(1,1) volatility of the close.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // V1's parameter list
pub fn garch_volatility<'py>(
    py: Python<'py>,
    ohlcv: &[u8],
    alpha: f64,
    beta: f64,
    omega: Option<f64>,
    log_returns: bool,
    scale: f64,
    min_periods: i64,
    sigma_floor: f64,
) -> Result<Bound<'py, PyBytes>> {
    let g = garch_parameters(alpha, beta, omega, log_returns, scale, min_periods, sigma_floor)?;
    run(py, ohlcv, "garch_volatility", json!({"alpha": alpha, "beta": beta}), |b| vec![volatility::garch(&b.close, &g)])
}

/// z-score of the close against its Kalman mean in units of GARCH volatility.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // V1's parameter list
pub fn kalman_garch_zscore<'py>(
    py: Python<'py>,
    ohlcv: &[u8],
    r: f64,
    q: f64,
    alpha: f64,
    beta: f64,
    omega: Option<f64>,
    log_returns: bool,
    scale: f64,
    min_periods: i64,
    sigma_floor: f64,
) -> Result<Bound<'py, PyBytes>> {
    let g = garch_parameters(alpha, beta, omega, log_returns, scale, min_periods, sigma_floor)?;
    let (r, q) = (finite("r", r)?, finite("q", q)?);
    run(py, ohlcv, "kalman_garch_zscore", json!({"r": r, "q": q, "alpha": alpha, "beta": beta}), |b| {
        let mean = kalman::mean(&b.close, r, q);
        vec![volatility::kalman_garch_z(&b.close, &mean, &volatility::garch(&b.close, &g))]
    })
}

/// GARCH volatility of the window `[max(0, idx - lookback + 1) .. idx]`, seeded afresh: one value for each of its bars.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // V1's parameter list
pub fn garch_volatility_local<'py>(
    py: Python<'py>,
    ohlcv: &[u8],
    idx: i64,
    lookback: i64,
    alpha: f64,
    beta: f64,
    omega: Option<f64>,
    log_returns: bool,
    scale: f64,
    min_periods: i64,
    sigma_floor: f64,
) -> Result<Bound<'py, PyBytes>> {
    let g = garch_parameters(alpha, beta, omega, log_returns, scale, min_periods, sigma_floor)?;
    run_checked(py, ohlcv, "garch_volatility_local", json!({"idx": idx, "lookback": lookback}), |b| {
        let span = window(idx, lookback, b.close.len())?;
        b.keep(span.clone());
        Ok(vec![volatility::garch(&b.close, &g)])
    })
}

/// Kalman-GARCH z-score of bar `idx` on its local window; None where the window says nothing.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // V1's parameter list
pub fn kalman_garch_zscore_local(
    ohlcv: &[u8],
    idx: i64,
    lookback: i64,
    r: f64,
    q: f64,
    alpha: f64,
    beta: f64,
    omega: Option<f64>,
    log_returns: bool,
    scale: f64,
    min_periods: i64,
    sigma_floor: f64,
) -> Result<Option<f64>> {
    let g = garch_parameters(alpha, beta, omega, log_returns, scale, min_periods, sigma_floor)?;
    let (r, q) = (finite("r", r)?, finite("q", q)?);
    crate::errors::guard(|| {
        let bars = crate::ipc::read_ohlcv(ohlcv)?;
        let span = window(idx, lookback, bars.close.len())?;
        Ok(crate::kernel::timed(|| local_z(&bars.close[span], r, q, &g)))
    })
}

fn local_z(close: &[f64], r: f64, q: f64, g: &Garch) -> Option<f64> {
    if close.len() < 2 {
        return None;
    }
    let mean = *kalman::mean(close, r, q).last()?;
    let first = volatility::first_finite(&volatility::returns(close, g.log_returns))?;
    if mean.is_nan() || close.len() - 1 - first < g.min_periods {
        return None;
    }
    let sigma = *volatility::garch(close, g).last()?;
    let x = *close.last()?;
    let z = (x - mean) / (x.abs() * sigma);
    (sigma > 0.0 && z.is_finite()).then_some(z)
}

/// Bollinger bands over the bars at `steps`, carried forward: three batches, upper, mid and lower.
#[pyfunction]
pub fn bollinger_stepwise<'py>(
    py: Python<'py>,
    ohlcv: &[u8],
    length: i64,
    std_factor: f64,
    steps: Vec<i64>,
) -> Result<Bound<'py, PyBytes>> {
    let (p, k) = (period("length", length)?, finite("std_factor", std_factor)?);
    run_checked(py, ohlcv, "bollinger_stepwise", json!({"length": p, "std_factor": k}), |b| {
        let steps = checked_steps(&steps, b.close.len())?;
        let band = |which: usize| smoothing::stepwise(&b.close, &steps, |x| rolling::bollinger(x, p, k)[which].clone());
        Ok(vec![band(0), band(1), band(2)])
    })
}

/// Kalman z-score over the bars at `steps`, carried forward.
#[pyfunction]
pub fn kalman_zscore_stepwise<'py>(
    py: Python<'py>,
    ohlcv: &[u8],
    window: i64,
    r: f64,
    q: f64,
    steps: Vec<i64>,
) -> Result<Bound<'py, PyBytes>> {
    let w = period("window", window)?;
    let (r, q) = (finite("r", r)?, finite("q", q)?);
    run_checked(py, ohlcv, "kalman_zscore_stepwise", json!({"window": w, "r": r, "q": q}), |b| {
        let steps = checked_steps(&steps, b.close.len())?;
        let z = |x: &[f64]| {
            let residual: Vec<f64> = x.iter().zip(kalman::mean(x, r, q)).map(|(v, m)| v - m).collect();
            rolling::standardise(&residual, w)
        };
        Ok(vec![smoothing::stepwise(&b.close, &steps, z)])
    })
}

/// Relative strength index of the close.
#[pyfunction]
pub fn rsi<'py>(py: Python<'py>, ohlcv: &[u8], length: i64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run(py, ohlcv, "rsi", json!({"length": p}), |b| vec![momentum::rsi(&b.close, p)])
}

/// MACD of the close: two batches, line and signal.
#[pyfunction]
#[pyo3(signature = (ohlcv, fast=12, slow=26, signal=9))]
pub fn macd<'py>(py: Python<'py>, ohlcv: &[u8], fast: i64, slow: i64, signal: i64) -> Result<Bound<'py, PyBytes>> {
    let (f, s, g) = (period("fast", fast)?, period("slow", slow)?, period("signal", signal)?);
    run(py, ohlcv, "macd", json!({"fast": f, "slow": s, "signal": g}), |b| momentum::macd(&b.close, f, s, g).into())
}

/// Rate of change of the close in per cent.
#[pyfunction]
pub fn roc<'py>(py: Python<'py>, ohlcv: &[u8], length: i64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run(py, ohlcv, "roc", json!({"length": p}), |b| vec![momentum::roc(&b.close, p)])
}

/// Directional movement: three batches, +DI, -DI and ADX.
#[pyfunction]
pub fn dmi<'py>(py: Python<'py>, ohlcv: &[u8], length: i64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run(py, ohlcv, "dmi", json!({"length": p}), |b| momentum::dmi(&b.high, &b.low, &b.close, p).into())
}

/// Choppiness index.
#[pyfunction]
pub fn choppiness<'py>(py: Python<'py>, ohlcv: &[u8], length: i64) -> Result<Bound<'py, PyBytes>> {
    let p = period("length", length)?;
    run(py, ohlcv, "choppiness", json!({"length": p}), |b| vec![momentum::choppiness(&b.high, &b.low, &b.close, p)])
}
