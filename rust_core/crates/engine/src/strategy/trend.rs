//! Filters by the bias of a higher timeframe.

use omega_contract::inputs::Higher;
use omega_contract::strategy::TrendFilter;
use omega_contract::time::Timeframe;

use crate::indicators;

/// A higher-timeframe condition, computed for each bar.
pub enum Trend {
    Any,
    Wanted { bias: Vec<i8>, sign: i8 },
    Never,
}

impl Trend {
    /// Of the filter on timeframe `name` (or `NONE`, `AUTO`) with an EMA of `length` of its bars.
    pub fn new(name: &str, length: i64, filter: TrendFilter, primary: Timeframe, higher: &[Higher]) -> Self {
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

    /// Whether the condition holds at a bar.
    pub fn holds(&self, index: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Never => false,
            Self::Wanted { bias, sign } => bias[index] == *sign,
        }
    }
}
