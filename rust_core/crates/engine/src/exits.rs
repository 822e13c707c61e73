//! Which level of an open position a bar takes, and at what price.

use omega_contract::outcome::ExitReason;
use omega_contract::strategy::OrderKind;

use crate::order::Order;
use crate::policy::{FillBarTarget, GapRule};

/// The bar as an exit sees it: prices of the side on which the position is closed.
#[derive(Debug, Clone, Copy)]
pub struct ExitBar {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub is_fill_bar: bool,
}

/// Which levels the bar touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    pub sl: bool,
    pub tp: bool,
}

/// Levels within reach of `buffer`: bid for longs, ask for shorts.
pub fn touched(order: &Order, bar: &ExitBar, buffer: f64) -> Touched {
    if order.is_long() {
        Touched { sl: bar.low <= order.sl + buffer, tp: bar.high >= order.tp - buffer }
    } else {
        Touched { sl: bar.high >= order.sl - buffer, tp: bar.low <= order.tp + buffer }
    }
}

/// Price and reason of the exit, if there is one; the stop comes before the target.
pub fn decide(
    order: &Order,
    bar: &ExitBar,
    touched: Touched,
    gap: GapRule,
    target: FillBarTarget,
) -> Option<(f64, ExitReason)> {
    let slides = gap == GapRule::Open && !bar.is_fill_bar;
    if touched.sl {
        let moved = order.sl != order.initial_sl && !bar.is_fill_bar;
        let reason = if moved { ExitReason::BreakEvenStopLoss } else { ExitReason::StopLoss };
        let price = match (slides, order.is_long()) {
            (false, _) => order.sl,
            (true, true) => order.sl.min(bar.open),
            (true, false) => order.sl.max(bar.open),
        };
        return Some((price, reason));
    }
    if !touched.tp || !confirmed(order, bar, target) {
        return None;
    }
    let price = match (slides, order.is_long()) {
        (false, _) => order.tp,
        (true, true) => order.tp.max(bar.open),
        (true, false) => order.tp.min(bar.open),
    };
    Some((price, ExitReason::TakeProfit))
}

fn confirmed(order: &Order, bar: &ExitBar, target: FillBarTarget) -> bool {
    let needed = bar.is_fill_bar
        && match target {
            FillBarTarget::ConfirmLimit => order.request.kind == OrderKind::Limit,
            FillBarTarget::ConfirmPending => order.request.kind != OrderKind::Market,
        };
    !needed || if order.is_long() { bar.close > order.tp } else { bar.close < order.tp }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Request;
    use omega_contract::strategy::Direction;

    fn long(kind: OrderKind) -> Order {
        let request =
            Request { id: 0, direction: Direction::Long, kind, price: 100.0, sl: 90.0, tp: 110.0, scenario: None };
        Order::new(request, 0, 0)
    }

    fn bar(open: f64, high: f64, low: f64, close: f64) -> ExitBar {
        ExitBar { open, high, low, close, is_fill_bar: false }
    }

    fn exit(order: &Order, bar: &ExitBar, gap: GapRule) -> Option<(f64, ExitReason)> {
        decide(order, bar, touched(order, bar, 0.0), gap, FillBarTarget::ConfirmLimit)
    }

    #[test]
    fn stop_and_target_in_one_bar_takes_the_stop() {
        let bar = bar(100.0, 120.0, 80.0, 100.0);
        assert_eq!(exit(&long(OrderKind::Market), &bar, GapRule::Level), Some((90.0, ExitReason::StopLoss)));
    }

    #[test]
    fn a_gap_through_the_stop_costs_the_open() {
        let bar = bar(85.0, 86.0, 80.0, 85.0);
        assert_eq!(exit(&long(OrderKind::Market), &bar, GapRule::Open), Some((85.0, ExitReason::StopLoss)));
        assert_eq!(exit(&long(OrderKind::Market), &bar, GapRule::Level), Some((90.0, ExitReason::StopLoss)));
    }

    #[test]
    fn a_limit_order_needs_the_close_beyond_its_target_on_the_fill_bar() {
        let bar = ExitBar { is_fill_bar: true, ..bar(100.0, 111.0, 95.0, 110.0) };
        assert_eq!(exit(&long(OrderKind::Limit), &bar, GapRule::Level), None);
        assert_eq!(exit(&long(OrderKind::Stop), &bar, GapRule::Level), Some((110.0, ExitReason::TakeProfit)));
    }
}
