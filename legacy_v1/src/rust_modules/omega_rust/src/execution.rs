//! Single-record checks that Python makes for each position on each bar.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;

use crate::bars::BarRust;
use crate::errors::{OmegaError, Result, guard};
use crate::kernel::timed;
use crate::position::PositionRust;

/// Price moved by `pips`: up for a long, down for a short.
#[pyfunction]
pub fn calculate_slippage(price: f64, direction: &str, pip_size: f64, pips: f64) -> Result<f64> {
    guard(|| timed(|| slipped(price, direction, pip_size, pips)))
}

/// The same without the boundary around it.
pub fn slipped(price: f64, direction: &str, pip_size: f64, pips: f64) -> Result<f64> {
    match direction {
        "long" => Ok(price + pips * pip_size),
        "short" => Ok(price - pips * pip_size),
        other => Err(OmegaError::InvalidArgument(format!("direction must be long or short, not {other:?}"))),
    }
}

/// None for an order that does not wait.
pub fn triggered(kind: &str, long: bool, level: f64, bid: &BarRust, ask: &BarRust) -> Option<bool> {
    match (kind, long) {
        ("limit", true) => Some(ask.low <= level),
        ("limit", false) => Some(bid.high >= level),
        ("stop", true) => Some(ask.high >= level),
        ("stop", false) => Some(bid.low <= level),
        _ => None,
    }
}

/// Whether a pending order triggers on this bar: ask for longs, bid for shorts.
#[pyfunction]
pub fn check_entry_trigger(position: &PositionRust, bid_bar: &BarRust, ask_bar: &BarRust) -> Result<bool> {
    guard(|| {
        let (kind, level) = (position.order_type.as_str(), position.entry_price);
        let hit = timed(|| triggered(kind, position.is_long(), level, bid_bar, ask_bar));
        hit.ok_or_else(|| OmegaError::InvalidState(format!("a {} order does not wait for a trigger", position.order_type)))
    })
}

/// The level this bar takes, if any: `(price, reason)`; the stop comes before the target.
#[pyfunction]
pub fn check_exit(
    position: &PositionRust,
    bid_bar: &BarRust,
    ask_bar: &BarRust,
    pip_buffer: f64,
) -> Result<Option<(f64, &'static str)>> {
    guard(|| {
        if position.status != "open" {
            return Err(OmegaError::InvalidState(format!("a {} position has no exit", position.status)));
        }
        Ok(timed(|| exit_level(position, bid_bar, ask_bar, pip_buffer, bid_bar.timestamp)))
    })
}

/// The level a bar takes and why, without the boundary around it.
pub fn exit_level(
    pos: &PositionRust,
    bid: &BarRust,
    ask: &BarRust,
    buf: f64,
    now: DateTime<Utc>,
) -> Option<(f64, &'static str)> {
    let fill_bar = pos.trigger_time == Some(now);
    let (sl, tp) = (pos.current_sl, pos.tp);
    let (sl_hit, tp_hit) = if pos.is_long() {
        (bid.low <= sl + buf, bid.high >= tp - buf)
    } else {
        (ask.high >= sl - buf, ask.low <= tp + buf)
    };
    if sl_hit {
        let reason = if fill_bar || sl == pos.initial_sl { "stop_loss" } else { "break_even_stop_loss" };
        return Some((sl, reason));
    }
    if !tp_hit {
        return None;
    }
    let confirmed = if pos.is_long() { bid.close > tp } else { ask.close < tp };
    if fill_bar && pos.order_type == "limit" && !confirmed {
        return None;
    }
    Some((tp, "take_profit"))
}
