//! What a result says about the run itself: its `meta` part, and what that part is made of.
//!
//! Plain data. Leaves out how it is measured and written: `lib` measures, `report` writes.

use std::collections::BTreeMap;

use omega_contract::semantics::Semantics;
use omega_engine::Counters;
use omega_market::manifest::Entry;
use serde::Serialize;
use serde_json::Value;

/// Version of the engine, as results show it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long the parts of a run took, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timings {
    /// Reading, checking and aligning the files.
    pub load: u64,
    /// Indicator columns.
    pub indicators: u64,
    /// The bar loop.
    #[serde(rename = "loop")]
    pub bars: u64,
    /// Metrics and the order of the trades.
    pub metrics: u64,
    /// Writing the result text.
    pub serialise: u64,
}

/// Everything the result says besides the engine's report.
pub(crate) struct Provenance {
    pub entries: Vec<Entry>,
    pub manifest_hash: String,
    pub warnings: Vec<String>,
    pub dataset: DatasetMeta,
    pub entropy: Option<[u8; 16]>,
    pub seed: u64,
}

/// What the result says about its bars.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct DatasetMeta {
    pub symbol: String,
    pub timeframe: &'static str,
    pub rows: usize,
    pub first_ns: Option<i64>,
    pub last_ns: Option<i64>,
    pub governance: omega_market::Governance,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Meta<'a> {
    pub run_id: String,
    /// The seed in force, also when the operating system gave it.
    pub rng_seed: u64,
    pub engine: Engine,
    pub config: ConfigMeta<'a>,
    pub semantics: Semantics,
    pub dataset: DatasetWithHash<'a>,
    pub inputs: &'a [Entry],
    pub environment: &'a BTreeMap<&'static str, String>,
    pub ignored_keys: &'a [String],
    pub warnings: &'a [String],
    pub counters: Counters,
    pub timings_ns: Timings,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Engine {
    pub name: &'static str,
    pub version: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ConfigMeta<'a> {
    pub hash: &'a str,
    pub normalised: &'a Value,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct DatasetWithHash<'a> {
    #[serde(flatten)]
    pub meta: &'a DatasetMeta,
    pub manifest_sha256: &'a str,
}
