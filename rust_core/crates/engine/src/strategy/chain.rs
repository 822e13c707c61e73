//! Scenario 6: the stretched-price condition on a chain of timeframes.

use omega_contract::inputs::{Higher, Pair};
use omega_contract::strategy::{ChainMode, Direction, Link as Params, MeanReversion};
use omega_contract::time::Timeframe;

use crate::indicators::bands::{Bands, crosses};
use crate::indicators::z_score::ZScore;
use crate::indicators::{self, DeviationRule};

/// One link and side: whether its condition holds at each bar. Empty: its timeframe is not there.
struct Link(Vec<bool>);

/// All links, by side.
pub struct Chain {
    mode: ChainMode,
    long: Vec<Link>,
    short: Vec<Link>,
}

/// What links are computed on.
pub struct Source<'a> {
    pub bars: &'a Pair,
    pub higher: &'a [Higher],
    pub primary: Timeframe,
    pub rule: DeviationRule,
}

impl Chain {
    pub fn new(params: &MeanReversion, source: &Source) -> Self {
        let links = |direction: Direction| {
            let names = params.scenario6_timeframes.iter();
            names
                .filter_map(|name| {
                    let sides = params.scenario6_params.get(name)?;
                    let own = if direction == Direction::Long { &sides.long } else { &sides.short };
                    Some(Link::new(Timeframe::parse(name)?, own, direction, source))
                })
                .collect()
        };
        Self { mode: params.scenario6_mode, long: links(Direction::Long), short: links(Direction::Short) }
    }

    /// Whether the chain holds at a bar; without links never.
    pub fn holds(&self, index: usize, direction: Direction) -> bool {
        let links = if direction == Direction::Long { &self.long } else { &self.short };
        let mut answers = links.iter().map(|link| link.0.get(index).copied().unwrap_or(false));
        match self.mode {
            ChainMode::All => !links.is_empty() && answers.all(|holds| holds),
            ChainMode::Any => answers.any(|holds| holds),
        }
    }
}

impl Link {
    fn new(timeframe: Timeframe, params: &Params, direction: Direction, source: &Source) -> Self {
        let Source { bars, higher, primary, rule } = *source;
        if timeframe == primary {
            let columns = Columns::new(bars.bid.close.to_vec(), params, rule);
            return Self((0..bars.len()).map(|i| columns.hold(i, bars.bid.close[i], direction)).collect());
        }
        let Some(source) = higher.iter().find(|h| h.timeframe == timeframe) else {
            return Self(vec![]);
        };
        // Computed on the bars in the order in which they appear, shown until the next one appears.
        let steps = indicators::Steps::new(&source.visible);
        let columns = Columns::new(steps.pick(&source.bars.bid.close), params, rule);
        let holds = |(slot, last): (&Option<u32>, Option<usize>)| {
            let (Some(j), Some(k)) = (slot, last) else { return false };
            columns.hold(k, source.bars.bid.close[*j as usize], direction)
        };
        Self(source.visible.iter().zip(steps.last()).map(holds).collect())
    }
}

struct Columns {
    z: ZScore,
    bands: Bands<'static>,
}

impl Columns {
    fn new(close: Vec<f64>, params: &Params, rule: DeviationRule) -> Self {
        let residual = indicators::kalman_residual(&close, params.kalman_r, params.kalman_q);
        let thresholds = [params.z_score_long, params.z_score_short];
        Self {
            z: ZScore::new(residual, params.window_length as usize, thresholds, rule),
            bands: Bands::new(close, params.b_b_length as usize, params.std_factor, rule),
        }
    }

    /// Whether the condition holds for a close, with the indicators of value `k`.
    fn hold(&self, k: usize, close: f64, direction: Direction) -> bool {
        self.z.beyond(k, direction) && crosses(close, self.bands.edge(k, direction), direction)
    }
}
