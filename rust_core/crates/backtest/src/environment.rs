//! Where files are expected: environment variables with working defaults.

use std::collections::BTreeMap;
use std::path::PathBuf;

use omega_market::Paths;

const VARIABLES: [&str; 4] =
    ["OMEGA_DATA_PARQUET_ROOT", "OMEGA_EXECUTION_COSTS_FILE", "OMEGA_SYMBOL_SPECS_FILE", "OMEGA_NEWS_CALENDAR_FILE"];

/// Paths of a run and the variables that set them.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Roots and files.
    pub paths: Paths,
    /// Variables in force, as results record them.
    pub overrides: BTreeMap<&'static str, String>,
}

impl Environment {
    /// Reads the process's environment; the data root defaults to `data/parquet`.
    pub fn from_process() -> Self {
        let mut overrides = BTreeMap::new();
        for name in VARIABLES {
            if let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) {
                overrides.insert(name, value.to_string_lossy().into_owned());
            }
        }
        let path = |name: &str| overrides.get(name).map(PathBuf::from);
        Self {
            paths: Paths {
                data_root: path(VARIABLES[0]).unwrap_or_else(|| PathBuf::from("data/parquet")),
                costs: path(VARIABLES[1]),
                specs: path(VARIABLES[2]),
                news: path(VARIABLES[3]),
            },
            overrides,
        }
    }
}
