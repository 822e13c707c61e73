//! Cash, trades, fees and the equity curve, held by Python across bars.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::batch::read_positions;
use crate::columns::Columns;
use crate::errors::{OmegaError, Result, guard};
use crate::kernel::timed;
use crate::position::PositionRust;
use crate::schema_table::POSITION;

type FeeRow = (DateTime<Utc>, &'static str, String, f64, f64);

/// Realised accounting: equity is cash, open positions are never marked.
#[pyclass]
pub struct PortfolioRust {
    initial_balance: f64,
    #[pyo3(get)]
    cash: f64,
    #[pyo3(get)]
    equity: f64,
    #[pyo3(get)]
    max_equity: f64,
    #[pyo3(get)]
    max_drawdown: f64,
    #[pyo3(get)]
    initial_max_drawdown: f64,
    #[pyo3(get)]
    total_fees: f64,
    /// Time of the last exit, with `exit_shift` already added.
    #[pyo3(get)]
    last_exit_time: Option<DateTime<Utc>>,
    exit_shift: TimeDelta,
    active: Vec<Py<PositionRust>>,
    closed: Vec<Py<PositionRust>>,
    curve: Vec<(DateTime<Utc>, f64)>,
    trade_curve: Vec<(DateTime<Utc>, f64)>,
    fees: Vec<FeeRow>,
}

/// What `process_batch` did.
#[pyclass(frozen, get_all)]
pub struct BatchResult {
    pub processed: usize,
    pub skipped: usize,
    pub total_result: f64,
    pub cash: f64,
}

/// Python's `round(x, digits)`: the exact binary value, half to even.
pub fn round_half_even(x: f64, digits: usize) -> f64 {
    format!("{x:.digits$}").parse().unwrap_or(x)
}

#[pymethods]
impl PortfolioRust {
    /// `exit_shift`: what is added to the time of an exit before it is kept (the timeframe, in trade-close mode).
    #[new]
    #[pyo3(signature = (initial_balance, exit_shift=None))]
    fn new(initial_balance: f64, exit_shift: Option<TimeDelta>) -> Self {
        let sentinel = Utc.timestamp_opt(946_684_800, 0).single().unwrap_or_default();
        Self {
            initial_balance,
            cash: initial_balance,
            equity: initial_balance,
            max_equity: initial_balance,
            max_drawdown: 0.0,
            initial_max_drawdown: 0.0,
            total_fees: 0.0,
            last_exit_time: None,
            exit_shift: exit_shift.unwrap_or_default(),
            active: vec![],
            closed: vec![],
            curve: vec![(sentinel, initial_balance)],
            trade_curve: vec![],
            fees: vec![],
        }
    }

    /// First tested bar: the curve over trades starts here with the initial balance.
    fn start(&mut self, time: DateTime<Utc>) {
        if self.trade_curve.is_empty() {
            self.trade_curve.push((time, self.initial_balance));
        }
    }

    /// A new order or position joins the active ones, last in order.
    fn register_entry(&mut self, position: Py<PositionRust>) {
        self.active.push(position);
    }

    /// Books a fee at once; a fee of zero leaves no trace.
    fn register_fee(&mut self, time: DateTime<Utc>, kind: &str, symbol: String, size: f64, fee: f64) -> Result<()> {
        let kind = match kind {
            "entry" => "entry",
            "exit" => "exit",
            other => return Err(OmegaError::InvalidArgument(format!("a fee is entry or exit, not {other:?}"))),
        };
        if fee == 0.0 {
            return Ok(());
        }
        timed(|| {
            self.cash -= fee;
            self.total_fees += fee;
            self.fees.push((time, kind, symbol, size, fee));
        });
        Ok(())
    }

    /// Closes a position: R against the initial stop, result = R * risk, cash moves by it.
    fn register_exit(
        &mut self,
        py: Python<'_>,
        position: Py<PositionRust>,
        time: DateTime<Utc>,
        price: f64,
        reason: String,
        risk_per_trade: f64,
    ) -> Result<()> {
        let Some(index) = self.active.iter().position(|p| p.is(&position)) else {
            return Err(OmegaError::InvalidState("the position is not active in this portfolio".to_string()));
        };
        {
            let mut pos = position.borrow_mut(py);
            timed(|| {
                let risk = (pos.entry_price - pos.initial_sl).abs();
                let gain = if pos.is_long() { price - pos.entry_price } else { pos.entry_price - price };
                let r = if risk > 0.0 { gain / risk } else { 0.0 };
                pos.exit_time = Some(time);
                pos.exit_price = Some(price);
                pos.reason = Some(reason);
                pos.r_multiple = r;
                pos.result = Some(r * risk_per_trade);
                pos.status = "closed".to_string();
                self.cash += r * risk_per_trade;
                self.equity += r * risk_per_trade;
            });
        }
        // Without this bar's exit fees: they reach the equity only at the end of the bar (observed).
        self.trade_curve.push((time, self.equity));
        self.last_exit_time = time.checked_add_signed(self.exit_shift);
        let done = self.active.remove(index);
        self.closed.push(done);
        Ok(())
    }

    /// End of a bar: equity := cash, curve point (overwritten on a repeated time), drawdowns.
    fn update(&mut self, time: DateTime<Utc>) {
        timed(|| {
            self.equity = self.cash;
            match self.curve.last_mut() {
                Some(last) if last.0 == time => last.1 = self.equity,
                _ => self.curve.push((time, self.equity)),
            }
            if let Some(last) = self.trade_curve.last_mut().filter(|last| last.0 == time) {
                last.1 = self.equity;
            }
            self.max_equity = self.max_equity.max(self.equity);
            self.max_drawdown = self.max_drawdown.max(self.max_equity - self.equity);
            self.initial_max_drawdown = self.initial_max_drawdown.max(self.initial_balance - self.equity);
        });
    }

    /// Pending and open positions in the order of their placement.
    fn active_positions(&self, py: Python<'_>) -> Vec<Py<PositionRust>> {
        self.active.iter().map(|p| p.clone_ref(py)).collect()
    }

    fn has_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// Open (filled) positions of a symbol.
    fn count_open(&self, py: Python<'_>, symbol: &str) -> usize {
        self.active.iter().map(|p| p.borrow(py)).filter(|p| p.status == "open" && p.symbol == symbol).count()
    }

    fn closed_positions(&self, py: Python<'_>) -> Vec<Py<PositionRust>> {
        self.closed.iter().map(|p| p.clone_ref(py)).collect()
    }

    /// Books a stream of closed positions (schema position): R against the initial stop, result = R * risk.
    ///
    /// Rows that are not closed, or have no exit, are counted as skipped; nothing is booked when the stream is refused.
    fn process_batch(&mut self, positions: &[u8], risk_per_trade: f64) -> Result<BatchResult> {
        let rows = guard(|| read_positions(&Columns::read(positions, POSITION)?))?;
        Ok(timed(|| {
            let mut out = BatchResult { processed: 0, skipped: 0, total_result: 0.0, cash: self.cash };
            for row in &rows {
                let (Some(exit), Some(time), "closed") = (row.exit_price, row.exit_time, row.status.as_str()) else {
                    out.skipped += 1;
                    continue;
                };
                let risk = (row.entry_price - row.initial_sl).abs();
                let gain = if row.is_long() { exit - row.entry_price } else { row.entry_price - exit };
                let result = if risk > 0.0 { gain / risk * risk_per_trade } else { 0.0 };
                self.cash += result;
                self.equity += result;
                self.trade_curve.push((time, self.equity));
                self.last_exit_time = time.checked_add_signed(self.exit_shift);
                out.processed += 1;
                out.total_result += result;
            }
            out.cash = self.cash;
            out
        }))
    }

    /// `(time, equity)` points; the first one is the sentinel of 2000-01-01.
    fn get_equity_curve(&self) -> Vec<(DateTime<Utc>, f64)> {
        self.curve.clone()
    }

    fn get_trade_curve(&self) -> Vec<(DateTime<Utc>, f64)> {
        self.trade_curve.clone()
    }

    /// `(time, kind, symbol, size, fee)` rows in booking order.
    fn get_fees(&self) -> Vec<FeeRow> {
        self.fees.clone()
    }

    /// The summary V1 prints after a run, under V1's own labels.
    fn get_summary<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let trades: Vec<PyRef<'_, PositionRust>> = self.closed.iter().map(|p| p.borrow(py)).collect();
        let n = trades.len();
        let wins = trades.iter().filter(|t| t.result.unwrap_or(0.0) > 0.0).count();
        let lots: f64 = trades.iter().map(|t| t.size).sum();
        let r_sum: f64 = trades.iter().map(|t| t.r_multiple).sum();
        let share = |x: f64| if n == 0 { 0.0 } else { x / n as f64 };
        let break_even = trades.iter().filter(|t| t.reason.as_deref() == Some("break_even_stop_loss")).count();
        let out = PyDict::new(py);
        out.set_item("Initial Balance", round_half_even(self.initial_balance, 2))?;
        out.set_item("Final Balance", round_half_even(self.cash, 2))?;
        out.set_item("Equity", round_half_even(self.equity, 2))?;
        out.set_item("Max Drawdown", round_half_even(self.max_drawdown, 2))?;
        out.set_item("Drawdown Initial Balance", round_half_even(self.initial_max_drawdown, 2))?;
        out.set_item("Total Fees", round_half_even(self.total_fees, 2))?;
        out.set_item("Total Lots", round_half_even(lots, 2))?;
        out.set_item("Total Trades", n)?;
        out.set_item("Expired Orders", 0)?;
        out.set_item("Partial Closed Orders", 0)?;
        out.set_item("Orders closed at Break Even", break_even)?;
        out.set_item("Avg R-Multiple", round_half_even(share(r_sum), 3))?;
        out.set_item("Winrate", round_half_even(share(wins as f64) * 100.0, 2))?;
        out.set_item("Wins", wins)?;
        out.set_item("Losses", n - wins)?;
        Ok(out)
    }
}
