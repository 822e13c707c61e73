//! Scenario 6: the stretched-price condition on a chain of timeframes.

use omega_contract::inputs::{Higher, Pair};
use omega_contract::strategy::{ChainMode, Direction, Link as Params, MeanReversion};
use omega_contract::time::Timeframe;

use crate::indicators;

/// One link and side: whether its condition holds at each bar. Empty: its timeframe is not there.
struct Link(Vec<bool>);

/// All links, by side.
pub struct Chain {
    mode: ChainMode,
    long: Vec<Link>,
    short: Vec<Link>,
}

impl Chain {
    pub fn new(params: &MeanReversion, bars: &Pair, higher: &[Higher], primary: Timeframe) -> Self {
        let links = |direction: Direction| {
            let names = params.scenario6_timeframes.iter();
            names
                .filter_map(|name| {
                    let sides = params.scenario6_params.get(name)?;
                    let own = if direction == Direction::Long { &sides.long } else { &sides.short };
                    Some(Link::new(name, own, direction, bars, higher, primary))
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
    fn new(
        name: &str,
        params: &Params,
        direction: Direction,
        bars: &Pair,
        higher: &[Higher],
        primary: Timeframe,
    ) -> Self {
        let timeframe = if name == "PRIMARY" { Some(primary) } else { Timeframe::parse(name) };
        if timeframe == Some(primary) {
            let closes: Vec<Option<f64>> = bars.bid.close.iter().map(|x| Some(*x)).collect();
            let columns = Columns::new(&bars.bid.close, params);
            return Self(compare(&closes, &columns.z, columns.band(direction), params, direction));
        }
        let Some(source) = higher.iter().find(|h| Some(h.timeframe) == timeframe) else {
            return Self(vec![]);
        };
        // Computed on the bars in the order in which they appear, shown until the next one appears.
        let steps = indicators::Steps::new(&source.visible);
        let columns = Columns::new(&steps.pick(&source.bars.bid.close), params);
        let closes: Vec<Option<f64>> =
            source.visible.iter().map(|slot| slot.map(|j| source.bars.bid.close[j as usize])).collect();
        let (z, band) = (steps.spread(&columns.z), steps.spread(columns.band(direction)));
        Self(compare(&closes, &z, &band, params, direction))
    }
}

struct Columns {
    z: Vec<f64>,
    bands: indicators::Bands,
}

impl Columns {
    fn new(close: &[f64], params: &Params) -> Self {
        let mean = indicators::kalman_mean(close, params.kalman_r, params.kalman_q);
        Self {
            z: indicators::z_score(close, &mean, params.window_length as usize),
            bands: indicators::bollinger(close, params.b_b_length as usize, params.std_factor),
        }
    }

    fn band(&self, direction: Direction) -> &[f64] {
        if direction == Direction::Long { &self.bands.lower } else { &self.bands.upper }
    }
}

fn compare(close: &[Option<f64>], z: &[f64], band: &[f64], params: &Params, direction: Direction) -> Vec<bool> {
    let holds = |i: usize| {
        let Some(close) = close[i] else { return false };
        z[i].is_finite()
            && match direction {
                Direction::Long => z[i] <= params.z_score_long && close <= band[i],
                Direction::Short => z[i] >= params.z_score_short && close >= band[i],
            }
    };
    (0..close.len()).map(holds).collect()
}
