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
    /// From the first bar to the last one, ns.
    pub span_ns: i64,
    /// Equity after the last bar.
    pub last: f64,
    /// Last equity of each UTC day, the running one left out.
    days: Vec<f64>,
    next_day: i64,
    squares: f64,
    below: usize,
    /// Bars with the last equity that are not in the figures yet.
    repeats: usize,
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
            span_ns: 0,
            last: initial,
            days: vec![],
            next_day: i64::MIN,
            squares: 0.0,
            below: 0,
            repeats: 0,
        }
    }

    fn note(&mut self, ts: i64, equity: f64) {
        if ts >= self.next_day {
            self.turn_day(ts);
        }
        if equity.to_bits() != self.last.to_bits() {
            self.settle();
            self.last = equity;
        }
        self.repeats += 1;
    }

    fn turn_day(&mut self, ts: i64) {
        if self.next_day != i64::MIN {
            self.days.push(self.last);
        }
        self.next_day = (ts.div_euclid(DAY_NS) + 1).saturating_mul(DAY_NS);
    }

    /// Takes the bars into account on which the equity was the last one.
    fn settle(&mut self) {
        let (equity, repeats) = (self.last, std::mem::take(&mut self.repeats));
        self.bars += repeats;
        if equity >= self.max_equity {
            self.max_equity = equity;
            self.below = 0;
            return;
        }
        self.below += repeats;
        self.longest_drawdown = self.longest_drawdown.max(self.below);
        let fall = self.max_equity - equity;
        let relative = if self.max_equity > 0.0 { fall / self.max_equity } else { 0.0 };
        self.max_drawdown = self.max_drawdown.max(fall);
        self.max_drawdown_relative = self.max_drawdown_relative.max(relative);
        self.lowest = self.lowest.min(equity);
        self.squares += repeats as f64 * (relative * relative);
    }

    /// To be called after the last bar, with the time from the first one to it.
    pub fn finish(&mut self, span_ns: i64) {
        self.settle();
        self.span_ns = span_ns;
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

    /// Records the end of a bar; `trades` is the number of positions closed so far.
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

    /// Records bars on which equity equals the balance and nothing happens.
    pub fn flat(&mut self, ts: &[i64], cash: f64, trades: usize) {
        let Some((first, rest)) = ts.split_first() else { return };
        self.note(*first, cash, cash, trades);
        let mut left = rest;
        while let Some(last) = left.last() {
            let today = if *last < self.figures.next_day {
                left.len()
            } else {
                left.partition_point(|ts| *ts < self.figures.next_day)
            };
            self.figures.repeats += today;
            left = &left[today..];
            if let Some(next) = left.first() {
                self.figures.turn_day(*next);
            }
        }
        if self.output == EquityOutput::Bars {
            self.points.timestamp_ns.extend_from_slice(rest);
            self.points.equity.resize(self.points.equity.len() + rest.len(), cash);
            self.points.balance.resize(self.points.balance.len() + rest.len(), cash);
        }
    }

    fn push(&mut self, ts: i64, equity: f64, balance: f64) {
        self.points.timestamp_ns.push(ts);
        self.points.equity.push(equity);
        self.points.balance.push(balance);
    }

    /// The points; with `trades` the last bar, at `last_ns`, is always one of them.
    pub fn points(mut self, last_ns: i64) -> EquityCurve {
        let missing = self.output == EquityOutput::Trades && self.points.timestamp_ns.last() != Some(&last_ns);
        if missing && self.figures.bars > 0 {
            self.push(last_ns, self.figures.last, self.balance);
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
        recorder.figures.finish(0);
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
    fn a_flat_stretch_counts_like_its_bars_one_by_one() {
        let ts: Vec<i64> = (0..100).map(|i| i * DAY_NS / 7).collect();
        let (mut one_by_one, mut at_once) =
            (Recorder::new(100.0, EquityOutput::Bars, 100), Recorder::new(100.0, EquityOutput::Bars, 100));
        for (from, to, cash) in [(0, 3, 90.0), (3, 50, 90.0), (50, 51, 120.0), (51, 100, 60.0)] {
            at_once.flat(&ts[from..to], cash, 0);
            ts[from..to].iter().for_each(|t| one_by_one.note(*t, cash, cash, 0));
        }
        one_by_one.figures.finish(0);
        at_once.figures.finish(0);
        assert_eq!(format!("{:?}", one_by_one.figures), format!("{:?}", at_once.figures));
        assert_eq!(one_by_one.points(0), at_once.points(0));
    }

    #[test]
    fn with_trades_only_bars_with_an_exit_and_the_last_one_are_points() {
        assert_eq!(drawn(EquityOutput::Trades).points(3 * DAY_NS / 2).equity, [110.0, 88.0, 95.0]);
        assert_eq!(drawn(EquityOutput::Bars).points(3 * DAY_NS / 2).equity.len(), 4);
        assert!(drawn(EquityOutput::None).points(3 * DAY_NS / 2).equity.is_empty());
    }
}
