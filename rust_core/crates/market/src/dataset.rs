//! Everything a run reads: primary bars, higher timeframes, and what was found in the files.

use bytes::Bytes;
use omega_contract::config::{EntryTimestamp, Session};
use omega_contract::inputs::{Higher, Pair};
use omega_contract::time::{DAY_NS, Timeframe};
use omega_contract::{Category, Config, RunError, codes};
use serde::Serialize;

use crate::align::{self, Rules};
use crate::candles::{self, Candles};
use crate::manifest::{Entry, Input};
use crate::sides::{self, Decoding, File, Volume};
use crate::source::{Paths, Side, read_file};
use crate::{clean, govern};

/// Findings that are reported and not refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Governance {
    /// Equal rows with one time, dropped.
    pub duplicates: usize,
    /// Largest share of bars that only one side has.
    pub join_loss: f64,
    /// Expected bars that are not there; never filled.
    pub gaps: usize,
}

/// Market data of one run.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Primary bars, history included.
    pub primary: Pair,
    /// Index of the first tradable bar.
    pub start: usize,
    /// Higher timeframes in ascending length.
    pub higher: Vec<Higher>,
    /// Findings on the primary timeframe.
    pub governance: Governance,
}

/// Bars checked at a time: few enough to stay in the nearest cache.
const BATCH: usize = 1024;

/// One side of one timeframe: read, checked or cleaned, with its manifest entry and the number of equal duplicates.
struct SideRead {
    candles: Candles,
    input: Input,
    duplicates: usize,
}

fn read_file_of(paths: &Paths, config: &Config, tf: Timeframe, side: Side) -> Result<File, RunError> {
    let shown = Paths::candle_file(&config.symbol, tf, side);
    let mut path = paths.data_root.join(&shown);
    if !config.semantics.data_rules.is_v2() && !path.is_file() {
        let lower = format!("{}/{}_{}_{}.parquet", config.symbol, config.symbol, tf.name(), side.name().to_lowercase());
        path = paths.data_root.join(lower);
    }
    Ok(File { content: Bytes::from(read_file(&path, &shown)?), shown })
}

/// Checks or cleans what was read.
fn examine(file: File, decoded: Decoding, config: &Config, tf: Timeframe, side: Side) -> Result<SideRead, RunError> {
    let File { content, shown } = file;
    let kind = if side == Side::Bid { "market_parquet_bid" } else { "market_parquet_ask" };
    let entry = Entry {
        path: shown,
        kind,
        sha256: String::new(),
        rows: Some(decoded.candles.len()),
        first_ns: decoded.candles.ts.first().copied(),
        last_ns: decoded.candles.ts.last().copied(),
    };
    let (mut candles, duplicates) = if config.semantics.data_rules.is_v2() {
        govern::check_file(decoded, &entry.path, || sides::volumes(&content, &entry.path))?
    } else {
        (clean::clean(decoded.candles, tf, config.timestamp_alignment.normalize_to_timeframe), 0)
    };
    candles.forget_volume();
    Ok(SideRead { candles, input: Input { entry, content }, duplicates })
}

/// Both sides, on two threads where there is enough to do. Faults of bid are reported first.
fn read_sides(paths: &Paths, config: &Config, tf: Timeframe) -> Result<[SideRead; 2], RunError> {
    let size = |side| {
        std::fs::metadata(paths.data_root.join(Paths::candle_file(&config.symbol, tf, side))).map_or(0, |m| m.len())
    };
    let read = |side| move || read_file_of(paths, config, tf, side);
    let on_two_threads = size(Side::Bid) + size(Side::Ask) >= sides::WORTH_A_THREAD;
    let [bid, ask] = sides::both(on_two_threads, read(Side::Bid), read(Side::Ask));
    let (bid, ask) = (bid?, ask?);
    let volume = if config.semantics.data_rules.is_v2() { Volume::Checked } else { Volume::Kept };
    let [bid_rows, ask_rows] = sides::read([&bid, &ask], volume, on_two_threads);
    let [bid, ask] = sides::both(
        on_two_threads,
        || examine(bid, bid_rows?, config, tf, Side::Bid),
        || examine(ask, ask_rows?, config, tf, Side::Ask),
    );
    Ok([bid?, ask?])
}

/// First and last time that may be loaded, before counting history.
fn bounds(config: &Config) -> (i64, i64) {
    let last_day = config.end_date.start_ns();
    let last = if config.semantics.end_date.is_v2() { last_day + DAY_NS - 1 } else { last_day };
    if config.semantics.warmup.is_v2() {
        return (i64::MIN, last);
    }
    let longest =
        config.timeframes.additional.iter().chain([&config.timeframes.primary]).map(|tf| tf.ns()).max().unwrap_or(0);
    (config.start_date.start_ns().saturating_sub(config.warmup_bars.saturating_mul(longest)), last)
}

/// Joined bars of one timeframe inside the load window, and the index of the first bar at or after the start.
fn load_pair(
    paths: &Paths,
    config: &Config,
    tf: Timeframe,
    inputs: &mut Vec<Input>,
) -> Result<(Pair, usize, Governance), RunError> {
    let [bid, ask] = read_sides(paths, config, tf)?;
    let shown = format!("{} / {}", bid.input.entry.path, ask.input.entry.path);
    let strict = config.semantics.data_rules.is_v2();
    let mut found = Governance { duplicates: bid.duplicates + ask.duplicates, ..Governance::default() };
    inputs.extend([bid.input, ask.input]);
    let (first, last) = bounds(config);
    let (mut pair, apart) = candles::join(bid.candles, ask.candles);
    let end = pair.ts.partition_point(|t| *t <= last);
    let start = pair.ts.partition_point(|t| *t < config.start_date.start_ns()).min(end);
    let begin = if config.semantics.warmup.is_v2() {
        start.saturating_sub(config.warmup_bars as usize)
    } else {
        pair.ts.partition_point(|t| *t < first).min(end)
    };
    if strict {
        if let Some((bid, ask)) = apart {
            let low = if begin < end { pair.ts[begin] } else { config.start_date.start_ns() };
            let count =
                |ts: &[i64]| ts.partition_point(|t| *t <= last).saturating_sub(ts.partition_point(|t| *t < low));
            found.join_loss = govern::join_loss(end - begin, count(&bid), count(&ask), &shown)?;
        }
        govern::check_spread(&pair, begin..end, &shown)?;
    }
    candles::keep(&mut pair, &(begin..end));
    Ok((pair, start.saturating_sub(begin), found))
}

/// Whether a slot without a bar counts as a gap where sessions say when bars are expected.
fn in_session(ts: i64, windows: &[Session]) -> bool {
    let time = ts.rem_euclid(DAY_NS);
    windows.iter().any(|w| {
        let (start, end) = (w.start.ns(), w.end.ns());
        if start < end { (start..end).contains(&time) } else { time >= start || time < end }
    })
}

/// Slots from `slot` on before `end` that lie on Monday to Friday, counted day by day.
fn weekday_slots(mut slot: i64, end: i64, step: i64) -> usize {
    let mut count = 0;
    while slot < end {
        let day = slot.div_euclid(DAY_NS);
        let next_day = (day + 1).saturating_mul(DAY_NS).min(end);
        let slots = (next_day - slot).div_euclid(step) + i64::from((next_day - slot).rem_euclid(step) > 0);
        if clean::is_weekday(slot) {
            count += slots as usize;
        }
        slot = slot.saturating_add(slots.saturating_mul(step));
    }
    count
}

fn count_gaps(ts: &[i64], config: &Config) -> usize {
    let step = config.timeframes.primary.ns();
    let missing = |pair: &[i64]| {
        let slot = pair[0].saturating_add(step);
        match config.sessions.as_deref() {
            None | Some([]) => weekday_slots(slot, pair[1], step),
            Some(windows) => {
                let slots = std::iter::successors(Some(slot), |slot| slot.checked_add(step));
                slots.take_while(|slot| *slot < pair[1]).filter(|slot| in_session(*slot, windows)).count()
            }
        }
    };
    let mut gaps = 0;
    for from in (0..ts.len()).step_by(BATCH) {
        // Batches overlap by a bar. A batch whose steps are all even takes no branch per bar.
        let batch = &ts[from..ts.len().min(from + BATCH + 1)];
        if !batch.iter().zip(&batch[1..]).fold(true, |even, (a, b)| even & (b.wrapping_sub(*a) == step)) {
            gaps += batch.windows(2).map(missing).sum::<usize>();
        }
    }
    gaps
}

fn align_higher(config: &Config, primary: &Pair, tf: Timeframe, bars: Pair) -> Higher {
    let rules = &config.timestamp_alignment;
    let at_close = rules.entry_timestamp_mode == EntryTimestamp::Close;
    let close_labelled = rules.higher_tf_timestamps_mode.get(tf.name()) == Some(&EntryTimestamp::Close);
    let step = config.timeframes.primary.ns();
    let automatic = (2 * tf.ns() / step).max(1);
    let limit = if rules.stale_bar_limit_bars > 0 { rules.stale_bar_limit_bars } else { automatic };
    let rules = Rules {
        decision_shift: if at_close { step } else { 0 },
        end_shift: if close_labelled { 0 } else { tf.ns() },
        completed_only: rules.use_previous_completed_higher_tf,
        stale_limit: limit as usize,
    };
    let visible = align::visible(&primary.ts, &bars.ts, &rules);
    Higher { timeframe: tf, bars, visible }
}

impl Dataset {
    /// Loads all timeframes of a configuration and records each file for the manifest.
    ///
    /// # Errors
    /// Category `market_data`: 3001 and 3004 for files, 1005, 1006 and 1011 for their rows, 1010 when no bar is
    /// left to trade, 2008 when history is missing.
    pub fn load(paths: &Paths, config: &Config, inputs: &mut Vec<Input>) -> Result<Self, RunError> {
        let tf = config.timeframes.primary;
        let (primary, start, mut governance) = load_pair(paths, config, tf, inputs)?;
        if start >= primary.len() {
            let message = format!(
                "no {} bar of {} between {} and {}",
                tf.name(),
                config.symbol,
                config.start_date,
                config.end_date
            );
            return Err(RunError::new(Category::MarketData, codes::EMPTY_INPUT, message));
        }
        if config.semantics.warmup.is_v2() && (start as i64) < config.warmup_bars {
            let message = format!(
                "{start} {} bars lie before {}, warmup_bars asks for {}",
                tf.name(),
                config.start_date,
                config.warmup_bars
            );
            return Err(RunError::new(Category::MarketData, codes::INSUFFICIENT_DATA, message)
                .with("bars_before_start", start)
                .with("warmup_bars", config.warmup_bars));
        }
        governance.gaps = count_gaps(&primary.ts[start..], config);
        let mut higher = vec![];
        for &tf in &config.timeframes.additional {
            let (bars, _, _) = load_pair(paths, config, tf, inputs)?;
            higher.push(align_higher(config, &primary, tf, bars));
        }
        Ok(Self { primary, start, higher, governance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekday_slots_are_those_that_one_would_count_one_by_one() {
        let minute = 60_000_000_000;
        let friday = DAY_NS + 23 * 60 * minute; // 1970-01-02 was a Friday
        for step in [minute, 7 * minute, 240 * minute, DAY_NS, 7 * DAY_NS] {
            for (from, to) in [(0, 1), (0, 0), (5, 2), (0, 61), (-90, 3 * 1440 + 7), (30, 20 * 1440), (-9_000, 9_000)] {
                let (slot, end) = (friday + from * minute + 5, friday + to * minute);
                let slots = (0..).map(|k| slot + k * step).take_while(|t| *t < end);
                let one_by_one = slots.filter(|t| (t.div_euclid(DAY_NS) + 3).rem_euclid(7) < 5).count();
                assert_eq!(weekday_slots(slot, end, step), one_by_one, "{step} {from} {to}");
            }
        }
        assert_eq!(weekday_slots(i64::MAX, i64::MAX, minute), 0);
        assert!(weekday_slots(i64::MIN, i64::MAX, minute) > 200_000_000);
    }
}
