//! V1's lenient cleaning (switch `data_rules` at `v1`): odd rows are dropped silently.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Australia::Sydney;
use omega_contract::time::{DAY_NS, Timeframe};

use crate::candles::Candles;

const WEEK_OPENS: u32 = 7 * 60;
const WEEK_CLOSES: u32 = 5 * 24 * 60 + 7 * 60;
const HOUR_NS: i64 = 3_600_000_000_000;

/// Sorts by time, keeps the last row of each time, drops bars outside the trading week and flat days.
pub fn clean(mut raw: Candles, timeframe: Timeframe, floor_to_grid: bool) -> Candles {
    if floor_to_grid {
        let step = timeframe.ns();
        Arc::make_mut(&mut raw.ts).iter_mut().for_each(|t| *t = t.div_euclid(step).saturating_mul(step));
    }
    let raw = last_rows(raw);
    let mut week = TradingWeek::default();
    let keep: Vec<usize> = (0..raw.len())
        .filter(|&i| match timeframe {
            Timeframe::W1 => true,
            Timeframe::D1 => is_weekday(raw.ts[i]) && !is_flat(&raw, i),
            _ => week.contains(raw.ts[i]),
        })
        .collect();
    if keep.len() == raw.len() { raw } else { raw.pick(&keep) }
}

fn last_rows(raw: Candles) -> Candles {
    if raw.ts.windows(2).all(|pair| pair[0] < pair[1]) {
        return raw;
    }
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by_key(|&i| raw.ts[i]);
    let keep: Vec<usize> = order
        .iter()
        .enumerate()
        .filter(|(k, i)| order.get(k + 1).is_none_or(|next| raw.ts[*next] != raw.ts[**i]))
        .map(|(_, i)| *i)
        .collect();
    raw.pick(&keep)
}

/// Monday to Friday, UTC.
pub fn is_weekday(ts: i64) -> bool {
    // 1970-01-01 was a Thursday.
    (ts.div_euclid(DAY_NS) + 3).rem_euclid(7) < 5
}

fn is_flat(c: &Candles, i: usize) -> bool {
    c.volume[i] == 0.0 && c.open[i] == c.high[i] && c.open[i] == c.low[i] && c.open[i] == c.close[i]
}

/// Monday 07:00 to Saturday 07:00 in Sydney. The zone's offset is looked up once for each hour.
#[derive(Default)]
struct TradingWeek {
    hour: Option<i64>,
    offset_minutes: i64,
}

impl TradingWeek {
    fn contains(&mut self, ts: i64) -> bool {
        let hour = ts.div_euclid(HOUR_NS);
        if self.hour != Some(hour) {
            let local = Sydney
                .from_utc_datetime(&DateTime::<Utc>::from_timestamp_nanos(hour.saturating_mul(HOUR_NS)).naive_utc());
            self.offset_minutes = i64::from(local.offset().fix().local_minus_utc()) / 60;
            self.hour = Some(hour);
        }
        let local = DateTime::<Utc>::from_timestamp_nanos(ts.saturating_add(self.offset_minutes * 60_000_000_000));
        let minute = local.weekday().num_days_from_monday() * 1440 + local.hour() * 60 + local.minute();
        (WEEK_OPENS..WEEK_CLOSES).contains(&minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candles(ts: &[i64]) -> Candles {
        let n = ts.len();
        let ramp: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
        Candles {
            ts: Arc::new(ts.to_vec()),
            open: ramp.clone(),
            high: ramp.clone(),
            low: ramp.clone(),
            close: ramp,
            volume: vec![1.0; n],
        }
    }

    #[test]
    fn of_rows_with_one_time_the_last_wins() {
        let out = last_rows(candles(&[20, 10, 20]));
        assert_eq!(*out.ts, [10, 20]);
        assert_eq!(out.open, [2.0, 3.0]);
    }

    #[test]
    fn the_trading_week_follows_sydney_summer_time() {
        let mut week = TradingWeek::default();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap().timestamp_nanos_opt().unwrap();
        assert!(!week.contains(at("2024-12-08T19:59:00Z"))); // Monday 06:59 in Sydney, UTC+11
        assert!(week.contains(at("2024-12-08T20:00:00Z")));
        assert!(week.contains(at("2024-12-13T19:59:00Z")));
        assert!(!week.contains(at("2024-12-13T20:00:00Z"))); // Saturday 07:00
        assert!(week.contains(at("2024-06-07T20:59:00Z"))); // UTC+10 in winter
        assert!(!week.contains(at("2024-06-07T21:00:00Z")));
    }
}
