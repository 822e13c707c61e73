//! What keeps a strategy from trading: sessions, cooldowns, news.

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use omega_contract::config::{Anchor, AnchoredSessions, Config, EntryTimestamp};
use omega_contract::inputs::NewsEvent;
use omega_contract::time::{DAY_NS, MINUTE_NS};

use crate::events::{Gate, Stop};
use crate::policy::Policies;

const LEGACY_BEFORE: i64 = 60 * MINUTE_NS;
const LEGACY_AFTER: i64 = 30 * MINUTE_NS;

/// Start and end of a window, in nanoseconds of the day.
type Window = (i64, i64);

enum Windows {
    Always,
    Daily(Vec<Window>),
}

/// Local opening of a market and offsets from it, in minutes.
struct Market {
    zone: Tz,
    minute: i64,
    offsets: Vec<(i64, i64)>,
}

/// Windows around the openings of markets, computed once for each date.
struct Anchored {
    markets: Vec<Market>,
    day: i64,
    windows: Vec<Window>,
}

impl Market {
    fn new(config: &AnchoredSessions) -> Self {
        let (zone, minute) = match config.anchor {
            Anchor::London | Anchor::Europe => (Tz::Europe__London, 8 * 60),
            Anchor::NewYork => (Tz::America__New_York, 9 * 60 + 30),
            Anchor::Tokyo | Anchor::Asia => (Tz::Asia__Tokyo, 9 * 60),
            Anchor::Sydney => (Tz::Australia__Sydney, 8 * 60),
            Anchor::Frankfurt => (Tz::Europe__Berlin, 8 * 60),
        };
        let offsets = config.windows.iter().map(|w| (w.start_offset_minutes, w.end_offset_minutes)).collect();
        Self { zone, minute, offsets }
    }

    fn windows(&self, day: i64) -> impl Iterator<Item = Window> {
        let anchor = self.anchor(day).unwrap_or(0);
        let time = move |offset: i64| (anchor + offset).rem_euclid(1440) * MINUTE_NS;
        self.offsets.iter().map(move |&(a, b)| (time(a), time(b)))
    }

    /// Minute of the UTC day at which the market opens on a date.
    fn anchor(&self, day: i64) -> Option<i64> {
        let date = NaiveDate::from_ymd_opt(1970, 1, 1)? + chrono::Duration::days(day);
        let local = date.and_hms_opt((self.minute / 60) as u32, (self.minute % 60) as u32, 0)?;
        let utc: DateTime<Utc> = self.zone.from_local_datetime(&local).earliest()?.with_timezone(&Utc);
        Some(utc.timestamp().rem_euclid(86_400) / 60)
    }
}

impl Anchored {
    fn new(config: &[AnchoredSessions]) -> Self {
        Self { markets: config.iter().map(Market::new).collect(), day: i64::MIN, windows: vec![] }
    }

    fn windows(&mut self, day: i64) -> &[Window] {
        if day != self.day {
            self.day = day;
            self.windows = self.markets.iter().flat_map(|market| market.windows(day)).collect();
        }
        &self.windows
    }
}

fn inside(time: i64, (start, end): Window, end_included: bool) -> bool {
    if end_included {
        // V1: a start after the end wraps midnight, both ends belong to the window.
        return if start <= end { (start..=end).contains(&time) } else { time >= start || time <= end };
    }
    if start < end { (start..end).contains(&time) } else { time >= start || time < end }
}

fn any_inside(windows: &[Window], time: i64, end_included: bool) -> bool {
    windows.iter().any(|w| inside(time, *w, end_included))
}

/// The first time after `close` inside a window, of the windows of that day and of the next one.
fn reopening(close: i64, [today, tomorrow]: [&[Window]; 2], end_included: bool) -> Option<i64> {
    let (day, time) = (close.div_euclid(DAY_NS), close.rem_euclid(DAY_NS));
    let starts = |windows: &[Window], after: i64| windows.iter().map(|w| w.0).filter(|start| *start > after).min();
    let (day, start) = match starts(today, time) {
        Some(start) => (day, start),
        // Yesterday's windows end with their day; one of the new day's may reach over midnight.
        None if any_inside(tomorrow, 0, end_included) => (day + 1, 0),
        None => (day + 1, starts(tomorrow, -1)?),
    };
    day.checked_mul(DAY_NS)?.checked_add(start)
}

/// The first moment at which `minutes` since `since` have passed.
fn end_of(since: i64, minutes: f64) -> Option<i64> {
    let length = (minutes * MINUTE_NS as f64).ceil();
    // Above 2^53 a float does not distinguish one nanosecond from the next.
    (length <= (1u64 << 53) as f64).then(|| since.checked_add(length as i64))?
}

/// Clocks of the cooldown.
struct Cooldown {
    candles: i64,
    after_entry: f64,
    after_exit: f64,
    last_entry: Option<(usize, i64)>,
}

impl Cooldown {
    /// Whether so many bars after the last entry are too few.
    fn counting(&self, bars: usize) -> bool {
        self.candles > 0 && (bars as i64) < self.candles
    }
}

/// Whether less than `minutes` have passed since `since`.
fn within(ts: i64, since: i64, minutes: f64) -> bool {
    minutes > 0.0 && ((ts - since) as f64) < minutes * MINUTE_NS as f64
}

/// All gates before the strategy's own.
pub struct Gates {
    windows: Windows,
    anchored: Option<Anchored>,
    end_included: bool,
    news_at_close: bool,
    close_shift: i64,
    decision_shift: i64,
    cooldown: Cooldown,
    /// Number of session wrappers V1 would have put around the strategy.
    pub wrappers: usize,
}

impl Gates {
    pub fn new(config: &Config, policies: &Policies) -> Self {
        let step = config.timeframes.primary.ns();
        let windows = match &config.sessions {
            Some(list) if !list.is_empty() => Windows::Daily(list.iter().map(|s| (s.start.ns(), s.end.ns())).collect()),
            _ => Windows::Always,
        };
        let at_close = config.timestamp_alignment.entry_timestamp_mode == EntryTimestamp::Close;
        Self {
            windows,
            anchored: config.anchored_sessions.as_ref().map(|anchors| Anchored::new(anchors.all())),
            end_included: policies.session_end_included,
            news_at_close: policies.legacy_news,
            close_shift: step,
            decision_shift: if at_close { step } else { 0 },
            cooldown: Cooldown {
                candles: config.cooldown.candles,
                after_entry: config.cooldown.minutes_after_entry,
                after_exit: config.cooldown.minutes_after_exit,
                last_entry: None,
            },
            wrappers: usize::from(config.sessions.is_some()) + usize::from(config.anchored_sessions.is_some()),
        }
    }

    /// Time at which the decision on a bar is taken.
    pub fn decision(&self, ts: i64) -> i64 {
        ts + self.decision_shift
    }

    /// Time of a bar at which the news are asked: V1 asks at the close in both modes.
    pub fn news_time(&self, ts: i64) -> i64 {
        if self.news_at_close { ts + self.close_shift } else { self.decision(ts) }
    }

    /// Whether the strategy may decide on this bar.
    pub fn open(&mut self, bar: usize, ts: i64, last_exit: Option<i64>) -> bool {
        self.in_session(ts + self.close_shift) && !self.cooling(bar, ts, last_exit)
    }

    fn in_session(&mut self, close: i64) -> bool {
        if matches!(self.windows, Windows::Always) && self.anchored.is_none() {
            return true;
        }
        let time = close.rem_euclid(DAY_NS);
        let end_included = self.end_included;
        if let Windows::Daily(list) = &self.windows
            && !any_inside(list, time, end_included)
        {
            return false;
        }
        match &mut self.anchored {
            Some(anchored) => any_inside(anchored.windows(close.div_euclid(DAY_NS)), time, end_included),
            None => true,
        }
    }

    fn cooling(&self, bar: usize, ts: i64, last_exit: Option<i64>) -> bool {
        let c = &self.cooldown;
        last_exit.is_some_and(|exit| within(ts, exit, c.after_exit))
            || c.last_entry.is_some_and(|(index, entry)| within(ts, entry, c.after_entry) || c.counting(bar - index))
    }

    /// Whether the strategy gave a signal on a bar.
    pub fn entered(&self, bar: usize) -> bool {
        self.cooldown.last_entry.is_some_and(|(index, _)| index == bar)
    }

    /// The first gate that is closed on bar `bar` of `times`, for the trace.
    pub fn stop(&mut self, bar: usize, times: &[i64], last_exit: Option<i64>) -> Option<Stop> {
        let ts = times[bar];
        let close = ts + self.close_shift;
        if let Some(stop) = self.closed(close) {
            return Some(stop);
        }
        let c = &self.cooldown;
        if let Some(exit) = last_exit.filter(|exit| within(ts, *exit, c.after_exit)) {
            return Some(Stop::both(Gate::CooldownExit, end_of(self.decision(exit), c.after_exit)));
        }
        let (index, entry) = c.last_entry?;
        if within(ts, entry, c.after_entry) {
            return Some(Stop::both(Gate::CooldownEntry, end_of(self.decision(entry), c.after_entry)));
        }
        c.counting(bar - index).then(|| {
            let first = usize::try_from(c.candles).ok().and_then(|candles| index.checked_add(candles));
            let until = first.and_then(|bar| times.get(bar)).map(|ts| self.decision(*ts));
            Stop::both(Gate::CooldownCandles, until)
        })
    }

    /// The windows that a close lies outside of, if it does.
    fn closed(&mut self, close: i64) -> Option<Stop> {
        let (day, time) = (close.div_euclid(DAY_NS), close.rem_euclid(DAY_NS));
        if let Windows::Daily(list) = &self.windows
            && !any_inside(list, time, self.end_included)
        {
            return Some(Stop::both(Gate::Session, reopening(close, [list, list], self.end_included)));
        }
        let anchored = self.anchored.as_mut()?;
        let [today, tomorrow] = [day, day + 1].map(|day| anchored.windows(day).to_vec());
        let inside = any_inside(&today, time, self.end_included);
        (!inside).then(|| Stop::both(Gate::Anchor, reopening(close, [&today, &tomorrow], self.end_included)))
    }

    /// The strategy gave a signal: the entry clocks start, whatever becomes of the order.
    pub fn note_entry(&mut self, bar: usize, ts: i64) {
        self.cooldown.last_entry = Some((bar, ts));
    }
}

/// Times around which nothing is opened.
pub struct NewsGate {
    times: Vec<i64>,
    before: i64,
    after: i64,
}

impl NewsGate {
    pub fn new(config: &Config, policies: &Policies, events: &[NewsEvent]) -> Self {
        let filter = &config.news_filter;
        let symbol = config.symbol.to_ascii_uppercase();
        let halves = [symbol.get(..3).unwrap_or(""), symbol.get(3..6).unwrap_or("")];
        let relevant = |event: &NewsEvent| {
            if policies.legacy_news {
                return legacy_relevance(&event.currency, &symbol);
            }
            event.impact >= filter.min_impact
                && match &filter.currencies {
                    Some(list) => list.contains(&event.currency),
                    None => halves.contains(&event.currency.as_str()),
                }
        };
        let minutes = |m: f64| (m * MINUTE_NS as f64) as i64;
        let (before, after) = if policies.legacy_news {
            (LEGACY_BEFORE, LEGACY_AFTER)
        } else {
            (minutes(filter.minutes_before), minutes(filter.minutes_after))
        };
        Self { times: events.iter().filter(|e| relevant(e)).map(|e| e.ts).collect(), before, after }
    }

    /// Whether an event lies within the window around `decision`; both ends belong to it.
    pub fn blocked(&self, decision: i64) -> bool {
        let next = self.times.partition_point(|t| t.saturating_add(self.after) < decision);
        self.times.get(next).is_some_and(|t| t.saturating_sub(self.before) <= decision)
    }

    /// The pause that `decision` lies in, if it does: its last moment, where that is a time at all. Windows that touch
    /// are one pause.
    pub fn pause(&self, decision: i64) -> Option<Option<i64>> {
        if !self.blocked(decision) {
            return None;
        }
        let next = self.times.partition_point(|t| t.saturating_add(self.after) < decision);
        let mut end = Some(decision);
        for t in &self.times[next..] {
            if end.is_none_or(|end| t.saturating_sub(self.before) > end) {
                break;
            }
            end = t.checked_add(self.after);
        }
        Some(end)
    }
}

fn legacy_relevance(currency: &str, symbol: &str) -> bool {
    match currency {
        "USD" => true,
        "AUD" | "NZD" => symbol.contains("AUD") || symbol.contains("NZD"),
        "GBP" | "EUR" | "JPY" | "CHF" | "CAD" => symbol.contains(currency),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omega_contract::config::OffsetWindow;

    fn around(anchor: Anchor, start: i64, end: i64) -> AnchoredSessions {
        AnchoredSessions {
            anchor,
            windows: vec![OffsetWindow { start_offset_minutes: start, end_offset_minutes: end }],
        }
    }

    fn day(y: i32, m: u32, d: u32) -> i64 {
        (NaiveDate::from_ymd_opt(y, m, d).unwrap() - NaiveDate::default()).num_days()
    }

    fn minutes(windows: &[Window]) -> Vec<Window> {
        windows.iter().map(|(start, end)| (start / MINUTE_NS, end / MINUTE_NS)).collect()
    }

    #[test]
    fn an_anchor_follows_daylight_saving() {
        let mut gate = Anchored::new(&[around(Anchor::NewYork, -60, 180)]);
        assert_eq!(minutes(gate.windows(day(2025, 3, 6))), [(13 * 60 + 30, 17 * 60 + 30)]);
        assert_eq!(minutes(gate.windows(day(2025, 3, 12))), [(12 * 60 + 30, 16 * 60 + 30)]);
    }

    #[test]
    fn windows_of_several_markets_count_together() {
        let mut gate = Anchored::new(&[around(Anchor::London, 0, 60), around(Anchor::Tokyo, -30, 0)]);
        let open = |gate: &mut Anchored, hour: i64, minute: i64| {
            any_inside(gate.windows(day(2025, 1, 7)), (hour * 60 + minute) * MINUTE_NS, false)
        };
        let found = [(8, 30), (23, 45), (0, 0), (9, 0), (12, 0)].map(|(h, m)| open(&mut gate, h, m));
        assert_eq!(found, [true, true, false, false, false]);
    }

    #[test]
    fn a_session_of_no_length_is_one_minute_in_v1_and_a_whole_day_in_v2() {
        assert!(inside(600, (600, 600), true) && !inside(601, (600, 600), true));
        assert!(inside(600, (600, 600), false) && inside(5, (600, 600), false));
    }
}
