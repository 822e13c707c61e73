//! Mean reversion by z-score: six rules on columns that are computed once, before the first bar.

use omega_contract::inputs::Pair;
use omega_contract::strategy::{Direction, DirectionFilter, MeanReversion, OrderKind};

use super::chain::{Chain, Source};
use super::cluster::Regimes;
use super::trend::Trend;
use super::view::View;
use crate::events::{Gate, Stop};
use crate::gates::NewsGate;
use crate::indicators::bands::Bands;
use crate::indicators::z_score::{ZScore, beyond};
use crate::indicators::{self, BarSet, DeviationRule};
use crate::inputs::Inputs;
use crate::order::Request;
use crate::policy::{LevelGrid, Policies};
use crate::rounding;
use crate::threads::join;
use crate::volatility::{self, Garch};

/// Rules in the order in which they are asked; the first hit is the signal.
const RULES: [(u8, Direction); 12] = [
    (1, Direction::Short),
    (1, Direction::Long),
    (2, Direction::Short),
    (2, Direction::Long),
    (3, Direction::Short),
    (3, Direction::Long),
    (4, Direction::Short),
    (4, Direction::Long),
    (5, Direction::Long),
    (5, Direction::Short),
    (6, Direction::Long),
    (6, Direction::Short),
];

/// Columns of scenario 1.
struct EmaReversion {
    z: ZScore,
    ask_range: Option<Vec<f64>>,
}

/// Columns that scenarios 2 to 6 share.
struct BandReversion<'a> {
    bands: Bands<'a>,
    trends: [Trend; 2],
}

fn trends_hold(band: &BandReversion, i: usize) -> bool {
    band.trends.iter().all(|trend| trend.holds(i))
}

/// Scenario 4's z-score: a column, or computed on a window of its own at each bar.
enum VolatilityZ {
    Column(Vec<f64>),
    Local(usize),
}

impl VolatilityZ {
    fn new(p: &MeanReversion, close: &[f64], garch: &Garch) -> Self {
        if !enabled(p, &[4]) {
            return Self::Column(vec![]);
        }
        if p.local_z_lookback > 0 {
            return Self::Local(p.local_z_lookback as usize);
        }
        let mean = indicators::kalman_mean(close, p.kalman_r, p.kalman_q);
        Self::Column(volatility::z_score(close, &mean, &volatility::garch(close, garch)))
    }
}

/// Bars from which on a second thread pays.
const WORTH_A_THREAD: usize = 50_000;

/// Columns of the bid that take long: each is a chain of operations over all bars. Those that no scenario needs are
/// empty or missing.
struct Columns<'a> {
    ema: Vec<f64>,
    ema_z: Option<ZScore>,
    kalman_z: Option<ZScore>,
    range: Vec<f64>,
    bands: Option<Bands<'a>>,
}

impl<'a> Columns<'a> {
    /// On two threads where that pays: the bands on one, all others on the other.
    fn new(p: &MeanReversion, bars: &'a Pair, rule: DeviationRule) -> Self {
        let close = &bars.bid.close;
        let (window, atr_length) = (p.window_length as usize, p.atr_length as usize);
        let thresholds = [p.z_score_long, p.z_score_short];
        let scores = || {
            let ema = if enabled(p, &[1, 3]) { indicators::ema(close, p.ema_length as usize) } else { vec![] };
            let ema_z = enabled(p, &[1]).then(|| ZScore::around(close, &ema, window, thresholds, rule));
            if !enabled(p, &[2, 3, 5, 6]) {
                return (ema, ema_z, None, indicators::atr(&bars.bid.high, &bars.bid.low, close, atr_length));
            }
            let (range, residual) = indicators::atr_and_kalman_residual(&bars.bid, atr_length, p.kalman_r, p.kalman_q);
            (ema, ema_z, Some(ZScore::new(residual, window, thresholds, rule)), range)
        };
        let envelope =
            || enabled(p, &[2, 3, 4, 5, 6]).then(|| Bands::new(&close[..], p.b_b_length as usize, p.std_factor, rule));
        let ((ema, ema_z, kalman_z, range), bands) =
            if close.len() >= WORTH_A_THREAD { join(scores, envelope) } else { (scores(), envelope()) };
        Self { ema, ema_z, kalman_z, range, bands }
    }
}

fn enabled(p: &MeanReversion, scenarios: &[u8]) -> bool {
    scenarios.iter().any(|n| p.enabled_scenarios.contains(n))
}

fn wanted(params: &MeanReversion, (scenario, direction): (u8, Direction)) -> bool {
    let side = match params.direction_filter {
        DirectionFilter::Both => true,
        DirectionFilter::Long => direction == Direction::Long,
        DirectionFilter::Short => direction == Direction::Short,
    };
    side && params.enabled_scenarios.contains(&scenario)
}

/// Fades stretched prices.
pub struct MeanReverter<'a> {
    params: &'a MeanReversion,
    bars: &'a Pair,
    news: Option<NewsGate>,
    range: Vec<f64>,
    ema: Vec<f64>,
    first: Option<EmaReversion>,
    band: Option<BandReversion<'a>>,
    kalman_z: Option<ZScore>,
    volatility_z: VolatilityZ,
    garch: Garch,
    regimes: Option<Regimes>,
    chain: Option<Chain>,
    grid: LevelGrid,
    tick: f64,
    /// The rules that the configuration leaves, in order.
    rules: Vec<(u8, Direction)>,
    candidates: BarSet,
    next_id: i64,
}

impl<'a> MeanReverter<'a> {
    pub fn new(
        params: &'a MeanReversion,
        inputs: &Inputs<'a>,
        news: Option<NewsGate>,
        policies: &Policies,
        tick: f64,
    ) -> Self {
        let (bars, higher, primary) = (inputs.bars, inputs.higher, inputs.config.timeframes.primary);
        let p = params;
        let garch = Garch::new(p);
        let Columns { ema, ema_z, kalman_z, range, bands } = Columns::new(p, bars, policies.deviation);
        let ask_range = || indicators::atr(&bars.ask.high, &bars.ask.low, &bars.ask.close, p.atr_length as usize);
        let first = ema_z.map(|z| EmaReversion { z, ask_range: policies.ask_range_for_shorts.then(ask_range) });
        let band = bands.map(|bands| BandReversion {
            bands,
            trends: [
                Trend::new(&p.htf_tf, p.htf_ema, p.htf_filter, primary, higher),
                Trend::new(&p.extra_htf_tf, p.extra_htf_ema, p.extra_htf_filter, primary, higher),
            ],
        });
        let volatility_z = VolatilityZ::new(p, &bars.bid.close, &garch);
        let rules: Vec<(u8, Direction)> = RULES.into_iter().filter(|rule| wanted(p, *rule)).collect();
        let mut reverter = Self {
            range,
            regimes: enabled(p, &[5]).then(|| Regimes::new(p)),
            chain: enabled(p, &[6]).then(|| Chain::new(p, &Source { bars, higher, primary, rule: policies.deviation })),
            params,
            bars,
            news,
            ema,
            first,
            band,
            kalman_z,
            volatility_z,
            garch,
            grid: policies.level_grid,
            tick,
            rules,
            candidates: BarSet::default(),
            next_id: 0,
        };
        reverter.candidates = reverter.find_candidates();
        reverter
    }

    /// Bars at which at least one rule may give a signal. At all others the bounds show that none does.
    fn find_candidates(&self) -> BarSet {
        let one = |(scenario, direction): &(u8, Direction)| -> Option<BarSet> {
            if *scenario == 1 {
                return self.first.as_ref().map(|first| first.z.candidates(*direction).clone());
            }
            let bands = self.band.as_ref()?.bands.candidates(*direction);
            if *scenario == 4 {
                return Some(bands.clone());
            }
            Some(bands.and(self.kalman_z.as_ref()?.candidates(*direction)))
        };
        self.rules.iter().filter_map(one).reduce(|a, b| a.or(&b)).unwrap_or_default()
    }

    /// The order of one bar, if there is one.
    #[inline(always)] // its second caller, the trace, must not cost the first one a call
    pub fn order(&mut self, view: &View) -> Option<Request> {
        if view.open_positions >= 1 || self.news.as_ref().is_some_and(|gate| gate.blocked(view.news_time)) {
            return None;
        }
        let i = view.index;
        for k in 0..self.rules.len() {
            let (scenario, direction) = self.rules[k];
            let levels = match scenario {
                1 => self.scenario_1(i, direction),
                2 => self.scenario_2(i, direction),
                3 => self.scenario_3(i, direction),
                4 => self.scenario_4(i, direction),
                5 => self.scenario_5(i, direction),
                _ => self.scenario_6(i, direction),
            };
            if let Some((sl, tp)) = levels {
                return Some(self.request(i, direction, scenario, sl, tp));
            }
        }
        None
    }

    /// Gates of the strategy's own that are closed at a bar: the first one for both directions, else one for each; none
    /// where there is a signal.
    pub fn stops(&mut self, view: &View) -> Vec<Stop> {
        if let Some(until) = self.news.as_ref().and_then(|gate| gate.pause(view.news_time)) {
            return vec![Stop::both(Gate::News, until)];
        }
        if view.open_positions >= 1 {
            return vec![Stop::both(Gate::PositionLimit, None)];
        }
        let id = self.next_id;
        let stops = if self.signals(view) { vec![] } else { self.filtered(view) };
        self.next_id = id;
        stops
    }

    #[cold]
    #[inline(never)]
    fn signals(&mut self, view: &View) -> bool {
        self.order(view).is_some()
    }

    /// Directions that only the trend filters or the chain stop: a rule of theirs holds without.
    fn filtered(&mut self, view: &View) -> Vec<Stop> {
        let against = self.band.as_mut().filter(|band| !trends_hold(band, view.index));
        let trends = against.map(|band| std::mem::replace(&mut band.trends, [Trend::Any, Trend::Any]));
        let gate = if trends.is_some() { Gate::Trend } else { Gate::Chain };
        let rules = std::mem::take(&mut self.rules);
        let mut stops = vec![];
        for side in [Direction::Short, Direction::Long] {
            let own = rules.iter().copied().filter(|(_, direction)| *direction == side);
            self.rules = match gate {
                Gate::Trend => own.collect(),
                // Scenario 6 without its chain is scenario 2.
                _ => own.filter(|(scenario, _)| *scenario == 6).map(|(_, direction)| (2, direction)).collect(),
            };
            if self.signals(view) {
                stops.push(Stop { gate, direction: Some(side), until_ns: None });
            }
        }
        self.rules = rules;
        if let (Some(band), Some(trends)) = (&mut self.band, trends) {
            band.trends = trends;
        }
        stops
    }

    fn request(&mut self, i: usize, direction: Direction, scenario: u8, sl: f64, tp: f64) -> Request {
        let (price, side) = match direction {
            Direction::Long => (self.bars.ask.close[i], "long"),
            Direction::Short => (self.bars.bid.close[i], "short"),
        };
        let grid = |x: f64| match self.grid {
            LevelGrid::FiveDecimals => rounding::half_even(x, 5),
            LevelGrid::Tick => rounding::to_tick(x, self.tick),
        };
        let id = self.next_id;
        self.next_id += 1;
        Request {
            id,
            direction,
            kind: OrderKind::Market,
            price,
            sl: grid(sl),
            tp: grid(tp),
            scenario: Some(format!("{side}_{scenario}")),
        }
    }

    /// The first bar from `i` on at whose close a rule may give a signal.
    pub fn next(&self, i: usize) -> Option<usize> {
        self.candidates.next(i)
    }

    fn threshold(&self, direction: Direction) -> f64 {
        match direction {
            Direction::Long => self.params.z_score_long,
            Direction::Short => self.params.z_score_short,
        }
    }

    fn stop(&self, i: usize, direction: Direction, range: &[f64]) -> f64 {
        match direction {
            Direction::Long => self.bars.bid.low[i] - self.params.atr_mult * range[i],
            Direction::Short => self.bars.bid.high[i] + self.params.atr_mult * range[i],
        }
    }

    fn scenario_1(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        let columns = self.first.as_ref()?;
        if !columns.z.beyond(i, direction) {
            return None;
        }
        let range = match (&columns.ask_range, direction) {
            (Some(ask), Direction::Short) => ask,
            _ => &self.range,
        };
        let (sl, tp) = (self.stop(i, direction, range), self.ema[i]);
        (!sl.is_nan() && !tp.is_nan()).then_some((sl, tp))
    }

    /// Stop and Bollinger mid when both trends hold and the close lies outside the band.
    fn outside_band(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        let band = self.band.as_ref()?;
        if !band.bands.outside(i, direction) || !trends_hold(band, i) {
            return None;
        }
        let (sl, tp) = (self.stop(i, direction, &self.range), band.bands.mid(i));
        (!sl.is_nan() && !tp.is_nan()).then_some((sl, tp))
    }

    fn scenario_2(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        if !self.band.as_ref()?.bands.candidates(direction).contains(i) {
            return None;
        }
        if self.kalman_z.as_ref()?.beyond(i, direction) { self.outside_band(i, direction) } else { None }
    }

    fn scenario_3(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        let (sl, _) = self.scenario_2(i, direction)?;
        let (tp, least) = (self.ema[i], self.params.tp_min_distance);
        let far = match direction {
            Direction::Long => tp > self.bars.ask.close[i] + least,
            Direction::Short => tp < self.bars.bid.close[i] - least,
        };
        far.then_some((sl, tp))
    }

    fn scenario_4(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        let levels = self.outside_band(i, direction)?;
        let z = match &self.volatility_z {
            VolatilityZ::Column(column) => column[i],
            VolatilityZ::Local(lookback) => {
                let window = &self.bars.bid.close[(i + 1).saturating_sub(*lookback)..=i];
                volatility::local_z(window, self.params.kalman_r, self.params.kalman_q, &self.garch)?
            }
        };
        beyond(z, self.threshold(direction), direction).then_some(levels)
    }

    fn scenario_5(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        let levels = self.scenario_2(i, direction)?;
        let (close, range, garch) = (&self.bars.bid.close, &self.range, &self.garch);
        self.regimes.as_ref()?.allow(i, close, range, garch).then_some(levels)
    }

    fn scenario_6(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        let levels = self.scenario_2(i, direction)?;
        self.chain.as_ref()?.holds(i, direction).then_some(levels)
    }
}
