//! Where the input files are: roots and overrides, handed in by the caller.

use std::path::{Path, PathBuf};

use omega_contract::time::Timeframe;
use omega_contract::{Category, RunError, codes};

/// Roots and files of one run.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Root of the market data.
    pub data_root: PathBuf,
    /// Cost file; the built-in one when absent.
    pub costs: Option<PathBuf>,
    /// Symbol file; the built-in one when absent.
    pub specs: Option<PathBuf>,
    /// News calendar (Parquet).
    pub news: Option<PathBuf>,
}

/// Side of the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Bid,
    Ask,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bid => "BID",
            Self::Ask => "ASK",
        }
    }
}

impl Paths {
    /// Path of a candle file relative to the data root. The symbol is letters and digits only.
    pub fn candle_file(symbol: &str, timeframe: Timeframe, side: Side) -> String {
        format!("{symbol}/{symbol}_{}_{}.parquet", timeframe.name(), side.name())
    }
}

/// Whole content of a file; errors 3001, 3002 or 3000 that name it.
pub fn read_file(path: &Path, shown: &str) -> Result<Vec<u8>, RunError> {
    std::fs::read(path).map_err(|error| {
        let (code, message) = match error.kind() {
            std::io::ErrorKind::NotFound => (codes::FILE_NOT_FOUND, format!("file {shown} does not exist")),
            std::io::ErrorKind::PermissionDenied => (codes::PERMISSION_DENIED, format!("file {shown} may not be read")),
            _ => (codes::IO_ERROR, format!("file {shown} cannot be read: {error}")),
        };
        RunError::new(Category::MarketData, code, message).with("file", shown)
    })
}
