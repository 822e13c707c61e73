//! V2's metrics. Money has 2 decimals, ratios 6, ties away from zero; fewer than two samples give `"n/a"`.

use std::collections::BTreeSet;

use omega_contract::outcome::{Definition, Trade};
use omega_contract::time::DAY_NS;
use serde_json::{Value, json};

use super::report::MetricReport;
use super::sample::{deviation, downside, mean};
use crate::broker::Ledger;
use crate::curve::Figures;
use crate::rounding::half_away;

const YEAR_NS: f64 = 365.25 * DAY_NS as f64;
const TRADING_DAYS: f64 = 252.0;

#[derive(Clone, Copy)]
enum Unit {
    Money,
    Ratio,
    R,
    Count,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Money => "account currency",
            Self::Ratio => "ratio",
            Self::R => "R",
            Self::Count => "count",
        }
    }

    fn show(self, value: Option<f64>) -> Value {
        match (self, value.filter(|x| x.is_finite())) {
            (_, None) => json!("n/a"),
            (Self::Count, Some(x)) => json!(x as i64),
            (Self::Money, Some(x)) => json!(half_away(x, 2)),
            (Self::Ratio | Self::R, Some(x)) => json!(half_away(x, 6)),
        }
    }
}

struct Table(MetricReport);

impl Table {
    fn put(
        &mut self,
        name: &'static str,
        value: Option<f64>,
        unit: Unit,
        domain: &'static str,
        description: &'static str,
        source: &'static str,
    ) {
        let kind = if matches!(unit, Unit::Count) { "integer" } else { "number" };
        let definition = Definition { unit: unit.name(), description, domain, source, kind };
        self.0.add(name, unit.show(value), definition);
    }
}

fn at_least_two(x: &[f64], value: impl FnOnce(&[f64]) -> f64) -> Option<f64> {
    (x.len() >= 2).then(|| value(x))
}

fn over(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { 0.0 }
}

pub(super) fn compute(trades: &[Trade], ledger: &Ledger, figures: &Figures) -> MetricReport {
    let mut table = Table(MetricReport::new());
    trade_metrics(&mut table, trades, ledger);
    curve_metrics(&mut table, figures);
    table.0
}

fn trade_metrics(table: &mut Table, trades: &[Trade], ledger: &Ledger) {
    use Unit::{Count, Money, R, Ratio};
    const T: &str = "closed trades";
    const OWN: &str = "this project";
    const SHARPE: &str = "Sharpe 1966";
    const SORTINO: &str = "Sortino and Price 1994";
    let n = trades.len() as f64;
    let results: Vec<f64> = trades.iter().map(|t| t.result).collect();
    let r: Vec<f64> = trades.iter().map(|t| t.r_multiple).collect();
    let wins: Vec<f64> = results.iter().copied().filter(|x| *x > 0.0).collect();
    let losses: Vec<f64> = results.iter().copied().filter(|x| *x < 0.0).collect();
    let (won, lost) = (mean(&wins) * wins.len() as f64, (mean(&losses) * losses.len() as f64).abs());
    let days: BTreeSet<i64> = trades.iter().map(|t| t.entry_time_ns.div_euclid(DAY_NS)).collect();
    let gross: f64 = ledger.results;
    let share = |k: usize| over(k as f64, n);
    let expectancy = share(wins.len()) * mean(&wins) + share(losses.len()) * mean(&losses);
    table.put("total_trades", Some(n), Count, T, "closed positions", OWN);
    table.put("wins", Some(wins.len() as f64), Count, T, "trades with a result above 0", OWN);
    table.put("losses", Some(losses.len() as f64), Count, T, "trades with a result below 0", OWN);
    table.put("win_rate", Some(share(wins.len())), Ratio, T, "wins over all trades", OWN);
    table.put("profit_gross", Some(gross), Money, T, "sum of results before fees", OWN);
    table.put("fees_total", Some(ledger.fees), Money, "all orders", "all fees booked, open positions included", OWN);
    table.put("profit_net", Some(gross - ledger.fees), Money, "all orders", "gross profit minus fees", OWN);
    table.put("avg_r_multiple", Some(mean(&r)), R, T, "mean R", "Tharp 1998");
    table.put(
        "expectancy",
        Some(expectancy),
        Money,
        T,
        "win rate * average win + loss rate * average loss",
        "Tharp 1998",
    );
    table.put("profit_factor", Some(over(won, lost)), Ratio, T, "gross wins over gross losses, 0 without losses", OWN);
    table.put("avg_trade_pnl", Some(mean(&results)), Money, T, "mean result before fees", OWN);
    table.put("active_days", Some(days.len() as f64), Count, T, "UTC dates with an entry", OWN);
    table.put("trades_per_day", Some(over(n, days.len() as f64)), Ratio, T, "trades over active days", OWN);
    table.put("avg_win", Some(mean(&wins)), Money, T, "mean winning result", OWN);
    table.put("avg_loss", Some(mean(&losses)), Money, T, "mean losing result", OWN);
    let largest = |x: &[f64]| x.iter().fold(0.0f64, |a, b| if b.abs() > a.abs() { *b } else { a });
    table.put("largest_win", Some(largest(&wins)), Money, T, "largest winning result", OWN);
    table.put("largest_loss", Some(largest(&losses)), Money, T, "largest losing result", OWN);
    let sharpe = at_least_two(&r, |x| over(mean(x), deviation(x)));
    let sortino = at_least_two(&r, |x| over(mean(x), downside(x)));
    table.put("sharpe_trade_r", sharpe, Ratio, T, "mean R over its deviation (ddof 1)", SHARPE);
    table.put("sortino_trade_r", sortino, Ratio, T, "mean R over its downside deviation", SORTINO);
}

fn curve_metrics(table: &mut Table, figures: &Figures) {
    drawdown_metrics(table, figures);
    daily_metrics(table, &figures.daily_returns());
}

fn drawdown_metrics(table: &mut Table, figures: &Figures) {
    use Unit::{Count, Money, Ratio};
    const E: &str = "equity at bar ends";
    const DRAWDOWN: &str = "Magdon-Ismail 2004";
    let relative = Some(figures.max_drawdown_relative);
    let duration = Some(figures.longest_drawdown as f64);
    let growth = "yearly growth over the largest fall; linear below one year";
    table.put("max_drawdown", relative, Ratio, E, "largest fall from a high, as a share of it", DRAWDOWN);
    table.put("max_drawdown_abs", Some(figures.max_drawdown), Money, E, "largest fall from a high", DRAWDOWN);
    table.put("max_drawdown_duration_bars", duration, Count, E, "longest time below a high", "this project");
    table.put("calmar_ratio", Some(calmar(figures)), Ratio, E, growth, "Young 1991");
    let ulcer = Some(figures.ulcer_index());
    table.put("ulcer_index", ulcer, Ratio, E, "root mean squared fall from the high", "Martin 1987");
}

fn daily_metrics(table: &mut Table, daily: &[f64]) {
    use Unit::Ratio;
    const D: &str = "daily returns";
    const SORTINO: &str = "Sortino and Price 1994";
    let year = TRADING_DAYS.sqrt();
    let sharpe = at_least_two(daily, |x| over(mean(x), deviation(x)) * year);
    let sortino = at_least_two(daily, |x| over(mean(x), downside(x)) * year);
    let omega = at_least_two(daily, |x| {
        let (up, down) = x.iter().fold((0.0, 0.0), |(u, d), r| (u + r.max(0.0), d - r.min(0.0)));
        over(up, down)
    });
    table.put("sharpe_equity_daily", sharpe, Ratio, D, "mean over deviation (ddof 1), times sqrt(252)", "Sharpe 1994");
    table.put("sortino_equity_daily", sortino, Ratio, D, "mean over downside deviation, times sqrt(252)", SORTINO);
    table.put("omega_ratio", omega, Ratio, D, "gains over losses around 0", "Keating and Shadwick 2002");
}

fn calmar(figures: &Figures) -> f64 {
    let years = figures.span_ns as f64 / YEAR_NS;
    let growth = figures.last / figures.initial;
    let rate = if years >= 1.0 && growth > 0.0 {
        growth.powf(1.0 / years) - 1.0
    } else if years > 0.0 {
        (growth - 1.0) / years
    } else {
        0.0
    };
    over(rate, figures.max_drawdown_relative)
}
