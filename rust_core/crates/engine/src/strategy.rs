//! The strategies: which orders a bar's close asks for.

use omega_contract::config::Config;
use omega_contract::inputs::{Higher, NewsEvent, Pair};
use omega_contract::strategy::{
    Direction, DirectionFilter, MeanReversion, OrderKind, ScriptedOrders, Strategy as Choice, TrendFilter,
};
use omega_contract::time::Timeframe;

use crate::gates::NewsGate;
use crate::indicators::{self, Bands};
use crate::order::Request;
use crate::policy::{LevelGrid, Policies};
use crate::rounding;

/// What a strategy may know about the account.
pub struct View {
    /// Index into the loaded bars.
    pub index: usize,
    /// Bar counted from the first tradable one.
    pub bar: usize,
    /// Time of the decision.
    pub decision: i64,
    /// Open positions of the symbol.
    pub open_positions: usize,
}

/// A strategy ready to run.
pub enum Strategy<'a> {
    Scripted(Scripted<'a>),
    MeanReversion(Box<MeanReverter<'a>>),
}

impl<'a> Strategy<'a> {
    pub fn new(
        config: &'a Config,
        bars: &'a Pair,
        higher: &[Higher],
        news: &[NewsEvent],
        policies: &Policies,
        tick: f64,
    ) -> Self {
        match &config.strategy {
            Choice::ScriptedOrders(params) => Self::Scripted(Scripted::new(params, bars)),
            Choice::MeanReversionZScore(params) => {
                let gate = config
                    .news_filter
                    .enabled
                    .then(|| NewsGate::new(config, policies, news));
                let primary = config.timeframes.primary;
                Self::MeanReversion(Box::new(MeanReverter::new(
                    params, bars, higher, primary, gate, policies, tick,
                )))
            }
        }
    }

    /// Orders of one bar, in order.
    pub fn orders(&mut self, view: &View) -> Vec<Request> {
        match self {
            Self::Scripted(strategy) => strategy.orders(view),
            Self::MeanReversion(strategy) => strategy.order(view).into_iter().collect(),
        }
    }
}

/// Places given orders.
pub struct Scripted<'a> {
    params: &'a ScriptedOrders,
    bars: &'a Pair,
    /// Order indices by bar, ascending; `next` is the first one not yet due.
    due: Vec<(i64, usize)>,
    next: usize,
}

impl<'a> Scripted<'a> {
    fn new(params: &'a ScriptedOrders, bars: &'a Pair) -> Self {
        let mut due: Vec<(i64, usize)> = params
            .orders
            .iter()
            .enumerate()
            .map(|(i, o)| (o.bar, i))
            .collect();
        due.sort_unstable();
        Self {
            params,
            bars,
            due,
            next: 0,
        }
    }

    fn orders(&mut self, view: &View) -> Vec<Request> {
        let bar = view.bar as i64;
        while self.due.get(self.next).is_some_and(|(when, _)| *when < bar) {
            self.next += 1;
        }
        let mut out = vec![];
        while let Some((when, id)) = self.due.get(self.next).copied()
            && when == bar
        {
            self.next += 1;
            let order = &self.params.orders[id];
            let market = match order.direction {
                Direction::Long => self.bars.ask.close[view.index],
                Direction::Short => self.bars.bid.close[view.index],
            };
            out.push(Request {
                id: id as i64,
                direction: order.direction,
                kind: order.kind,
                price: order.entry.unwrap_or(market),
                sl: order.sl,
                tp: order.tp,
                scenario: order.scenario.clone(),
            });
        }
        out
    }
}

/// A higher-timeframe condition, computed for each bar.
enum Trend {
    Any,
    Wanted { bias: Vec<i8>, sign: i8 },
    Never,
}

impl Trend {
    fn new(name: &str, length: i64, filter: TrendFilter, primary: Timeframe, higher: &[Higher]) -> Self {
        let sign = match filter {
            TrendFilter::Both | TrendFilter::None => return Self::Any,
            TrendFilter::Above => 1,
            TrendFilter::Below => -1,
        };
        let wanted = match (name, primary) {
            ("AUTO", Timeframe::M5) => Some(Timeframe::H1),
            ("AUTO", Timeframe::M15 | Timeframe::M30) => Some(Timeframe::H4),
            _ => Timeframe::parse(name),
        };
        match higher.iter().find(|h| Some(h.timeframe) == wanted) {
            Some(h) => {
                let bias = indicators::higher_bias(&h.bars.bid.close, &h.visible, length as usize);
                Self::Wanted { bias, sign }
            }
            None => Self::Never,
        }
    }

    fn holds(&self, index: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Never => false,
            Self::Wanted { bias, sign } => bias[index] == *sign,
        }
    }
}

/// Columns of scenario 1.
struct EmaReversion {
    z: Vec<f64>,
    ema: Vec<f64>,
    ask_range: Option<Vec<f64>>,
}

/// Columns of scenario 2.
struct BandReversion {
    z: Vec<f64>,
    bands: Bands,
    trends: [Trend; 2],
}

/// Fades stretched prices.
pub struct MeanReverter<'a> {
    params: &'a MeanReversion,
    bars: &'a Pair,
    news: Option<NewsGate>,
    range: Vec<f64>,
    first: Option<EmaReversion>,
    second: Option<BandReversion>,
    grid: LevelGrid,
    tick: f64,
    next_id: i64,
}

impl<'a> MeanReverter<'a> {
    fn new(
        params: &'a MeanReversion,
        bars: &'a Pair,
        higher: &[Higher],
        primary: Timeframe,
        news: Option<NewsGate>,
        policies: &Policies,
        tick: f64,
    ) -> Self {
        let close = &bars.bid.close;
        let window = params.window_length as usize;
        let atr_length = params.atr_length as usize;
        let enabled = |n: u8| params.enabled_scenarios.contains(&n);
        let first = enabled(1).then(|| {
            let ema = indicators::ema(close, params.ema_length as usize);
            let ask = &bars.ask;
            EmaReversion {
                z: indicators::z_score(close, &ema, window),
                ema,
                ask_range: policies
                    .ask_range_for_shorts
                    .then(|| indicators::atr(&ask.high, &ask.low, &ask.close, atr_length)),
            }
        });
        let second = enabled(2).then(|| {
            let mean = indicators::kalman_mean(close, params.kalman_r, params.kalman_q);
            let p = params;
            BandReversion {
                z: indicators::z_score(close, &mean, window),
                bands: indicators::bollinger(close, p.b_b_length as usize, p.std_factor),
                trends: [
                    Trend::new(&p.htf_tf, p.htf_ema, p.htf_filter, primary, higher),
                    Trend::new(
                        &p.extra_htf_tf,
                        p.extra_htf_ema,
                        p.extra_htf_filter,
                        primary,
                        higher,
                    ),
                ],
            }
        });
        let range = indicators::atr(&bars.bid.high, &bars.bid.low, close, atr_length);
        Self {
            params,
            bars,
            news,
            range,
            first,
            second,
            grid: policies.level_grid,
            tick,
            next_id: 0,
        }
    }

    fn order(&mut self, view: &View) -> Option<Request> {
        if self.news.as_ref().is_some_and(|gate| gate.blocked(view.decision)) || view.open_positions >= 1 {
            return None;
        }
        let i = view.index;
        let rules = [
            (1, Direction::Short),
            (1, Direction::Long),
            (2, Direction::Short),
            (2, Direction::Long),
        ];
        for (scenario, direction) in rules {
            let allowed = match self.params.direction_filter {
                DirectionFilter::Both => true,
                DirectionFilter::Long => direction == Direction::Long,
                DirectionFilter::Short => direction == Direction::Short,
            };
            if !allowed {
                continue;
            }
            let levels = match scenario {
                1 => self.scenario_1(i, direction),
                _ => self.scenario_2(i, direction),
            };
            if let Some((sl, tp)) = levels {
                return Some(self.request(i, direction, scenario, sl, tp));
            }
        }
        None
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

    fn stretched(&self, z: f64, direction: Direction) -> bool {
        z.is_finite()
            && match direction {
                Direction::Long => z <= self.params.z_score_long,
                Direction::Short => z >= self.params.z_score_short,
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
        if !self.stretched(columns.z[i], direction) {
            return None;
        }
        let range = match (&columns.ask_range, direction) {
            (Some(ask), Direction::Short) => ask,
            _ => &self.range,
        };
        let (sl, tp) = (self.stop(i, direction, range), columns.ema[i]);
        (!sl.is_nan() && !tp.is_nan()).then_some((sl, tp))
    }

    fn scenario_2(&self, i: usize, direction: Direction) -> Option<(f64, f64)> {
        let columns = self.second.as_ref()?;
        if !self.stretched(columns.z[i], direction) || !columns.trends.iter().all(|trend| trend.holds(i)) {
            return None;
        }
        let close = self.bars.bid.close[i];
        let outside = match direction {
            Direction::Long => close <= columns.bands.lower[i],
            Direction::Short => close >= columns.bands.upper[i],
        };
        let (sl, tp) = (self.stop(i, direction, &self.range), columns.bands.mid[i]);
        (outside && !sl.is_nan() && !tp.is_nan()).then_some((sl, tp))
    }
}
