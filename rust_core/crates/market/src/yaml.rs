//! YAML files that hold a mapping.

use omega_contract::{Category, RunError, codes};
use serde_yaml_ng::{Mapping, Value};

const MAX_YAML_BYTES: usize = 4 << 20;

/// A fault of a YAML file.
pub fn fault(shown: &str, message: impl std::fmt::Display) -> RunError {
    let text = format!("file {shown}: {message}");
    RunError::new(Category::Config, codes::INVALID_FORMAT, text).with("file", shown)
}

/// Parses a file whose top level is a mapping, merge keys (`<<: *other`) included; an empty file is an empty one.
pub fn mapping(content: &[u8], shown: &str) -> Result<Mapping, RunError> {
    if content.len() > MAX_YAML_BYTES {
        return Err(fault(shown, format_args!("is larger than {MAX_YAML_BYTES} bytes")));
    }
    let parsed = serde_yaml_ng::from_slice(content).and_then(|mut value: Value| {
        // The parser bounds how often aliases are repeated, so this cannot grow without limit.
        value.apply_merge()?;
        Ok(value)
    });
    match parsed {
        Ok(Value::Mapping(map)) => Ok(map),
        Ok(Value::Null) => Ok(Mapping::new()),
        Ok(_) => Err(fault(shown, "must hold a mapping")),
        Err(error) => Err(fault(shown, format_args!("is not valid YAML: {error}"))),
    }
}

/// A nested mapping; absent and null are empty.
pub fn section(map: &Mapping, key: &str, shown: &str) -> Result<Mapping, RunError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(Mapping::new()),
        Some(Value::Mapping(inner)) => Ok(inner.clone()),
        Some(_) => Err(fault(shown, format_args!("{key} must be a mapping"))),
    }
}

/// A finite number; absent and null are `None`.
pub fn number(map: &Mapping, key: &str, place: &str, shown: &str) -> Result<Option<f64>, RunError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64().filter(|x| x.is_finite()) {
            Some(x) => Ok(Some(x)),
            None => Err(fault(shown, format_args!("{place}.{key} must be a finite number"))),
        },
    }
}

/// A string; absent and null are `None`.
pub fn text(map: &Mapping, key: &str, place: &str, shown: &str) -> Result<Option<String>, RunError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(fault(shown, format_args!("{place}.{key} must be a string"))),
    }
}

/// Keys that are not read, as warnings.
pub fn unknown_keys(map: &Mapping, known: &[&str], place: &str, shown: &str, warnings: &mut Vec<String>) {
    for key in map.keys() {
        let name = key.as_str().unwrap_or("?");
        if !known.contains(&name) {
            warnings.push(format!("{shown}: unknown key {place}.{name}"));
        }
    }
}
