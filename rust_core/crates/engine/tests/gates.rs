//! Each gate in the trace: on which bars, for which direction, until when.

#![allow(clippy::unwrap_used)]

use omega_contract::config::Impact;
use omega_contract::inputs::{Commission, FeeSchema, Higher, NewsEvent, Ohlc, Pair, SymbolSpec};
use omega_contract::strategy::Direction::{self, Long, Short};
use omega_contract::time::{DAY_NS, MINUTE_NS, Timeframe};
use omega_contract::{Config, time::Day};
use omega_engine::{Event, Gate, Inputs, Report, Run};
use serde_json::{Value, json};

/// (bar, gate, direction, minutes from the first bar until it ends)
type Row = (usize, Gate, Option<Direction>, Option<i64>);

/// One-minute bars from midnight of `day` on; each reaches 0.0002 beyond its close.
fn minutes(day: &str, closes: &[f64]) -> Pair {
    let start = Day::parse(day).unwrap().start_ns();
    let side = |spread: f64| {
        let moved = |by: f64| closes.iter().map(|c| c + spread + by).collect::<Vec<f64>>().into();
        Ohlc { open: moved(0.0), high: moved(0.0002), low: moved(-0.0002), close: moved(0.0) }
    };
    let ts: Vec<i64> = (0..closes.len() as i64).map(|i| start + i * MINUTE_NS).collect();
    Pair { ts: ts.into(), bid: side(0.0), ask: side(0.0001) }
}

fn merged(base: &Value, changes: Value) -> Value {
    let mut out = base.clone();
    out.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    out
}

fn base(strategy: &str, parameters: Value) -> Value {
    json!({
        "schema_version": "2", "strategy_name": strategy, "strategy_parameters": parameters, "symbol": "EURUSD",
        "start_date": "2025-01-07", "end_date": "2025-01-07", "timeframes": {"primary": "M1", "additional": ["M5"]},
        "costs": {"enabled": false}, "rates": {"EURUSD": 1.1}, "output": {"events": true},
    })
}

/// One long market order on bar 1, out of reach of its levels unless `tp` is near.
fn one_order(tp: f64) -> Value {
    base("scripted_orders", json!({"orders": [{"bar": 1, "direction": "long", "type": "market", "sl": 1.0, "tp": tp}]}))
}

fn reverter(changes: Value) -> Value {
    let parameters = json!({
        "enabled_scenarios": [1], "window_length": 5, "ema_length": 5, "atr_length": 3, "b_b_length": 5,
        "std_factor": 1.0, "z_score_long": -0.8, "z_score_short": 0.8,
    });
    base("mean_reversion_z_score", merged(&parameters, changes))
}

/// The same configuration with positions closed after a minute, so that a position hides little.
fn brief(config: &Value) -> Value {
    merged(config, json!({"trade_management": {"enabled": true, "max_holding_minutes": 1}, "sessions": []}))
}

fn wave() -> Vec<f64> {
    (0..60).map(|i| 1.1 + 0.001 * (f64::from(i) / 4.0).sin()).collect()
}

fn run(config: &Value, bars: &Pair, news: &[NewsEvent]) -> Report {
    let config = Config::from_json(&config.to_string()).unwrap();
    let spec = SymbolSpec {
        contract_size: 100_000.0,
        tick_size: 1e-5,
        volume_min: 0.01,
        volume_step: 0.01,
        volume_max: 100.0,
        quote_currency: "USD".to_string(),
        pip: 0.0001,
        min_sl_distance_pips: 0.1,
    };
    let commission = Commission {
        schema: FeeSchema::PerLot,
        at_entry: false,
        at_exit: false,
        per_lot: 0.0,
        rate_per_million: 0.0,
        pct: 0.0,
        min_fee: 0.0,
        currency: None,
    };
    // One bar of a higher timeframe, seen from the start: its close is its average, so it has no bias.
    let flat = minutes("2025-01-07", &[1.1]);
    let higher = [Higher { timeframe: Timeframe::M5, bars: flat, visible: vec![Some(0); bars.len()] }];
    let inputs = Inputs {
        config: &config,
        bars,
        start: 0,
        higher: &higher,
        spec: &spec,
        unknown_symbol: None,
        commission: &commission,
        slippage: (0.0, 0.0),
        news,
        seed: 1,
    };
    let mut run = Run::prepare(&inputs);
    run.play().unwrap();
    run.finish().unwrap()
}

fn rows(report: &Report, bars: &Pair) -> Vec<Row> {
    let row = |event: &Event| {
        let stop = event.stop?;
        assert_eq!((event.event, event.order, event.timestamp_ns), ("gate", None, bars.ts[event.bar]));
        let until = stop.until_ns.map(|until| (until - bars.ts[0]) / MINUTE_NS);
        Some((event.bar, stop.gate, stop.direction, until))
    };
    report.events.iter().filter_map(row).collect()
}

fn both(gate: Gate, bars: impl IntoIterator<Item = usize>, until: Option<i64>) -> Vec<Row> {
    bars.into_iter().map(|bar| (bar, gate, None, until)).collect()
}

/// The same configuration with every switch at `v1`.
fn v1(config: &Value) -> Value {
    merged(config, json!({"execution_variant": "v1_parity"}))
}

fn signals(report: &Report) -> Vec<(usize, String)> {
    let signal = |event: &Event| {
        (event.event == "signal").then(|| (event.bar, event.numbers["direction"].as_str().unwrap().to_string()))
    };
    report.events.iter().filter_map(signal).collect()
}

fn name(direction: Direction) -> String {
    json!(direction).as_str().unwrap().to_string()
}

#[test]
fn sessions_end_at_the_next_start_by_bar_close() {
    let bars = minutes("2025-01-07", &[1.1; 10]);
    let sessions = json!({"sessions": [{"start": "00:04", "end": "00:06"}, {"start": "00:08", "end": "00:09"}]});
    let config = merged(&one_order(1.2), sessions);
    let next_day = Some(DAY_NS / MINUTE_NS + 4);
    let expected =
        [both(Gate::Session, 0..3, Some(4)), both(Gate::Session, 5..7, Some(8)), both(Gate::Session, 8..10, next_day)];
    assert_eq!(rows(&run(&config, &bars, &[]), &bars), expected.concat());
    // V1's windows include their last minute.
    let expected =
        [both(Gate::Session, 0..3, Some(4)), both(Gate::Session, 6..7, Some(8)), both(Gate::Session, 9..10, next_day)];
    assert_eq!(rows(&run(&v1(&config), &bars, &[]), &bars), expected.concat());
}

#[test]
fn an_anchor_ends_at_the_next_window_of_its_own_day() {
    // Clocks in London change in the night to 30 March: its market opens at 08:00 on the 29th and 07:00 on the 30th.
    let bars = minutes("2025-03-29", &[1.1; 6]);
    let anchored = |start: i64, end: i64| {
        let windows = json!([{"start_offset_minutes": start, "end_offset_minutes": end}]);
        merged(&one_order(1.2), json!({"anchored_sessions": {"anchor": "london", "windows": windows}}))
    };
    let expected = [both(Gate::Anchor, 0..1, Some(2)), both(Gate::Anchor, 3..6, Some(1440 + 7 * 60 - 478 + 1440))];
    assert_eq!(rows(&run(&anchored(-478, -476), &bars, &[]), &bars), expected.concat());
    let over_midnight = anchored(600, -478);
    assert_eq!(rows(&run(&over_midnight, &bars, &[]), &bars), both(Gate::Anchor, 1..6, Some(18 * 60)));
    // In the night to 26 October the window moves from 22:50-23:50 to 23:50-00:50, so it is open at midnight.
    let bars = minutes("2025-10-25", &[1.1; 1437]);
    let expected = [both(Gate::Anchor, 0..1369, Some(1370)), both(Gate::Anchor, 1429..1437, Some(1440))];
    assert_eq!(rows(&run(&anchored(950, 1010), &bars, &[]), &bars), expected.concat());
}

#[test]
fn a_cooldown_after_an_exit_ends_when_its_minutes_have_passed() {
    let mut closes = [1.1; 10];
    closes[3] = 1.102;
    let bars = minutes("2025-01-07", &closes);
    let config = merged(&one_order(1.101), json!({"cooldown": {"minutes_after_exit": 2}}));
    assert_eq!(rows(&run(&config, &bars, &[]), &bars), both(Gate::CooldownExit, 3..5, Some(5)));
    // V1 asks the strategy before it checks exits.
    assert_eq!(rows(&run(&v1(&config), &bars, &[]), &bars), both(Gate::CooldownExit, 4..5, Some(5)));
    let at_close = merged(&config, json!({"timestamp_alignment": {"entry_timestamp_mode": "close"}}));
    assert_eq!(rows(&run(&at_close, &bars, &[]), &bars), both(Gate::CooldownExit, 3..5, Some(6)));
    let before_entry = merged(&config, json!({"cooldown": {"minutes_after_exit": 2, "minutes_after_entry": 6}}));
    let expected = [
        both(Gate::CooldownEntry, 2..3, Some(7)),
        both(Gate::CooldownExit, 3..5, Some(5)),
        both(Gate::CooldownEntry, 5..7, Some(7)),
    ];
    assert_eq!(rows(&run(&before_entry, &bars, &[]), &bars), expected.concat());
    let endless = merged(&config, json!({"cooldown": {"minutes_after_exit": 1e8}}));
    assert_eq!(rows(&run(&endless, &bars, &[]), &bars), both(Gate::CooldownExit, 3..10, None));
}

#[test]
fn a_part_of_a_minute_ends_at_its_nanosecond() {
    let bars = minutes("2025-01-07", &[1.1; 6]);
    let config = merged(&one_order(1.2), json!({"cooldown": {"minutes_after_entry": 1.000_000_001}}));
    let report = run(&config, &bars, &[]);
    let ends: Vec<Option<i64>> = report.events.iter().filter_map(|event| event.stop).map(|s| s.until_ns).collect();
    assert_eq!(ends, [Some(bars.ts[2] + 61)]);
}

#[test]
fn cooldowns_after_an_entry_end_by_minutes_or_by_bars() {
    let bars = minutes("2025-01-07", &[1.1; 7]);
    let config = |cooldown: Value| merged(&one_order(1.2), json!({"cooldown": cooldown}));
    let by_minutes = config(json!({"minutes_after_entry": 3, "candles": 2}));
    let by_bars = config(json!({"candles": 3, "minutes_after_entry": 2}));
    let too_many = config(json!({"candles": 100}));
    for semantics in [|c: &Value| c.clone(), v1] {
        let of = |config: &Value| rows(&run(&semantics(config), &bars, &[]), &bars);
        assert_eq!(of(&by_minutes), both(Gate::CooldownEntry, 2..4, Some(4)));
        let then = [both(Gate::CooldownEntry, 2..3, Some(3)), both(Gate::CooldownCandles, 3..4, Some(4))];
        assert_eq!(of(&by_bars), then.concat());
        assert_eq!(of(&too_many), both(Gate::CooldownCandles, 2..7, None));
    }
}

#[test]
fn the_first_gate_is_the_one_that_is_named() {
    let bars = minutes("2025-01-07", &[1.1; 7]);
    let gates = json!({
        "cooldown": {"candles": 2, "minutes_after_entry": 2}, "sessions": [{"start": "00:01", "end": "00:06"}],
        "anchored_sessions": {"anchor": "london",
                              "windows": [{"start_offset_minutes": -479, "end_offset_minutes": -475}]},
    });
    let report = run(&merged(&one_order(1.2), gates), &bars, &[]);
    let names: Vec<(usize, Gate)> = rows(&report, &bars).into_iter().map(|(bar, gate, ..)| (bar, gate)).collect();
    assert_eq!(names, [(2, Gate::CooldownEntry), (4, Gate::Anchor), (5, Gate::Session), (6, Gate::Session)]);
}

#[test]
fn news_end_with_the_last_window_that_touches() {
    let bars = minutes("2025-01-07", &wave());
    let event = |minute: i64| NewsEvent {
        ts: bars.ts[0] + minute * MINUTE_NS,
        impact: Impact::High,
        currency: "EUR".to_string(),
    };
    let news = [event(10), event(16), event(30)];
    let filter = json!({"news_filter": {"enabled": true, "minutes_before": 3, "minutes_after": 4}});
    let config = merged(&reverter(json!({"z_score_long": -90.0, "z_score_short": 90.0})), filter.clone());
    let expected = [both(Gate::News, 7..=20, Some(20)), both(Gate::News, 27..=34, Some(34))];
    assert_eq!(rows(&run(&config, &bars, &news), &bars), expected.concat());
    // A position is the later gate of the two.
    let report = run(&merged(&reverter(json!({})), filter.clone()), &bars, &news);
    let found = rows(&report, &bars);
    assert!(found.iter().any(|row| row.1 == Gate::PositionLimit && (row.0 == 6 || row.0 == 26)), "{found:?}");
    assert_eq!(found.into_iter().filter(|row| row.1 == Gate::News).collect::<Vec<Row>>(), expected.concat());
    // V1: an hour before to half an hour after.
    assert_eq!(rows(&run(&v1(&config), &bars, &news), &bars), both(Gate::News, 0..60, Some(60)));
}

#[test]
fn an_open_position_stops_the_strategy_between_its_entry_and_its_exit() {
    let bars = minutes("2025-01-07", &wave());
    // In V1 a position closed on a bar has already kept the strategy from trading on it.
    for (config, last) in [(reverter(json!({})), 0), (v1(&reverter(json!({}))), 1)] {
        let report = run(&config, &bars, &[]);
        let bar = |ts: i64| ((ts - bars.ts[0]) / MINUTE_NS) as usize;
        let held = |entry: i64, end: usize| both(Gate::PositionLimit, bar(entry) + 1..end, None);
        let mut expected: Vec<Row> =
            report.trades.iter().flat_map(|t| held(t.entry_time_ns, bar(t.exit_time_ns) + last)).collect();
        expected.extend(report.open_positions.iter().flat_map(|p| held(p.entry_time_ns, 60)));
        assert!(report.trades.len() > 1 && expected.len() > 5);
        assert_eq!(rows(&report, &bars), expected);
    }
}

#[test]
fn trend_and_chain_stop_the_direction_whose_rule_holds() {
    let bars = minutes("2025-01-07", &wave());
    let chain = json!({"enabled_scenarios": [6], "scenario6_timeframes": ["M5"]});
    for semantics in [|c: &Value| c.clone(), v1] {
        let of = |changes: Value| run(&semantics(&brief(&reverter(changes))), &bars, &[]);
        for scenario in [2, 4, 5] {
            let free = json!({"enabled_scenarios": [scenario], "intraday_vol_min_points": 2,
                "garch_min_periods": 2, "z_score_long": -0.2, "z_score_short": 0.2});
            let wanted = signals(&of(free.clone()));
            let report = of(merged(&free, json!({"htf_tf": "M5", "htf_filter": "above"})));
            stopped(&report, &bars, Gate::Trend, &wanted);
        }
        let wanted = signals(&of(json!({"enabled_scenarios": [2]})));
        stopped(&of(chain.clone()), &bars, Gate::Chain, &wanted);
        // Several rules that are stopped are one stop of their direction.
        let report = of(json!({"enabled_scenarios": [2, 4, 6], "htf_tf": "M5", "htf_filter": "above",
            "scenario6_timeframes": ["PRIMARY"], "garch_min_periods": 2}));
        stopped(&report, &bars, Gate::Trend, &wanted);
        // A target that is too near is no gate.
        let report = of(json!({"enabled_scenarios": [3], "tp_min_distance": 1.0}));
        assert_eq!((rows(&report, &bars), signals(&report)), (vec![], vec![]));
        // Neither filter alone stops it.
        let report = of(merged(&chain, json!({"htf_tf": "M5", "htf_filter": "above"})));
        assert_eq!((rows(&report, &bars), signals(&report)), (vec![], vec![]));
    }
}

/// Nothing is traded, and every signal of the run without the filter is a bar on which the filter stops its direction.
fn stopped(report: &Report, bars: &Pair, expected: Gate, wanted: &[(usize, String)]) {
    assert_eq!(signals(report), []);
    let found = rows(report, bars);
    assert!([Long, Short].iter().all(|side| wanted.iter().any(|signal| signal.1 == name(*side))), "{wanted:?}");
    let sides: Vec<(usize, String)> = found.iter().map(|row| (row.0, name(row.2.unwrap()))).collect();
    assert!(wanted.iter().all(|signal| sides.contains(signal)), "{wanted:?} {sides:?}");
    assert!(found.iter().all(|row| row.1 == expected && row.3.is_none()));
    assert!(sides.iter().enumerate().all(|(k, side)| !sides[..k].contains(side)), "{sides:?}");
}

#[test]
fn no_gate_is_named_on_a_bar_with_a_signal() {
    let bars = minutes("2025-01-07", &wave());
    // Scenario 1 knows no trend: it gives signals where the trend stops others of the same direction, and is silent
    // on other bars on which the trend stops them.
    let scenarios = |enabled: &[u8]| {
        reverter(json!({"enabled_scenarios": enabled, "window_length": 20, "z_score_long": -1.0, "z_score_short": 1.0,
            "htf_tf": "M5", "htf_filter": "above"}))
    };
    let (mixed, alone) = (scenarios(&[1, 2]), scenarios(&[2]));
    for semantics in [|c: &Value| brief(c), |c: &Value| v1(&brief(c))] {
        let report = run(&semantics(&mixed), &bars, &[]);
        let (found, given) = (rows(&report, &bars), signals(&report));
        assert!(given.iter().all(|signal| found.iter().all(|row| row.0 != signal.0)), "{given:?} {found:?}");
        assert!(found.iter().any(|row| row.1 == Gate::Trend), "{found:?}");
        let stopped = rows(&run(&semantics(&alone), &bars, &[]), &bars);
        let also = |(bar, side): &(usize, String)| stopped.iter().any(|r| r.0 == *bar && name(r.2.unwrap()) == *side);
        assert!(given.iter().any(also), "{given:?} {stopped:?}");
    }
}

#[test]
fn gates_come_before_the_signal_and_the_equity_of_their_bar() {
    let bars = minutes("2025-01-07", &wave());
    for config in [reverter(json!({})), v1(&reverter(json!({})))] {
        let report = run(&config, &bars, &[]);
        let place = |bar: usize, kind: &str| report.events.iter().position(|e| e.bar == bar && e.event == kind);
        let mut seen = 0;
        for (bar, ..) in rows(&report, &bars) {
            let gate = place(bar, "gate").unwrap();
            assert!(gate < place(bar, "equity").unwrap() && place(bar, "signal").is_none_or(|signal| gate < signal));
            seen += 1;
        }
        assert!(seen > 5);
    }
}

#[test]
fn a_run_without_a_trace_is_the_same_run() {
    let bars = minutes("2025-01-07", &wave());
    let gates = json!({"cooldown": {"candles": 2}, "sessions": [{"start": "00:10", "end": "00:50"}]});
    for config in [reverter(json!({})), v1(&reverter(json!({})))] {
        let traced = merged(&config, gates.clone());
        let quiet = merged(&traced, json!({"output": {"events": false}}));
        let (with, without) = (run(&traced, &bars, &[]), run(&quiet, &bars, &[]));
        assert!(without.events.is_empty() && !rows(&with, &bars).is_empty() && !with.trades.is_empty());
        assert_eq!((with.trades, with.counters), (without.trades, without.counters));
    }
}
