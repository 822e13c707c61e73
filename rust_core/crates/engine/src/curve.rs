//! The equity curve: figures over every bar, and the points that the result is to hold.

use omega_contract::config::EquityOutput;
use omega_contract::outcome::EquityCurve;
use omega_contract::time::DAY_NS;

/// Figures over all points of a curve, kept while it is drawn, so that the points need not be.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Balance before the first bar.
    pub initial: f64,
    /// Highest equity, the initial balance included.
    pub max_equity: f64,
    /// Largest fall from a high, in money.
    pub max_drawdown: f64,
    /// Largest fall from a high, as a share of it.
    pub max_drawdown_relative: f64,
    /// Most bars in a row below a high.
    pub longest_drawdown: usize,
    /// Lowest equity, the initial balance included.
    pub lowest: f64,
    /// Bars.
    pub bars: usize,
    /// First bar, ns.
    pub first_ns: i64,
    /// Last bar, ns.
    pub last_ns: i64,
    /// Equity after the last bar.
    pub last: f64,
    /// Last equity of each UTC day, the running one left out.
    days: Vec<f64>,
    next_day: i64,
    squares: f64,
    below: usize,
}

impl Figures {
    fn new(initial: f64) -> Self {
        Self {
            initial,
            max_equity: initial,
            max_drawdown: 0.0,
            max_drawdown_relative: 0.0,
            longest_drawdown: 0,
            lowest: initial,
            bars: 0,
            first_ns: 0,
            last_ns: 0,
            last: initial,
            days: vec![],
            next_day: i64::MIN,
            squares: 0.0,
            below: 0,
        }
    }

    fn note(&mut self, ts: i64, equity: f64) {
        if ts >= self.next_day {
            if self.bars == 0 {
                self.first_ns = ts;
            } else {
                self.days.push(self.last);
            }
            self.next_day = (ts.div_euclid(DAY_NS) + 1).saturating_mul(DAY_NS);
        }
        self.bars += 1;
        self.last_ns = ts;
        self.last = equity;
        if equity >= self.max_equity {
            self.max_equity = equity;
            self.below = 0;
            return;
        }
        self.below += 1;
        self.longest_drawdown = self.longest_drawdown.max(self.below);
        let fall = self.max_equity - equity;
        let relative = if self.max_equity > 0.0 { fall / self.max_equity } else { 0.0 };
        self.max_drawdown = self.max_drawdown.max(fall);
        self.max_drawdown_relative = self.max_drawdown_relative.max(relative);
        self.lowest = self.lowest.min(equity);
        self.squares += relative * relative;
    }

    /// Root of the mean squared relative fall.
    pub fn ulcer_index(&self) -> f64 {
        if self.bars == 0 { 0.0 } else { (self.squares / self.bars as f64).sqrt() }
    }

    /// Simple returns of the last equity of each UTC day.
    pub fn daily_returns(&self) -> Vec<f64> {
        let mut before = self.initial;
        let closes = self.days.iter().chain((self.bars > 0).then_some(&self.last));
        closes
            .map(|equity| {
                let change = if before > 0.0 { equity / before - 1.0 } else { 0.0 };
                before = *equity;
                change
            })
            .collect()
    }
}

/// Draws the curve.
pub struct Recorder {
    /// Figures over all points.
    pub figures: Figures,
    output: EquityOutput,
    points: EquityCurve,
    trades: usize,
    balance: f64,
}

impl Recorder {
    /// For about `bars` points.
    pub fn new(initial: f64, output: EquityOutput, bars: usize) -> Self {
        let mut points = EquityCurve::default();
        if output == EquityOutput::Bars {
            points.timestamp_ns.reserve_exact(bars);
            points.equity.reserve_exact(bars);
            points.balance.reserve_exact(bars);
        }
        Self { figures: Figures::new(initial), output, points, trades: 0, balance: initial }
    }

    /// Notes the end of a bar; `trades` is the number of positions closed so far.
    pub fn note(&mut self, ts: i64, equity: f64, balance: f64, trades: usize) {
        self.figures.note(ts, equity);
        self.balance = balance;
        let wanted = match self.output {
            EquityOutput::Bars => true,
            EquityOutput::None => false,
            EquityOutput::Trades => trades != self.trades,
        };
        self.trades = trades;
        if wanted {
            self.push(ts, equity, balance);
        }
    }

    fn push(&mut self, ts: i64, equity: f64, balance: f64) {
        self.points.timestamp_ns.push(ts);
        self.points.equity.push(equity);
        self.points.balance.push(balance);
    }

    /// The points; with `trades` the last bar is always one of them.
    pub fn points(mut self) -> EquityCurve {
        let last = self.figures.last_ns;
        if self.output == EquityOutput::Trades
            && self.figures.bars > 0
            && self.points.timestamp_ns.last() != Some(&last)
        {
            self.push(last, self.figures.last, self.balance);
        }
        self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(output: EquityOutput) -> Recorder {
        let mut recorder = Recorder::new(100.0, output, 4);
        for (i, (equity, trades)) in [(110.0, 1), (99.0, 1), (88.0, 2), (95.0, 2)].into_iter().enumerate() {
            recorder.note(i as i64 * DAY_NS / 2, equity, equity, trades);
        }
        recorder
    }

    #[test]
    fn figures_cover_every_bar_whatever_points_are_kept() {
        for output in [EquityOutput::None, EquityOutput::Trades, EquityOutput::Bars] {
            let f = drawn(output).figures;
            assert_eq!((f.max_drawdown, f.max_drawdown_relative, f.longest_drawdown), (22.0, 0.2, 3));
            assert_eq!((f.lowest, f.max_equity, f.bars), (88.0, 110.0, 4));
            assert_eq!(f.daily_returns(), [99.0 / 100.0 - 1.0, 95.0 / 99.0 - 1.0]);
        }
    }

    #[test]
    fn with_trades_only_bars_with_an_exit_and_the_last_one_are_points() {
        assert_eq!(drawn(EquityOutput::Trades).points().equity, [110.0, 88.0, 95.0]);
        assert_eq!(drawn(EquityOutput::Bars).points().equity.len(), 4);
        assert!(drawn(EquityOutput::None).points().equity.is_empty());
    }
}
