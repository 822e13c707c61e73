//! Arrow fields in the words of the schema table.

use arrow_schema::{DataType, Field, TimeUnit};

/// Arrow field as (name, type in the table's words, nullable).
pub fn describe(field: &Field) -> (String, String, bool) {
    let kind = match field.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => "timestamp[us, UTC]".to_string(),
        DataType::Float64 => "float64".to_string(),
        DataType::Boolean => "bool".to_string(),
        DataType::Utf8 => "utf8".to_string(),
        DataType::Dictionary(key, value) if **key == DataType::Int32 && **value == DataType::Utf8 => {
            "dictionary<int32, utf8>".to_string()
        }
        other => format!("unexpected {other}"),
    };
    (field.name().clone(), kind, field.is_nullable())
}
