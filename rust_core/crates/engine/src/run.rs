//! The bar loop.

use omega_contract::outcome::{EquityCurve, OpenPosition, RejectedOrder, Trade};
use omega_contract::{Category, RunError, codes};
use serde::Serialize;
use serde_json::json;

use crate::broker::{Broker, Ledger, Now};
use crate::curve::{Figures, Recorder};
use crate::events::{Event, Trace};
use crate::gates::Gates;
use crate::inputs::Inputs;
use crate::manager::Manager;
use crate::metrics::{self, MetricReport};
use crate::money::Desk;
use crate::policy::{BarOrder, Policies};
use crate::strategy::{Strategy, View};

/// Largest difference between the running and the recomputed equity.
const INVARIANT: f64 = 1e-8;

/// How often things happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counters {
    /// Bars from the start on.
    pub bars: usize,
    /// Bars of history before it.
    pub history_bars: usize,
    /// Signals of the strategy.
    pub signals: usize,
    /// Fills.
    pub fills: usize,
    /// Closed positions.
    pub trades: usize,
    /// Refused orders.
    pub rejected: usize,
}

/// What a run leaves.
pub struct Report {
    /// Closed positions by exit time, then order id.
    pub trades: Vec<Trade>,
    /// Orders and positions still alive.
    pub open_positions: Vec<OpenPosition>,
    /// Refused orders.
    pub rejected_orders: Vec<RejectedOrder>,
    /// Equity points, as many as the configuration asks for.
    pub equity: EquityCurve,
    /// Metrics and what they mean.
    pub metrics: MetricReport,
    /// Trace, when asked for.
    pub events: Vec<Event>,
    /// Counters.
    pub counters: Counters,
}

/// A backtest in three steps, so that whoever has a clock can time them: `prepare`, `play`, `finish`.
///
/// # Errors
/// `play`: 1008 for a missing FX rate, 4000 for V1's unreachable manager. `finish`: 4004 when the accounts do not
/// add up.
pub struct Run<'a> {
    inputs: &'a Inputs<'a>,
    policies: Policies,
    broker: Broker<'a>,
    strategy: Strategy<'a>,
    gates: Gates,
    manager: Manager<'a>,
    curve: Recorder,
    signals: usize,
}

impl<'a> Run<'a> {
    /// Resolves the policies and computes the indicator columns.
    pub fn prepare(inputs: &'a Inputs<'a>) -> Self {
        let config = inputs.config;
        let policies = Policies::resolve(&config.semantics);
        let desk = Desk::new(config, &policies, inputs.spec, inputs.commission, inputs.slippage, inputs.seed);
        let strategy = Strategy::new(inputs, &policies, desk.tick());
        let gates = Gates::new(config, &policies);
        let manager = Manager::new(config, &policies, gates.wrappers);
        let trace = Trace::new(config.output.events);
        Self {
            broker: Broker::new(inputs.bars, config, policies, desk, trace),
            inputs,
            policies,
            strategy,
            gates,
            manager,
            curve: Recorder::new(
                config.account.initial_balance,
                config.output.equity,
                inputs.bars.len().saturating_sub(inputs.start),
            ),
            signals: 0,
        }
    }

    /// Walks the bars from the first tradable one to the last.
    pub fn play(&mut self) -> Result<(), RunError> {
        let bars = &self.inputs.bars;
        let mut index = self.inputs.start;
        self.manager.check_reach()?;
        while index < bars.len() {
            if self.broker.active.is_empty() && !self.broker.trace.is_on() {
                // Nothing is alive, so until the strategy may want something every bar only repeats the balance.
                let next = self.strategy.next(index, self.inputs.start).unwrap_or(usize::MAX).min(bars.len());
                let cash = self.broker.ledger.cash;
                self.curve.flat(&bars.ts[index..next], cash, self.broker.closed.len());
                index = next;
                if index == bars.len() {
                    break;
                }
            }
            self.bar(Now { index, ts: bars.ts[index] })?;
            index = self.hold(index + 1)?;
        }
        let span = bars.ts.last().zip(bars.ts.get(self.inputs.start)).map_or(0, |(last, first)| last - first);
        self.curve.figures.finish(span);
        Ok(())
    }

    /// Passes over bars that only mark one open position: no level is touched, no order is due, no holding time ends.
    /// Returns the first bar that needs the full treatment.
    fn hold(&mut self, from: usize) -> Result<usize, RunError> {
        let bars = self.inputs.bars;
        let edited = !self.manager.edits.is_empty();
        let (Some(position), false) = (self.broker.lone_position(from), edited || self.broker.trace.is_on()) else {
            return Ok(from);
        };
        let managed = self.manager.reachable();
        let end = self.strategy.next_while_open(from, self.inputs.start).unwrap_or(usize::MAX).min(bars.len());
        let (cash, closed) = (self.broker.ledger.cash, self.broker.closed.len());
        let mut index = from;
        while index < end && !self.broker.touches(position, index) {
            let ts = bars.ts[index];
            if managed && self.manager.expired(position, ts) {
                break;
            }
            let open =
                if self.policies.mark_open { self.broker.earned(position, self.broker.mid(index))? } else { 0.0 };
            self.curve.note(ts, cash + open, cash, closed);
            index += 1;
        }
        Ok(index)
    }

    fn bar(&mut self, now: Now) -> Result<(), RunError> {
        let bar = now.index - self.inputs.start;
        if self.broker.trace.is_on() {
            self.begin_trace(now, bar);
        }
        match self.policies.bar_order {
            BarOrder::StrategyFirst => {
                self.decide(now)?;
                self.settle(now)?;
                self.manage(now, bar, true)?;
            }
            BarOrder::StrategyLast => {
                self.edit_levels(bar)?;
                self.settle(now)?;
                self.manage(now, bar, false)?;
                self.decide(now)?;
            }
        }
        self.mark(now)
    }

    fn view(&self, now: Now) -> View {
        View {
            index: now.index,
            bar: now.index - self.inputs.start,
            news_time: self.gates.news_time(now.ts),
            open_positions: self.broker.open_positions(),
        }
    }

    fn settle(&mut self, now: Now) -> Result<(), RunError> {
        if self.broker.active.is_empty() { Ok(()) } else { self.broker.process(now) }
    }

    fn decide(&mut self, now: Now) -> Result<(), RunError> {
        if !self.gates.open(now.index, now.ts, self.broker.last_exit) {
            return Ok(());
        }
        let view = self.view(now);
        let requests = self.strategy.orders(&view);
        if !requests.is_empty() {
            self.gates.note_entry(now.index, now.ts);
        }
        for request in requests {
            if let Some(error) = self.inputs.unknown_symbol {
                return Err(error.clone());
            }
            self.signals += 1;
            self.broker.trace.add("signal", Some(request.id), || {
                [
                    ("direction", json!(request.direction)),
                    ("order_type", json!(request.kind)),
                    ("price", json!(request.price)),
                    ("sl", json!(request.sl)),
                    ("tp", json!(request.tp)),
                    ("scenario", json!(request.scenario)),
                ]
            });
            self.broker.place(request, now)?;
        }
        Ok(())
    }

    fn edit_levels(&mut self, bar: usize) -> Result<(), RunError> {
        if self.manager.edits.is_empty() || self.broker.active.is_empty() || !self.manager.reachable() {
            return Ok(());
        }
        for order in self.broker.active.iter_mut().filter(|order| order.is_open()) {
            self.manager.edit(order, bar);
        }
        Ok(())
    }

    fn manage(&mut self, now: Now, bar: usize, with_edits: bool) -> Result<(), RunError> {
        if self.broker.active.is_empty() || !self.manager.reachable() {
            return Ok(());
        }
        let mut orders = std::mem::take(&mut self.broker.active);
        let mut due: Vec<usize> = (0..orders.len()).filter(|k| self.manager.expired(&orders[*k], now.ts)).collect();
        due.sort_by_key(|k| orders[*k].fill.map(|fill| fill.number));
        let answer = due.into_iter().try_for_each(|k| self.broker.time_out(&mut orders[k], now));
        if with_edits {
            orders.iter_mut().filter(|order| order.is_open()).for_each(|order| self.manager.edit(order, bar));
        }
        orders.retain(|order| !order.done);
        self.broker.active = orders;
        answer
    }

    fn mark(&mut self, now: Now) -> Result<(), RunError> {
        let cash = self.broker.ledger.cash;
        let open = if self.policies.mark_open && !self.broker.active.is_empty() {
            self.broker.unrealised(now.index)?
        } else {
            0.0
        };
        let equity = cash + open;
        self.curve.note(now.ts, equity, cash, self.broker.closed.len());
        if self.broker.trace.is_on() {
            self.end_trace(now, equity, cash);
        }
        Ok(())
    }

    #[cold]
    fn begin_trace(&mut self, now: Now, bar: usize) {
        self.broker.trace.at(bar, now.ts);
        if self.policies.bar_order == BarOrder::StrategyFirst {
            self.trace_gates(now);
        }
    }

    #[cold]
    fn end_trace(&mut self, now: Now, equity: f64, cash: f64) {
        if self.policies.bar_order == BarOrder::StrategyLast {
            self.trace_gates(now);
        }
        self.broker.trace.add("equity", None, || [("equity", json!(equity)), ("balance", json!(cash))]);
    }

    /// Records what stops the strategy on a bar, as accounts and clocks stand when it is asked: just before its turn, or
    /// just after one in which it gave no signal. The loop itself never asks: this costs nothing when the trace is off.
    fn trace_gates(&mut self, now: Now) {
        if self.gates.entered(now.index) {
            return;
        }
        let stops = match self.gates.stop(now.index, &self.inputs.bars.ts, self.broker.last_exit) {
            Some(stop) => vec![stop],
            None => self.strategy.stops(&self.view(now)),
        };
        stops.into_iter().for_each(|stop| self.broker.trace.stop(stop));
    }

    /// Checks the accounts and computes the metrics.
    pub fn finish(self) -> Result<Report, RunError> {
        let Self { inputs, policies, broker, curve, signals, .. } = self;
        let last = inputs.bars.len() - 1;
        let mut open_positions = vec![];
        let mut unrealised = 0.0;
        for order in &broker.active {
            let marked = policies.mark_open && order.is_open();
            let profit = if marked { broker.earned(order, broker.mid(last))? } else { 0.0 };
            unrealised += profit;
            open_positions.push(order.as_open(&inputs.config.symbol, policies.pending_enters_at_fill, profit));
        }
        check_accounts(&broker.ledger, &curve.figures, unrealised)?;
        let counters = Counters {
            bars: inputs.bars.len() - inputs.start,
            history_bars: inputs.start,
            signals,
            fills: broker.fills,
            trades: broker.closed.len(),
            rejected: broker.rejected.len(),
        };
        let metrics = metrics::compute(policies.metrics, &broker.closed, &broker.ledger, &curve.figures);
        let mut trades = broker.closed;
        trades.sort_by_key(|t| (t.exit_time_ns, t.meta.order_id));
        Ok(Report {
            trades,
            open_positions,
            rejected_orders: broker.rejected,
            equity: curve.points(inputs.bars.ts[last]),
            metrics,
            events: broker.trace.events,
            counters,
        })
    }
}

/// Equity must be cash plus open profit, and cash must be what trades and fees left of the initial balance.
fn check_accounts(ledger: &Ledger, figures: &Figures, unrealised: f64) -> Result<(), RunError> {
    let equity = figures.last;
    let recomputed = figures.initial + ledger.results - ledger.fees + unrealised;
    let scale = recomputed.abs().max(ledger.results.abs()).max(ledger.fees).max(1.0);
    let difference = (equity - recomputed).abs();
    if difference.is_finite() && difference <= INVARIANT * scale {
        return Ok(());
    }
    let message = format!("equity {equity} is not cash plus open profit ({recomputed})");
    Err(RunError::new(Category::Runtime, codes::INVARIANT_VIOLATED, message).with("difference", difference))
}
