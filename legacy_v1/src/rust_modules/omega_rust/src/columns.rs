//! Columns of any of V1's schemas, read from an IPC stream that was checked before.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;

use crate::errors::{OmegaError, Result, decoding};
use crate::ipc::{check_framing, check_schema};
use crate::schema_table::FieldDef;

/// Batches of one stream, all of one schema.
pub struct Columns {
    batches: Vec<RecordBatch>,
}

fn wrong(name: &str, kind: &str) -> OmegaError {
    OmegaError::SchemaMismatch(format!("column {name} is not {kind}"))
}

impl Columns {
    /// Reads a stream whose schema must be `wanted`, with at least one row.
    pub fn read(bytes: &[u8], wanted: &[FieldDef]) -> Result<Self> {
        decoding(|| Self::decode(bytes, wanted))
    }

    fn decode(bytes: &[u8], wanted: &[FieldDef]) -> Result<Self> {
        check_framing(bytes)?;
        let malformed = |error: arrow_schema::ArrowError| OmegaError::MalformedIpc(error.to_string());
        let reader = StreamReader::try_new(bytes, None).map_err(malformed)?;
        check_schema(&reader.schema(), wanted)?;
        let batches = reader.collect::<std::result::Result<Vec<_>, _>>().map_err(malformed)?;
        let out = Self { batches };
        if out.rows() == 0 {
            return Err(OmegaError::EmptyInput);
        }
        Ok(out)
    }

    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn each<T>(&self, name: &str, kind: &str, read: impl Fn(&dyn Array) -> Option<Vec<T>>) -> Result<Vec<T>> {
        let mut out = Vec::with_capacity(self.rows());
        for batch in &self.batches {
            let column = batch.column_by_name(name).ok_or_else(|| wrong(name, "there"))?;
            out.extend(read(column.as_ref()).ok_or_else(|| wrong(name, kind))?);
        }
        Ok(out)
    }

    /// A float64 column; nulls are None.
    pub fn optional_floats(&self, name: &str) -> Result<Vec<Option<f64>>> {
        self.each(name, "float64", |a| Some(a.as_primitive_opt::<Float64Type>()?.iter().collect()))
    }

    /// A float64 column without nulls.
    pub fn floats(&self, name: &str) -> Result<Vec<f64>> {
        let values = self.optional_floats(name)?;
        values.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| wrong(name, "free of nulls"))
    }

    /// A timestamp column in microseconds; nulls are None.
    pub fn optional_times(&self, name: &str) -> Result<Vec<Option<i64>>> {
        self.each(name, "timestamp[us, UTC]", |a| {
            Some(a.as_primitive_opt::<TimestampMicrosecondType>()?.iter().collect())
        })
    }

    /// A timestamp column without nulls.
    pub fn times(&self, name: &str) -> Result<Vec<i64>> {
        let values = self.optional_times(name)?;
        values.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| wrong(name, "free of nulls"))
    }

    /// A dictionary column as text, without nulls.
    pub fn words(&self, name: &str) -> Result<Vec<String>> {
        self.each(name, "dictionary<int32, utf8>", |a| {
            let typed = a.as_dictionary_opt::<Int32Type>()?.downcast_dict::<StringArray>()?;
            typed.into_iter().map(|word| word.map(str::to_string)).collect()
        })
    }
}
