//! Orders, positions and cash of one run.

use omega_contract::RunError;
use omega_contract::inputs::{Ohlc, Pair};
use omega_contract::outcome::{ExitReason, RejectedOrder, Trade, TradeMeta};
use omega_contract::strategy::{Direction, OrderKind};
use serde_json::json;

use crate::events::Trace;
use crate::exits::{self, ExitBar};
use crate::money::Desk;
use crate::order::{Fill, Order, Request};
use crate::policy::{BarOrder, ExitSlippage, PnlModel, Policies, StopDistance};
use crate::random::Occasion;

const LEGACY_STOP_DISTANCE: f64 = 1e-5;
const LEGACY_PIP: f64 = 0.0001;

/// The bar that is being processed.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Index into the loaded bars.
    pub index: usize,
    pub ts: i64,
}

/// Money that has moved so far.
#[derive(Debug, Clone, Copy)]
pub struct Ledger {
    pub cash: f64,
    pub results: f64,
    pub fees: f64,
}

/// Executes orders against bars.
pub struct Broker<'a> {
    bars: &'a Pair,
    symbol: &'a str,
    policies: Policies,
    buffer_factor: f64,
    max_positions: Option<i64>,
    pub desk: Desk,
    pub active: Vec<Order>,
    pub closed: Vec<Trade>,
    pub rejected: Vec<RejectedOrder>,
    pub ledger: Ledger,
    pub last_exit: Option<i64>,
    pub fills: usize,
    pub trace: Trace,
}

fn flipped(direction: Direction) -> Direction {
    match direction {
        Direction::Long => Direction::Short,
        Direction::Short => Direction::Long,
    }
}

impl<'a> Broker<'a> {
    pub fn new(
        bars: &'a Pair,
        config: &'a omega_contract::Config,
        policies: Policies,
        desk: Desk,
        trace: Trace,
    ) -> Self {
        let cash = config.account.initial_balance;
        Self {
            bars,
            symbol: &config.symbol,
            policies,
            buffer_factor: config.costs.pip_buffer_factor,
            max_positions: config.account.max_positions,
            desk,
            active: vec![],
            closed: vec![],
            rejected: vec![],
            ledger: Ledger { cash, results: 0.0, fees: 0.0 },
            last_exit: None,
            fills: 0,
            trace,
        }
    }

    pub fn open_positions(&self) -> usize {
        self.active.iter().filter(|order| order.is_open()).count()
    }

    /// The position, when it is all there is and `index` is neither the bar of its order nor of its fill.
    pub fn lone_position(&self, index: usize) -> Option<&Order> {
        let [order] = self.active.as_slice() else { return None };
        (order.is_open() && order.placed_bar < index && order.fill.is_some_and(|fill| fill.bar < index))
            .then_some(order)
    }

    /// Whether a bar touches a level of an open position.
    pub fn touches(&self, order: &Order, index: usize) -> bool {
        let side = self.exit_side(order);
        let buffer = self.buffer_factor * self.desk.pip();
        let bar = ExitBar {
            open: side.open[index],
            high: side.high[index],
            low: side.low[index],
            close: side.close[index],
            is_fill_bar: false,
        };
        let touched = exits::touched(order, &bar, buffer);
        touched.sl || touched.tp
    }

    /// Side on which a position is closed: bid for longs, ask for shorts.
    fn exit_side(&self, order: &Order) -> &'a Ohlc {
        if order.is_long() { &self.bars.bid } else { &self.bars.ask }
    }

    /// Takes an order: market orders are filled at once, others wait.
    pub fn place(&mut self, request: Request, now: Now) -> Result<(), RunError> {
        let mut order = Order::new(request, now.index, now.ts);
        if self.policies.refuse_wrong_side && wrong_side(&order) {
            self.reject(&order, order.entry, "wrong_side", "stop or target lies on the wrong side of the price", now);
            return Ok(());
        }
        if order.request.kind == OrderKind::Market {
            let Request { price, direction, id, .. } = order.request;
            let price = self.desk.slip(price, direction, id, Occasion::Entry);
            if self.fill(&mut order, price, now)? {
                self.active.push(order);
            }
        } else {
            self.trace.add("order_placed", Some(order.request.id), || [("entry", json!(order.entry))]);
            self.active.push(order);
        }
        Ok(())
    }

    fn reject(&mut self, order: &Order, price: f64, rule: &'static str, message: &str, now: Now) {
        let request = &order.request;
        self.trace.add("order_rejected", Some(request.id), || {
            [("rule", json!(rule)), ("price", json!(price)), ("sl", json!(order.sl))]
        });
        self.rejected.push(RejectedOrder {
            order_id: request.id,
            time_ns: now.ts,
            direction: request.direction,
            order_type: request.kind,
            price,
            stop_loss: order.sl,
            take_profit: order.tp,
            rule,
            message: message.to_string(),
            scenario: request.scenario.clone(),
        });
    }

    /// Fills an order, or refuses it; the answer is whether it is filled.
    fn fill(&mut self, order: &mut Order, price: f64, now: Now) -> Result<bool, RunError> {
        let distance = (price - order.sl).abs();
        let too_near = match self.policies.stop_distance {
            StopDistance::AbsoluteMarket => order.request.kind == OrderKind::Market && distance < LEGACY_STOP_DISTANCE,
            StopDistance::PipsEvery => distance < self.desk.min_stop(),
        };
        if too_near {
            self.reject(order, price, "min_stop_distance", "the stop is too near to the fill price", now);
            order.done = true;
            return Ok(false);
        }
        if self.max_positions.is_some_and(|cap| self.open_positions() as i64 >= cap) {
            self.reject(order, price, "max_positions", "the cap on open positions is reached", now);
            order.done = true;
            return Ok(false);
        }
        let Some(size) = self.desk.lots(price, order.sl)? else {
            self.reject(order, price, "volume_min", "the volume is below the smallest one", now);
            order.done = true;
            return Ok(false);
        };
        order.entry = price;
        order.size = size;
        order.initial_sl = order.sl;
        order.fill = Some(Fill { bar: now.index, ts: now.ts, number: self.fills });
        self.fills += 1;
        self.trace.add("filled", Some(order.request.id), || [("price", json!(price)), ("size", json!(size))]);
        let fee = self.desk.fee(price, size, Occasion::Entry)?;
        order.entry_fee = fee;
        self.charge(order.request.id, "entry", fee);
        Ok(true)
    }

    fn charge(&mut self, id: i64, kind: &'static str, fee: f64) {
        if fee != 0.0 {
            self.ledger.cash -= fee;
            self.ledger.fees += fee;
            self.trace.add("fee", Some(id), || [("kind", json!(kind)), ("amount", json!(fee))]);
        }
    }

    /// Pending triggers and exits of one bar, in the order of the policies.
    pub fn process(&mut self, now: Now) -> Result<(), RunError> {
        // Read before anything fills, as the rule demands that takes the first open position's pip.
        let any_open = self.active.iter().any(Order::is_open);
        let pip = if self.policies.buffer_of_first_open && !any_open { LEGACY_PIP } else { self.desk.pip() };
        let buffer = self.buffer_factor * pip;
        let mut orders = std::mem::take(&mut self.active);
        let answer = match self.policies.bar_order {
            BarOrder::StrategyFirst => orders.iter_mut().try_for_each(|order| {
                self.trigger(order, now)?;
                self.check_exit(order, buffer, now)
            }),
            BarOrder::StrategyLast => {
                let triggered = orders.iter_mut().try_for_each(|order| self.trigger(order, now));
                triggered.and_then(|()| orders.iter_mut().try_for_each(|order| self.check_exit(order, buffer, now)))
            }
        };
        self.active = orders;
        self.active.retain(|order| !order.done);
        answer
    }

    fn trigger(&mut self, order: &mut Order, now: Now) -> Result<(), RunError> {
        if !order.is_pending() || order.placed_bar >= now.index {
            return Ok(());
        }
        let (bid, ask, i, level) = (&self.bars.bid, &self.bars.ask, now.index, order.entry);
        let hit = match (order.request.kind, order.is_long()) {
            (OrderKind::Limit, true) => ask.low[i] <= level,
            (OrderKind::Limit, false) => bid.high[i] >= level,
            (OrderKind::Stop, true) => ask.high[i] >= level,
            (OrderKind::Stop, false) => bid.low[i] <= level,
            (OrderKind::Market, _) => false,
        };
        if !hit {
            return Ok(());
        }
        let mut price = level;
        if order.request.kind == OrderKind::Stop {
            if self.policies.stop_entry_slides {
                price = if order.is_long() { level.max(ask.open[i]) } else { level.min(bid.open[i]) };
            }
            if self.policies.stop_entry_slips {
                price = self.desk.slip(price, order.request.direction, order.request.id, Occasion::Entry);
            }
        }
        self.trace.add("triggered", Some(order.request.id), || [("level", json!(level))]);
        self.fill(order, price, now).map(|_| ())
    }

    fn check_exit(&mut self, order: &mut Order, buffer: f64, now: Now) -> Result<(), RunError> {
        if !order.is_open() || order.placed_bar >= now.index {
            return Ok(());
        }
        let (side, i) = (self.exit_side(order), now.index);
        let is_fill_bar = order.fill.is_some_and(|fill| fill.bar == i);
        let bar =
            ExitBar { open: side.open[i], high: side.high[i], low: side.low[i], close: side.close[i], is_fill_bar };
        let touched = exits::touched(order, &bar, buffer);
        if !(touched.sl || touched.tp) {
            return Ok(());
        }
        self.trace.add("exit_checked", Some(order.request.id), || {
            [
                ("sl", json!(order.sl)),
                ("tp", json!(order.tp)),
                ("buffer", json!(buffer)),
                ("low", json!(bar.low)),
                ("high", json!(bar.high)),
                ("sl_hit", json!(touched.sl)),
                ("tp_hit", json!(touched.tp)),
            ]
        });
        let decided = exits::decide(order, &bar, touched, self.policies.exit_gap, self.policies.fill_bar_target);
        let Some((level, reason)) = decided else {
            return Ok(());
        };
        let price = self.slipped_exit(order, level, reason);
        self.close(order, price, reason, true, now)
    }

    fn slipped_exit(&mut self, order: &Order, price: f64, reason: ExitReason) -> f64 {
        let direction = order.request.direction;
        let towards = match self.policies.exit_slippage {
            ExitSlippage::WithPosition => direction,
            ExitSlippage::Adverse if reason == ExitReason::TakeProfit => return price,
            ExitSlippage::Adverse => flipped(direction),
        };
        self.desk.slip(price, towards, order.request.id, Occasion::Exit)
    }

    /// Closes a position at the market for having been held too long.
    pub fn time_out(&mut self, order: &mut Order, now: Now) -> Result<(), RunError> {
        let mut price = self.exit_side(order).close[now.index];
        if self.policies.timeout_costs {
            price = self.slipped_exit(order, price, ExitReason::Timeout);
        }
        self.close(order, price, ExitReason::Timeout, self.policies.timeout_costs, now)
    }

    fn close(
        &mut self,
        order: &mut Order,
        price: f64,
        reason: ExitReason,
        with_fee: bool,
        now: Now,
    ) -> Result<(), RunError> {
        let id = order.request.id;
        let exit_fee = if with_fee { self.desk.fee(price, order.size, Occasion::Exit)? } else { 0.0 };
        self.charge(id, "exit", exit_fee);
        let r = order.r_multiple(price);
        let result = self.earned(order, price)?;
        self.ledger.cash += result;
        self.ledger.results += result;
        self.last_exit = Some(now.ts);
        order.done = true;
        self.trace.add("closed", Some(id), || {
            [("price", json!(price)), ("reason", json!(reason)), ("r", json!(r)), ("result", json!(result))]
        });
        self.closed.push(Trade {
            entry_time_ns: order.entry_ts(self.policies.pending_enters_at_fill),
            exit_time_ns: now.ts,
            trigger_time_ns: order.fill.map_or(now.ts, |fill| fill.ts),
            direction: order.request.direction,
            symbol: self.symbol.to_string(),
            order_type: order.request.kind,
            entry_price: order.entry,
            exit_price: price,
            initial_stop_loss: order.initial_sl,
            stop_loss: order.sl,
            take_profit: order.tp,
            size: order.size,
            result,
            r_multiple: r,
            entry_fee: order.entry_fee,
            exit_fee,
            reason,
            scenario: order.request.scenario.clone(),
            meta: TradeMeta { order_id: id },
        });
        Ok(())
    }

    /// What a position earns when it is closed at `price`, before fees.
    pub fn earned(&self, order: &Order, price: f64) -> Result<f64, RunError> {
        match self.policies.pnl {
            PnlModel::RiskMultiple => Ok(order.r_multiple(price) * self.desk.risk()),
            PnlModel::PriceDifference => {
                let gain = if order.is_long() { price - order.entry } else { order.entry - price };
                self.desk.worth(gain, order.size)
            }
        }
    }

    /// Profit of all open positions at the mid of the closes of a bar.
    pub fn unrealised(&self, index: usize) -> Result<f64, RunError> {
        let mid = (self.bars.bid.close[index] + self.bars.ask.close[index]) / 2.0;
        self.active.iter().filter(|order| order.is_open()).try_fold(0.0, |sum, o| Ok(sum + self.earned(o, mid)?))
    }

    /// Mid of the closes of a bar.
    pub fn mid(&self, index: usize) -> f64 {
        (self.bars.bid.close[index] + self.bars.ask.close[index]) / 2.0
    }
}

fn wrong_side(order: &Order) -> bool {
    if order.is_long() {
        order.sl >= order.entry || order.tp <= order.entry
    } else {
        order.sl <= order.entry || order.tp >= order.entry
    }
}
