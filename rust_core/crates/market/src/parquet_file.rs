//! One candle file: bytes -> columns, with every fault named.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use omega_contract::{Category, RunError, codes};
use parquet::basic::{LogicalType, TimeUnit, Type as PhysicalType};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::arrow_hint;

/// Rows a file may have; more is refused before anything is allocated.
const MAX_ROWS: i64 = 200_000_000;
/// Rows decoded at a time.
const PIECE: usize = 8192;
const TIME: &str = "UTC time";

/// An opened file with the name that messages show.
pub struct Source<'a> {
    reader: SerializedFileReader<Bytes>,
    content: Bytes,
    shown: &'a str,
    rows: usize,
}

fn broken(shown: &str, error: impl std::fmt::Display) -> RunError {
    let message = format!("file {shown} is not a readable Parquet file: {error}");
    RunError::new(Category::MarketData, codes::DESERIALIZATION_FAILED, message).with("file", shown)
}

/// An error 1005 about a column.
fn schema_fault(shown: &str, column: &str, message: &str) -> RunError {
    let text = format!("file {shown}, column {column:?}: {message}");
    RunError::new(Category::MarketData, codes::SCHEMA_VIOLATION, text).with("file", shown).with("column", column)
}

/// Decoders panic on some broken files; here that is an error like any other.
pub fn shielded<T>(shown: &str, work: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(broken(shown, "its pages contradict its header")))
}

/// Runs `work` on an opened file, with the same shield as candles have.
pub fn with_source<T>(
    content: Bytes,
    shown: &str,
    work: impl FnOnce(&Source) -> Result<T, RunError>,
) -> Result<T, RunError> {
    shielded(shown, || work(&Source::open(content, shown)?))
}

impl<'a> Source<'a> {
    /// Reads the footer of a file; its columns are read when they are asked for.
    pub fn open(content: Bytes, shown: &'a str) -> Result<Self, RunError> {
        let size = content.len();
        let reader = SerializedFileReader::new(content.clone()).map_err(|e| broken(shown, e))?;
        let rows = reader.metadata().file_metadata().num_rows();
        // A header may claim anything; no column of ours needs less than a bit per row.
        if !(0..=MAX_ROWS).contains(&rows) || rows as u64 > (size as u64).saturating_mul(4096) {
            return Err(broken(shown, format!("its header claims {rows} rows")));
        }
        Ok(Self { reader, content, shown, rows: rows as usize })
    }

    /// The file's name in messages.
    pub fn shown(&self) -> &str {
        self.shown
    }

    /// Whether both files hold their times in the same bytes under the same description, so that decoding one is
    /// decoding both. False for a time column that `times` would refuse.
    pub fn stores_times_like(&self, other: &Self) -> bool {
        let stored = |source: &Self| {
            let (index, column) = source.time_column()?;
            let metadata = source.reader.metadata();
            let chunks = (0..metadata.num_row_groups()).map(|group| {
                let group = metadata.row_group(group);
                let chunk = group.column(index);
                let (start, length) = chunk.byte_range();
                let bytes = source.content.get(start as usize..start.saturating_add(length) as usize);
                let bytes = bytes.ok_or_else(|| broken(source.shown, "a column lies outside of it"))?;
                let dictionary = chunk.dictionary_page_offset().map(|at| chunk.data_page_offset() - at);
                Ok((
                    group.num_rows(),
                    chunk.num_values(),
                    chunk.compression(),
                    dictionary,
                    source.content.slice_ref(bytes),
                ))
            });
            let chunks = chunks.collect::<Result<Vec<_>, RunError>>()?;
            Ok((column.physical_type(), column.max_def_level(), source.rows, chunks))
        };
        let same = || Ok(stored(self)? == stored(other)?);
        shielded(self.shown, same).unwrap_or(false)
    }

    fn find(&self, name: &str) -> Result<(usize, &ColumnDescriptor), RunError> {
        let schema = self.reader.metadata().file_metadata().schema_descr();
        let index = (0..schema.num_columns()).find(|&i| schema.column(i).path().parts() == [name]);
        match index {
            Some(i) => {
                let column = &self.reader.metadata().file_metadata().schema_descr().columns()[i];
                if column.max_rep_level() > 0 {
                    return Err(schema_fault(self.shown, name, "is a list, one value per row is needed"));
                }
                Ok((i, column))
            }
            None => {
                let have: Vec<&str> = schema.columns().iter().map(|c| c.name()).collect();
                Err(schema_fault(self.shown, name, &format!("is missing; the file has {have:?}")))
            }
        }
    }

    /// The column of bar times, which must be timestamp\[ns, UTC\].
    fn time_column(&self) -> Result<(usize, &ColumnDescriptor), RunError> {
        let (index, column) = self.find(TIME)?;
        let fault = |message: &str| Err(schema_fault(self.shown, TIME, message));
        match column.logical_type_ref() {
            Some(LogicalType::Timestamp(kind)) => {
                if !kind.is_adjusted_to_u_t_c {
                    return fault("has no time zone, UTC is needed");
                }
                if !matches!(kind.unit, TimeUnit::NANOS) {
                    return fault("has the wrong unit, nanoseconds are needed");
                }
            }
            _ => return fault("is not a timestamp[ns, UTC]"),
        }
        let hints = self.reader.metadata().file_metadata().key_value_metadata();
        let hint = hints.and_then(|pairs| pairs.iter().find(|kv| kv.key == "ARROW:schema")?.value.as_deref());
        if let Some(zone) = hint.and_then(|text| arrow_hint::zone_of(text, TIME))
            && !matches!(zone.as_str(), "UTC" | "Etc/UTC" | "+00:00" | "Z")
        {
            return fault(&format!("has time zone {zone}, UTC is needed"));
        }
        Ok((index, column))
    }

    /// Bar times in ns, without nulls.
    pub fn times(&self) -> Result<Vec<i64>, RunError> {
        Ok(self.times_with_order()?.0)
    }

    /// Bar times in ns, without nulls, and whether they rise strictly.
    pub fn times_with_order(&self) -> Result<(Vec<i64>, bool), RunError> {
        let (index, column) = self.time_column()?;
        let typed = |reader| match reader {
            ColumnReader::Int64ColumnReader(r) => Some(r),
            _ => None,
        };
        let (mut times, mut rising) = (Vec::with_capacity(self.rows), true);
        self.read_pieces(index, column, TIME, typed, &mut times, |times, first| {
            // The step from the piece before counts, too.
            let new = &times[first.saturating_sub(1)..];
            rising &= new.iter().zip(&new[1..]).fold(true, |good, (a, b)| good & (a < b));
        })?;
        Ok((times, rising))
    }

    /// A float64 column without nulls.
    pub fn prices(&self, name: &str) -> Result<Vec<f64>, RunError> {
        let (index, column) = self.find(name)?;
        if column.physical_type() != PhysicalType::DOUBLE {
            let message = format!("is {}, float64 is needed", column.physical_type());
            return Err(schema_fault(self.shown, name, &message));
        }
        self.read(index, column, name, |reader| match reader {
            ColumnReader::DoubleColumnReader(r) => Some(r),
            _ => None,
        })
    }

    /// A column of plain numbers of any width, without nulls.
    pub fn volumes(&self, name: &str) -> Result<Vec<f64>, RunError> {
        let (index, column) = self.find(name)?;
        if matches!(column.logical_type_ref(), Some(LogicalType::Decimal(_) | LogicalType::Timestamp(_))) {
            return Err(schema_fault(self.shown, name, "is not a plain number"));
        }
        match column.physical_type() {
            PhysicalType::DOUBLE => self.prices(name),
            PhysicalType::FLOAT => {
                let raw = self.read(index, column, name, |reader| match reader {
                    ColumnReader::FloatColumnReader(r) => Some(r),
                    _ => None,
                })?;
                Ok(raw.into_iter().map(f64::from).collect())
            }
            PhysicalType::INT64 => {
                let raw = self.read(index, column, name, |reader| match reader {
                    ColumnReader::Int64ColumnReader(r) => Some(r),
                    _ => None,
                })?;
                Ok(raw.into_iter().map(|x| x as f64).collect())
            }
            PhysicalType::INT32 => {
                let raw = self.read(index, column, name, |reader| match reader {
                    ColumnReader::Int32ColumnReader(r) => Some(r),
                    _ => None,
                })?;
                Ok(raw.into_iter().map(f64::from).collect())
            }
            other => Err(schema_fault(self.shown, name, &format!("is {other}, a number is needed"))),
        }
    }

    /// Whether a column of plain numbers without nulls is finite and not negative.
    pub fn is_plain_volume(&self, name: &str) -> Result<bool, RunError> {
        let fine = |values: &[f64]| values.iter().fold(true, |good, v| good & (*v >= 0.0) & (*v < f64::INFINITY));
        let (index, column) = self.find(name)?;
        if column.physical_type() != PhysicalType::DOUBLE {
            return Ok(fine(&self.volumes(name)?));
        }
        let typed = |reader| match reader {
            ColumnReader::DoubleColumnReader(r) => Some(r),
            _ => None,
        };
        // Nothing needs the values afterwards, so one piece of memory is enough for all of them.
        let mut all_fine = true;
        self.read_pieces(index, column, name, typed, &mut Vec::with_capacity(PIECE), |values, _| {
            all_fine &= fine(values);
            values.clear();
        })?;
        Ok(all_fine)
    }

    /// A text column without nulls.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, RunError> {
        let (index, column) = self.find(name)?;
        if column.physical_type() != PhysicalType::BYTE_ARRAY {
            return Err(schema_fault(self.shown, name, "is not a string"));
        }
        let raw: Vec<ByteArray> = self.read(index, column, name, |reader| match reader {
            ColumnReader::ByteArrayColumnReader(r) => Some(r),
            _ => None,
        })?;
        raw.iter()
            .map(|bytes| {
                bytes.as_utf8().map(str::to_string).map_err(|_| schema_fault(self.shown, name, "is not UTF-8"))
            })
            .collect()
    }

    fn read<T: DataType>(
        &self,
        index: usize,
        column: &ColumnDescriptor,
        name: &str,
        typed: impl Fn(ColumnReader) -> Option<parquet::column::reader::ColumnReaderImpl<T>>,
    ) -> Result<Vec<T::T>, RunError> {
        let mut values = Vec::with_capacity(self.rows);
        self.read_pieces(index, column, name, typed, &mut values, |_, _| ())?;
        Ok(values)
    }

    /// Appends a column to `values` piece by piece. `check` gets the values after each piece, while it is still in the
    /// cache, and the place of the piece's first value.
    fn read_pieces<T: DataType>(
        &self,
        index: usize,
        column: &ColumnDescriptor,
        name: &str,
        typed: impl Fn(ColumnReader) -> Option<parquet::column::reader::ColumnReaderImpl<T>>,
        values: &mut Vec<T::T>,
        mut check: impl FnMut(&mut Vec<T::T>, usize),
    ) -> Result<(), RunError> {
        let fail = |e: ParquetError| broken(self.shown, e);
        let mut levels: Vec<i16> = vec![];
        let (full, optional) = (column.max_def_level(), column.max_def_level() > 0);
        let mut first_row = 0;
        for group in 0..self.reader.num_row_groups() {
            let row_group = self.reader.get_row_group(group).map_err(fail)?;
            let rows = row_group.metadata().num_rows().max(0) as usize;
            let Some(mut reader) = typed(row_group.get_column_reader(index).map_err(fail)?) else {
                return Err(schema_fault(self.shown, name, "has an unexpected physical type"));
            };
            let mut read = 0;
            while read < rows {
                let before = values.len();
                levels.clear();
                let into = optional.then_some(&mut levels);
                // In pieces that stay in the cache: the reader clears what it decodes into beforehand.
                let (records, _, _) =
                    reader.read_records((rows - read).min(PIECE), into, None, values).map_err(fail)?;
                let decoded = values.len() - before;
                if records == 0 || (decoded != records && levels.iter().all(|l| *l == full)) {
                    return Err(broken(self.shown, format!("row group {group} ends after {read} of {rows} rows")));
                }
                if !levels.iter().fold(true, |good, level| good & (*level == full)) {
                    let row = first_row + read + levels.iter().position(|level| *level != full).unwrap_or(0);
                    return Err(schema_fault(self.shown, name, &format!("is null at row {row}")).with("row", row));
                }
                check(values, before);
                read += decoded;
            }
            first_row += rows;
        }
        Ok(())
    }
}
