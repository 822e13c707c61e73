//! Arrow IPC in and out: the shape of what crosses in bulk.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use pyo3::prelude::*;
use sha2::{Digest, Sha256};

use crate::errors::{OmegaError, Result, decoding};
use crate::schema_defs;
use crate::schema_table::{self, FieldDef};

/// Columns of an ohlcv stream; rows with `valid = false` are NaN in every price column.
pub struct Ohlcv {
    pub timestamps: Vec<i64>,
    pub high: Vec<f64>,
    pub low: Vec<f64>,
    pub close: Vec<f64>,
    pub metadata: HashMap<String, String>,
}

impl Ohlcv {
    /// Cuts every column to a span of rows.
    pub fn keep(&mut self, span: std::ops::RangeInclusive<usize>) {
        self.timestamps = self.timestamps[span.clone()].to_vec();
        for column in [&mut self.high, &mut self.low, &mut self.close] {
            *column = column[span.clone()].to_vec();
        }
    }
}

pub fn check_schema(found: &Schema, wanted: &[FieldDef]) -> Result<()> {
    let have: Vec<_> = found.fields().iter().map(|f| schema_defs::describe(f)).collect();
    let want: Vec<_> = wanted.iter().map(|f| (f.name.to_string(), f.kind.to_string(), f.nullable)).collect();
    if have == want {
        return Ok(());
    }
    let mut faults: Vec<String> = want
        .iter()
        .filter(|field| !have.contains(field))
        .map(|(name, kind, nullable)| format!("{name} should be {kind} (nullable: {nullable})"))
        .collect();
    faults.extend(have.iter().filter(|field| !want.contains(field)).map(|(name, kind, _)| format!("{name}: {kind} is not expected")));
    if faults.is_empty() {
        faults.push("the fields stand in another order".to_string());
    }
    Err(OmegaError::SchemaMismatch(format!("wrong Arrow schema: {}", faults.join("; "))))
}

fn floats(batch: &RecordBatch, column: usize, valid: &BooleanArray, out: &mut Vec<f64>) -> Result<()> {
    let array: &Float64Array = batch
        .column(column)
        .as_primitive_opt::<Float64Type>()
        .ok_or_else(|| OmegaError::SchemaMismatch(format!("column {column} is not float64")))?;
    if array.null_count() > 0 || valid.null_count() > 0 {
        return Err(OmegaError::SchemaMismatch(format!("column {column} holds nulls; a missing bar is valid = false")));
    }
    out.extend(array.values().iter().zip(valid.values().iter()).map(|(&x, ok)| if ok { x } else { f64::NAN }));
    Ok(())
}

/// Walks the messages of a stream and refuses lengths that the bytes cannot hold, before anything is allocated.
pub fn check_framing(bytes: &[u8]) -> Result<()> {
    let fault = |text: &str| OmegaError::MalformedIpc(text.to_string());
    let number = |at: usize| -> Option<u32> { Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?)) };
    let mut at = 0;
    while at < bytes.len() {
        if number(at) != Some(u32::MAX) {
            return Err(fault("a message does not begin with the continuation mark"));
        }
        let length = number(at + 4).ok_or_else(|| fault("a message has no length"))? as usize;
        if length == 0 {
            return Ok(());
        }
        let start = at + 8;
        let header = bytes.get(start..start.saturating_add(length)).ok_or_else(|| fault("a message is cut short"))?;
        let message = arrow_ipc::root_as_message(header).map_err(|e| fault(&e.to_string()))?;
        let body = usize::try_from(message.bodyLength()).map_err(|_| fault("a body has a negative length"))?;
        if body > bytes.len() - start - length {
            return Err(fault("a body is cut short"));
        }
        if message.header_as_record_batch().is_some_and(|b| b.length() < 0 || b.length() as usize > bytes.len().saturating_mul(8)) {
            return Err(fault("a batch claims more rows than its bytes can hold"));
        }
        at = start + length + body;
    }
    Ok(())
}

/// Reads one ohlcv stream: schema held against the table, batches joined, at least one row.
pub fn read_ohlcv(bytes: &[u8]) -> Result<Ohlcv> {
    decoding(|| decode_ohlcv(bytes))
}

fn decode_ohlcv(bytes: &[u8]) -> Result<Ohlcv> {
    check_framing(bytes)?;
    let malformed = |error: arrow_schema::ArrowError| OmegaError::MalformedIpc(error.to_string());
    let reader = StreamReader::try_new(bytes, None).map_err(malformed)?;
    check_schema(&reader.schema(), schema_table::OHLCV)?;
    let metadata = reader.schema().metadata().clone().into();
    let mut out = Ohlcv { timestamps: vec![], high: vec![], low: vec![], close: vec![], metadata };
    for batch in reader {
        let batch = batch.map_err(malformed)?;
        let times = batch
            .column(0)
            .as_primitive_opt::<TimestampMicrosecondType>()
            .ok_or_else(|| OmegaError::SchemaMismatch("timestamp is not timestamp[us, UTC]".to_string()))?;
        let valid = batch
            .column(6)
            .as_boolean_opt()
            .ok_or_else(|| OmegaError::SchemaMismatch("valid is not bool".to_string()))?;
        out.timestamps.extend(times.values().iter().copied());
        floats(&batch, 2, valid, &mut out.high)?;
        floats(&batch, 3, valid, &mut out.low)?;
        floats(&batch, 4, valid, &mut out.close)?;
    }
    if out.timestamps.is_empty() {
        return Err(OmegaError::EmptyInput);
    }
    Ok(out)
}

fn indicator_schema(source: &HashMap<String, String>, name: &str, params: &serde_json::Value) -> Schema {
    let fields = vec![
        Field::new("timestamp", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        Field::new("value", DataType::Float64, false),
        Field::new("valid", DataType::Boolean, false),
    ];
    let mut metadata = HashMap::from([
        ("indicator_name".to_string(), name.to_string()),
        ("params".to_string(), params.to_string()),
    ]);
    if let Some(timeframe) = source.get("timeframe") {
        metadata.insert("timeframe".to_string(), timeframe.clone());
    }
    Schema::new_with_metadata(fields, metadata)
}

/// Writes one batch for each series; `valid` is false where the value is NaN.
pub fn write_indicator(source: &Ohlcv, name: &str, params: &serde_json::Value, series: &[Vec<f64>]) -> Result<Vec<u8>> {
    write_series(&source.timestamps, &source.metadata, name, params, series)
}

/// Writes one value for each row of a batch call.
pub fn write_values(times: Vec<i64>, name: &str, params: &serde_json::Value, values: Vec<f64>) -> Result<Vec<u8>> {
    write_series(&times, &HashMap::new(), name, params, &[values])
}

fn write_series(
    times: &[i64],
    metadata: &HashMap<String, String>,
    name: &str,
    params: &serde_json::Value,
    series: &[Vec<f64>],
) -> Result<Vec<u8>> {
    let fail = |error: arrow_schema::ArrowError| OmegaError::Serialise(error.to_string());
    let schema = Arc::new(indicator_schema(metadata, name, params));
    let mut bytes = Vec::with_capacity(series.len() * (times.len() * 17 + 512) + 1024);
    let mut writer = StreamWriter::try_new(&mut bytes, &schema).map_err(fail)?;
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(times.to_vec()).with_timezone("UTC"));
    for values in series {
        let valid: BooleanArray = values.iter().map(|x| Some(!x.is_nan())).collect();
        let columns: Vec<ArrayRef> = vec![times.clone(), Arc::new(Float64Array::from(values.clone())), Arc::new(valid)];
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(fail)?;
        writer.write(&batch).map_err(fail)?;
    }
    writer.finish().map_err(fail)?;
    drop(writer);
    Ok(bytes)
}

/// Schema name -> SHA-256 of the sorted-key JSON list of {name, type, nullable}.
#[pyfunction]
pub fn schema_fingerprints() -> BTreeMap<&'static str, String> {
    schema_table::ALL
        .iter()
        .map(|(name, fields)| {
            let list: Vec<BTreeMap<&str, serde_json::Value>> = fields
                .iter()
                .map(|f| BTreeMap::from([("name", f.name.into()), ("nullable", f.nullable.into()), ("type", f.kind.into())]))
                .collect();
            let text = serde_json::to_string(&list).unwrap_or_default();
            let digest = Sha256::digest(text.as_bytes());
            (*name, digest.iter().map(|byte| format!("{byte:02x}")).collect())
        })
        .collect()
}
