//! Arrow schemas of V1's boundary, version 2.0.0. `build.rs` holds the files in `src/schemas` against this table.

/// One column: name, type as written in the specification, whether nulls are allowed.
pub struct FieldDef {
    pub name: &'static str,
    pub kind: &'static str,
    pub nullable: bool,
}

const fn f(name: &'static str, kind: &'static str) -> FieldDef {
    FieldDef { name, kind, nullable: false }
}

const fn opt(name: &'static str, kind: &'static str) -> FieldDef {
    FieldDef { name, kind, nullable: true }
}

const TS: &str = "timestamp[us, UTC]";
const F64: &str = "float64";
const DICT: &str = "dictionary<int32, utf8>";
const UTF8: &str = "utf8";
const BOOL: &str = "bool";

pub const OHLCV: &[FieldDef] = &[
    f("timestamp", TS),
    f("open", F64),
    f("high", F64),
    f("low", F64),
    f("close", F64),
    f("volume", F64),
    f("valid", BOOL),
];

pub const TRADE_SIGNAL: &[FieldDef] = &[
    f("timestamp", TS),
    f("direction", DICT),
    f("entry", F64),
    f("sl", F64),
    f("tp", F64),
    f("size", F64),
    f("symbol", DICT),
    f("order_type", DICT),
    opt("reason", UTF8),
    opt("scenario", UTF8),
];

pub const POSITION: &[FieldDef] = &[
    f("entry_time", TS),
    opt("exit_time", TS),
    f("direction", DICT),
    f("symbol", DICT),
    f("entry_price", F64),
    opt("exit_price", F64),
    f("initial_sl", F64),
    f("current_sl", F64),
    f("tp", F64),
    f("size", F64),
    opt("result", F64),
    opt("r_multiple", F64),
    f("status", DICT),
];

pub const INDICATOR: &[FieldDef] = &[f("timestamp", TS), f("value", F64), f("valid", BOOL)];

pub const EQUITY_CURVE: &[FieldDef] = &[
    f("timestamp", TS),
    f("equity", F64),
    f("balance", F64),
    f("drawdown", F64),
    f("high_water", F64),
];

pub const RATING_SCORE: &[FieldDef] = &[
    f("metric_name", DICT),
    f("raw_value", F64),
    f("score", F64),
    f("weight", F64),
    f("weighted", F64),
];

pub const ALL: &[(&str, &[FieldDef])] = &[
    ("ohlcv", OHLCV),
    ("trade_signal", TRADE_SIGNAL),
    ("position", POSITION),
    ("indicator", INDICATOR),
    ("equity_curve", EQUITY_CURVE),
    ("rating_score", RATING_SCORE),
];
