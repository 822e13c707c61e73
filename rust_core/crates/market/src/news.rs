//! News calendar in Parquet.

use bytes::Bytes;
use omega_contract::config::Impact;
use omega_contract::inputs::NewsEvent;
use omega_contract::{Category, RunError, codes};

use crate::manifest::{Entry, Input};
use crate::parquet_file;
use crate::source::{Paths, read_file};

/// Reads the calendar; events come in non-decreasing time, of one `Id` the first is kept.
///
/// # Errors
/// 1008 when no calendar is configured; 1005, 3001, 3004 for the file.
pub fn load(paths: &Paths, inputs: &mut Vec<Input>) -> Result<Vec<NewsEvent>, RunError> {
    let Some(path) = &paths.news else {
        let message = "news_filter is enabled, but OMEGA_NEWS_CALENDAR_FILE names no calendar";
        return Err(RunError::new(Category::Config, codes::MISSING_REQUIRED_FIELD, message));
    };
    let shown = path.display().to_string();
    let name = path.file_name().map_or_else(|| shown.clone(), |n| n.to_string_lossy().into_owned());
    let content = Bytes::from(read_file(path, &shown)?);
    let (times, ids, impacts, currencies) = parquet_file::with_source(content.clone(), &name, |source| {
        source.texts("Name")?;
        Ok((source.times()?, source.texts("Id")?, source.texts("Impact")?, source.texts("Currency")?))
    })?;
    let fault = |row: usize, column: &str, message: &str| {
        let text = format!("file {name}: {message} at row {row}, column {column}");
        RunError::new(Category::MarketData, codes::SCHEMA_VIOLATION, text)
            .with("file", name.as_str())
            .with("column", column)
            .with("row", row)
    };
    let mut seen = std::collections::BTreeSet::new();
    let mut out = vec![];
    for (row, ts) in times.iter().copied().enumerate() {
        if row > 0 && ts < times[row - 1] {
            return Err(fault(row, "UTC time", "timestamps are out of order"));
        }
        let impact = match impacts[row].as_str() {
            "LOW" => Impact::Low,
            "MEDIUM" => Impact::Medium,
            "HIGH" => Impact::High,
            _ => return Err(fault(row, "Impact", "impact is not LOW, MEDIUM or HIGH")),
        };
        let currency = &currencies[row];
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(fault(row, "Currency", "currency is not three upper-case letters"));
        }
        if seen.insert(ids[row].as_str()) {
            out.push(NewsEvent { ts, impact, currency: currency.clone() });
        }
    }
    let entry = Entry {
        path: name.clone(),
        kind: "news_parquet",
        sha256: String::new(),
        rows: Some(times.len()),
        first_ns: times.first().copied(),
        last_ns: times.last().copied(),
    };
    inputs.push(Input { entry, content });
    Ok(out)
}
