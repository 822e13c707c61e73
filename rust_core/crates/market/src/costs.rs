//! Cost file and symbol file.

use bytes::Bytes;
use omega_contract::inputs::{Commission, FeeSchema, SymbolSpec};
use omega_contract::{Category, RunError, codes};
use serde_yaml_ng::{Mapping, Value};

use crate::manifest::Input;
use crate::source::{Paths, read_file};
use crate::yaml;

const BUILTIN_COSTS: &[u8] = include_bytes!("../defaults/execution_costs.yaml");
const BUILTIN_SPECS: &[u8] = include_bytes!("../defaults/symbol_specs.yaml");
const COST_KEYS: &[&str] = &[
    "schema",
    "side",
    "per_lot",
    "rate_per_million",
    "pct",
    "min_fee",
    "fee_ccy",
    "fees",
    "slippage",
    "pip_buffer_factor",
];
const SPEC_KEYS: &[&str] = &[
    "symbol",
    "contract_size",
    "tick_size",
    "tick_value",
    "volume_min",
    "volume_step",
    "volume_max",
    "base_currency",
    "quote_currency",
    "profit_currency",
    "pip_size",
    "min_sl_distance_pips",
];

/// Everything the two files say about one symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct Tariff {
    /// Commission.
    pub commission: Commission,
    /// Fixed and random slippage in pips.
    pub slippage: (f64, f64),
    /// Trading data; those of no file where `unknown` is there.
    pub spec: SymbolSpec,
    /// Why nothing is known about the symbol: with what the first order fails.
    pub unknown: Option<RunError>,
    /// Keys that are not read.
    pub warnings: Vec<String>,
}

fn content(path: Option<&std::path::Path>, builtin: &'static [u8], name: &str) -> Result<(Bytes, String), RunError> {
    match path {
        None => Ok((Bytes::from_static(builtin), format!("builtin:{name}"))),
        Some(path) => {
            let shown = path.file_name().map_or_else(|| name.to_string(), |n| n.to_string_lossy().into_owned());
            Ok((read_file(path, &path.display().to_string())?.into(), shown))
        }
    }
}

/// Reads both files for one symbol and records them for the manifest.
///
/// `lenient`: V1's rules. Without the cost file nothing costs anything. A symbol that the specs lack stops the run only
/// at its first order, and specs in which one symbol lacks `tick_value` are none at all.
///
/// # Errors
/// 3000 to 3002 for a file that cannot be read, 1008 for a symbol that the specs lack, 1009 for what is in a file.
pub fn load(paths: &Paths, symbol: &str, lenient: bool, inputs: &mut Vec<Input>) -> Result<Tariff, RunError> {
    let mut warnings = vec![];
    let costs = match content(paths.costs.as_deref(), BUILTIN_COSTS, "execution_costs.yaml") {
        Err(error) if lenient && error.code == codes::FILE_NOT_FOUND => {
            warnings.push(format!("{}: fees and slippage of that file are 0", error.message));
            None
        }
        read => Some(read?),
    };
    let (specs, specs_name) = content(paths.specs.as_deref(), BUILTIN_SPECS, "symbol_specs.yaml")?;
    if let Some((bytes, name)) = &costs {
        inputs.push(Input::plain(name.clone(), "execution_costs_yaml", bytes.clone()));
    }
    inputs.push(Input::plain(specs_name.clone(), "symbol_specs_yaml", specs.clone()));
    let (commission, slippage) = match costs {
        Some((bytes, name)) => prices(&bytes, &name, symbol, &mut warnings)?,
        None => (commission(&Mapping::new(), "")?, (0.0, 0.0)),
    };
    let all = yaml::mapping(&specs, &specs_name)?;
    let dropped = lenient && paths.specs.is_some() && !all.values().all(has_tick_value);
    if dropped {
        warnings.push(format!("{specs_name}: a symbol lacks tick_value, so V1 knows none of its symbols"));
    }
    let (spec, unknown) = if !dropped && all.contains_key(symbol) {
        (spec(&all, &specs_name, symbol, &mut warnings)?, None)
    } else {
        let message = format!("file {specs_name} has no entry for symbol {symbol}");
        let error = RunError::new(Category::Config, codes::MISSING_REQUIRED_FIELD, message).with("symbol", symbol);
        if !lenient {
            return Err(error);
        }
        (spec(&Mapping::new(), &specs_name, symbol, &mut warnings)?, Some(error))
    };
    Ok(Tariff { commission, slippage, spec, unknown, warnings })
}

fn has_tick_value(symbol: &Value) -> bool {
    symbol.get("tick_value").is_some_and(|value| !value.is_null())
}

/// Commission of a symbol, and fixed and random slippage in pips.
fn prices(
    content: &[u8],
    shown: &str,
    symbol: &str,
    warnings: &mut Vec<String>,
) -> Result<(Commission, (f64, f64)), RunError> {
    let costs = yaml::mapping(content, shown)?;
    yaml::unknown_keys(&costs, &["defaults", "per_symbol"], "", shown, warnings);
    let defaults = yaml::section(&costs, "defaults", shown)?;
    let own = yaml::section(&yaml::section(&costs, "per_symbol", shown)?, symbol, shown)?;
    yaml::unknown_keys(&defaults, COST_KEYS, "defaults", shown, warnings);
    yaml::unknown_keys(&own, COST_KEYS, symbol, shown, warnings);
    let mut merged = defaults.clone();
    merged.extend(own);
    let slip = yaml::section(&defaults, "slippage", shown)?;
    let pips = |key: &str| yaml::number(&slip, key, "defaults.slippage", shown).map(|x| x.unwrap_or(0.0));
    Ok((commission(&merged, shown)?, (pips("fixed_pips")?, pips("random_pips")?)))
}

fn commission(map: &Mapping, shown: &str) -> Result<Commission, RunError> {
    let place = "commission";
    let schema = yaml::text(map, "schema", place, shown)?.unwrap_or_else(|| "per_million_notional".to_string());
    let schema = match schema.as_str() {
        "per_lot" => FeeSchema::PerLot,
        "per_million_notional" => FeeSchema::PerMillionNotional,
        "percent_of_notional" => FeeSchema::PercentOfNotional,
        other => {
            let allowed = "per_lot, per_million_notional or percent_of_notional";
            return Err(yaml::fault(shown, format_args!("schema must be {allowed}, not {other:?}")));
        }
    };
    let side = yaml::text(map, "side", place, shown)?.unwrap_or_else(|| "both".to_string());
    if !matches!(side.as_str(), "both" | "entry" | "exit") {
        return Err(yaml::fault(shown, format_args!("side must be both, entry or exit, not {side:?}")));
    }
    let amount = |key: &str| yaml::number(map, key, place, shown).map(|x| x.unwrap_or(0.0));
    Ok(Commission {
        schema,
        at_entry: side != "exit",
        at_exit: side != "entry",
        per_lot: amount("per_lot")?,
        rate_per_million: amount("rate_per_million")?,
        pct: amount("pct")?,
        min_fee: amount("min_fee")?,
        currency: yaml::text(map, "fee_ccy", place, shown)?,
    })
}

fn spec(all: &Mapping, shown: &str, symbol: &str, warnings: &mut Vec<String>) -> Result<SymbolSpec, RunError> {
    let map = yaml::section(all, symbol, shown)?;
    yaml::unknown_keys(&map, SPEC_KEYS, symbol, shown, warnings);
    let positive = |key: &str, default: f64| -> Result<f64, RunError> {
        match yaml::number(&map, key, symbol, shown)? {
            None => Ok(default),
            Some(x) if x > 0.0 => Ok(x),
            Some(x) => Err(yaml::fault(shown, format_args!("{symbol}.{key} must be above 0, not {x}"))),
        }
    };
    let fallback = if symbol.ends_with("JPY") { 0.01 } else { 0.0001 };
    let pip = positive("pip_size", fallback)?;
    let quote = yaml::text(&map, "quote_currency", symbol, shown)?;
    Ok(SymbolSpec {
        contract_size: positive("contract_size", 100_000.0)?,
        tick_size: positive("tick_size", pip / 10.0)?,
        volume_min: positive("volume_min", 0.01)?,
        volume_step: positive("volume_step", 0.01)?,
        volume_max: positive("volume_max", 100.0)?,
        quote_currency: quote.unwrap_or_else(|| symbol.get(3..6).unwrap_or("").to_string()),
        pip,
        min_sl_distance_pips: yaml::number(&map, "min_sl_distance_pips", symbol, shown)?.unwrap_or(0.1),
    })
}
