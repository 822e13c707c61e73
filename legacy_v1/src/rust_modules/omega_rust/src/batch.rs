//! Batch forms of the single-record calls: rows in one Arrow IPC stream in, one indicator stream out.
//!
//! The schemas of V1 do not carry everything that a single record does: a position row has no order type and no
//! trigger time, so a batch of exits takes the bar of the entry as the fill bar and needs no confirmation.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;

use crate::bars::BarRust;
use crate::columns::Columns;
use crate::errors::{OmegaError, Result, guard};
use crate::execution;
use crate::fees::{self, FeeRequestRust};
use crate::ipc::write_values;
use crate::kernel::timed;
use crate::position::PositionRust;
use crate::schema_table::{POSITION, TRADE_SIGNAL};

fn time_of(us: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(us)
        .ok_or_else(|| OmegaError::InvalidArgument(format!("{us} us is not a time that a position can have")))
}

fn lengths(what: &str, rows: usize, found: usize) -> Result<()> {
    if rows == found {
        return Ok(());
    }
    Err(OmegaError::SizeMismatch(format!("{what}: {found} values for {rows} rows")))
}

/// Slipped price of each signal's entry: `pips[i]` pips in the signal's direction.
#[pyfunction]
pub fn calculate_slippage_batch<'py>(
    py: Python<'py>,
    trade_signals: &[u8],
    pip_size: f64,
    pips: Vec<f64>,
) -> Result<Bound<'py, PyBytes>> {
    let answer = guard(|| {
        let rows = Columns::read(trade_signals, TRADE_SIGNAL)?;
        lengths("pips", rows.rows(), pips.len())?;
        let (times, prices, directions) = (rows.times("timestamp")?, rows.floats("entry")?, rows.words("direction")?);
        let values = timed(|| {
            let rows = prices.iter().zip(&directions).zip(&pips);
            rows.map(|((price, direction), pips)| execution::slipped(*price, direction, pip_size, *pips))
                .collect::<Result<Vec<f64>>>()
        })?;
        write_values(times, "calculate_slippage_batch", &json!({"pip_size": pip_size}), values)
    })?;
    Ok(PyBytes::new(py, &answer))
}

/// Fee of each position's entry, unrounded amounts excluded: the same cents as `calculate_fee` gives.
///
/// `request` holds everything but price and lots, which come from the rows.
#[pyfunction]
pub fn calculate_fee_batch<'py>(
    py: Python<'py>,
    positions: &[u8],
    request: &FeeRequestRust,
) -> Result<Bound<'py, PyBytes>> {
    let answer = guard(|| {
        let rows = Columns::read(positions, POSITION)?;
        let (times, prices, sizes) = (rows.times("entry_time")?, rows.floats("entry_price")?, rows.floats("size")?);
        let values = timed(|| {
            let rows = prices.iter().zip(&sizes);
            rows.map(|(price, lots)| fees::in_cents(&FeeRequestRust { price: *price, lots: *lots, ..request.clone() }))
                .collect::<Result<Vec<f64>>>()
        })?;
        write_values(times, "calculate_fee_batch", &json!({"fee_schema": request.fee_schema}), values)
    })?;
    Ok(PyBytes::new(py, &answer))
}

/// Whether each pending order triggers on this bar: 1 or 0; rows of market orders are not valid.
#[pyfunction]
pub fn check_entry_trigger_batch<'py>(
    py: Python<'py>,
    trade_signals: &[u8],
    bid_bar: &BarRust,
    ask_bar: &BarRust,
) -> Result<Bound<'py, PyBytes>> {
    let answer = guard(|| {
        let rows = Columns::read(trade_signals, TRADE_SIGNAL)?;
        let (times, levels) = (rows.times("timestamp")?, rows.floats("entry")?);
        let (kinds, directions) = (rows.words("order_type")?, rows.words("direction")?);
        let values = timed(|| {
            (0..levels.len())
                .map(|i| match execution::triggered(&kinds[i], directions[i] == "long", levels[i], bid_bar, ask_bar) {
                    Some(hit) => f64::from(u8::from(hit)),
                    None => f64::NAN,
                })
                .collect()
        });
        write_values(times, "check_entry_trigger_batch", &json!({}), values)
    })?;
    Ok(PyBytes::new(py, &answer))
}

/// Exit level of each open position on this bar; rows without an exit are not valid.
#[pyfunction]
pub fn check_exit_batch<'py>(
    py: Python<'py>,
    positions: &[u8],
    bid_bar: &BarRust,
    ask_bar: &BarRust,
    pip_buffer: f64,
) -> Result<Bound<'py, PyBytes>> {
    let answer = guard(|| {
        let rows = Columns::read(positions, POSITION)?;
        let times = rows.times("entry_time")?;
        let open = read_positions(&rows)?;
        let values = timed(|| {
            open.iter()
                .map(|p| match p.status == "open" {
                    true => execution::exit_level(p, bid_bar, ask_bar, pip_buffer, bid_bar.timestamp)
                        .map_or(f64::NAN, |(price, _)| price),
                    false => f64::NAN,
                })
                .collect()
        });
        write_values(times, "check_exit_batch", &json!({"pip_buffer": pip_buffer}), values)
    })?;
    Ok(PyBytes::new(py, &answer))
}

/// Rows of the position schema as positions; the order type is not in it and reads `market`.
pub fn read_positions(rows: &Columns) -> Result<Vec<PositionRust>> {
    let times = rows.times("entry_time")?;
    let exits = rows.optional_times("exit_time")?;
    let (directions, symbols, status) = (rows.words("direction")?, rows.words("symbol")?, rows.words("status")?);
    let (entry, exit) = (rows.floats("entry_price")?, rows.optional_floats("exit_price")?);
    let (initial, current) = (rows.floats("initial_sl")?, rows.floats("current_sl")?);
    let (tp, size) = (rows.floats("tp")?, rows.floats("size")?);
    (0..times.len())
        .map(|i| {
            let entry_time = time_of(times[i])?;
            Ok(PositionRust {
                order_id: i as i64,
                entry_time,
                trigger_time: Some(entry_time),
                exit_time: exits[i].map(time_of).transpose()?,
                direction: directions[i].clone(),
                symbol: symbols[i].clone(),
                order_type: "market".to_string(),
                entry_price: entry[i],
                exit_price: exit[i],
                initial_sl: initial[i],
                current_sl: current[i],
                tp: tp[i],
                size: size[i],
                result: None,
                r_multiple: 0.0,
                reason: None,
                status: status[i].clone(),
                entry_fee: 0.0,
                exit_fee: 0.0,
                scenario: None,
            })
        })
        .collect()
}
