//! V1's metrics with V1's rounding.

use std::collections::BTreeSet;

use omega_contract::outcome::{Definition, Trade};
use omega_contract::time::DAY_NS;
use serde_json::json;

use super::report::MetricReport;
use super::sample::{deviation, downside, mean};
use crate::broker::Ledger;
use crate::curve::Figures;
use crate::rounding::half_even;

const NAMES: &[(&str, &str, usize, &str)] = &[
    ("net_profit_eur", "account currency", 2, "sum of trade results"),
    ("net_profit_after_fees_eur", "account currency", 2, "cash minus initial balance"),
    ("fees_total_eur", "account currency", 2, "all fees booked"),
    ("gross_profit_eur", "account currency", 2, "sum of winning results"),
    ("gross_loss_eur", "account currency", 2, "sum of losing results, positive"),
    ("avg_result_eur", "account currency", 2, "mean trade result"),
    ("winrate_percent", "per cent", 2, "share of winning trades"),
    ("avg_r_multiple", "R", 3, "mean R"),
    ("total_r_multiple", "R", 3, "sum of R"),
    ("profit_factor", "ratio", 2, "gross profit over gross loss, 0 without losses"),
    ("drawdown_eur", "account currency", 2, "largest fall from a high of the realised equity"),
    ("drawdown_percent", "per cent", 2, "drawdown over initial balance"),
    ("initial_drawdown_eur", "account currency", 2, "largest fall below the initial balance"),
    ("total_trades", "count", 0, "closed positions"),
    ("active_days", "count", 0, "UTC dates with an entry or an exit"),
    ("sharpe_trade", "ratio", 3, "mean R over its deviation"),
    ("sortino_trade", "ratio", 3, "mean R over its downside deviation"),
];

pub(super) fn compute(trades: &[Trade], ledger: &Ledger, figures: &Figures) -> MetricReport {
    let raw = if trades.is_empty() { vec![0.0; NAMES.len()] } else { values(trades, ledger, figures) };
    let mut report = MetricReport::new();
    for ((name, unit, digits, description), value) in NAMES.iter().zip(raw) {
        let count = *unit == "count";
        let shown = if count { json!(value as i64) } else { json!(half_even(value, *digits)) };
        let kind = if count { "integer" } else { "number" };
        let definition = Definition { unit, description, domain: "closed trades", source: "legacy engine V1", kind };
        report.add(name, shown, definition);
    }
    report
}

fn values(trades: &[Trade], ledger: &Ledger, figures: &Figures) -> Vec<f64> {
    let n = trades.len() as f64;
    let results: Vec<f64> = trades.iter().map(|t| t.result).collect();
    let r: Vec<f64> = trades.iter().map(|t| t.r_multiple).collect();
    let sum = |x: &mut dyn Iterator<Item = f64>| x.fold(0.0, |a, b| a + b);
    let wins = results.iter().filter(|x| **x > 0.0).count() as f64;
    let profit = sum(&mut results.iter().copied().filter(|x| *x > 0.0));
    let loss = sum(&mut results.iter().copied().filter(|x| *x < 0.0)).abs();
    let drawdown = half_even(figures.max_drawdown, 2);
    let days: BTreeSet<i64> =
        trades.iter().flat_map(|t| [t.entry_time_ns, t.exit_time_ns]).map(|ts| ts.div_euclid(DAY_NS)).collect();
    let (sharpe, sortino) = if trades.len() < 2 {
        (0.0, 0.0)
    } else {
        let (m, std, down) = (mean(&r), deviation(&r), downside(&r));
        (if std > 0.0 { m / std } else { 0.0 }, if down > 0.0 { m / down } else { 0.0 })
    };
    vec![
        sum(&mut results.iter().copied()),
        ledger.cash - figures.initial,
        ledger.fees,
        profit,
        loss,
        sum(&mut results.iter().copied()) / n,
        wins / n * 100.0,
        sum(&mut r.iter().copied()) / n,
        sum(&mut r.iter().copied()),
        if loss > 0.0 { profit / loss } else { 0.0 },
        drawdown,
        drawdown / figures.initial * 100.0,
        (figures.initial - figures.lowest).max(0.0),
        n,
        days.len() as f64,
        sharpe,
        sortino,
    ]
}
