//! Walks a JSON object and collects every fault instead of stopping at the first one.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::bound::Bound;
use crate::codes;
use crate::error::{Allowed, ConfigIssue};

const LONGEST_ECHO: usize = 120;

/// Faults and ignored keys, shared by all readers of one document.
#[derive(Default)]
pub struct Findings {
    issues: RefCell<Vec<ConfigIssue>>,
    unknown: RefCell<Vec<ConfigIssue>>,
}

impl Findings {
    /// Adds a fault; `value` is cut to a readable length.
    pub fn add(&self, code: u16, path: &str, message: impl Into<String>, value: &Value, allowed: impl Into<Allowed>) {
        self.issues.borrow_mut().push(ConfigIssue {
            code,
            path: path.to_string(),
            message: message.into(),
            value: shorten(value),
            allowed: Some(allowed.into()),
            nearest: None,
        });
    }

    /// Adds a key that nobody reads, with the nearest of those that are known: a fault, unless such keys are accepted.
    pub fn unread(&self, path: &str, message: &str, value: &Value, known: &[&str]) {
        let key = path.rsplit('.').next().unwrap_or(path);
        self.unknown.borrow_mut().push(ConfigIssue {
            code: codes::INVALID_ARGUMENT,
            path: path.to_string(),
            message: message.to_string(),
            value: shorten(value),
            allowed: (!known.is_empty()).then(|| known.join(", ").into()),
            nearest: nearest(key, known),
        });
    }

    /// (faults, unknown keys).
    pub fn into_parts(self) -> (Vec<ConfigIssue>, Vec<ConfigIssue>) {
        (self.issues.into_inner(), self.unknown.into_inner())
    }
}

fn shorten(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= LONGEST_ECHO {
        return value.clone();
    }
    let cut: String = text.chars().take(LONGEST_ECHO).collect();
    Value::String(format!("{cut}..."))
}

/// One JSON object with its path; reads keys and records which ones are known.
pub struct Object<'a> {
    map: &'a Map<String, Value>,
    path: String,
    known: RefCell<BTreeSet<&'static str>>,
    accepted: RefCell<BTreeSet<String>>,
    findings: &'a Findings,
}

impl<'a> Object<'a> {
    pub fn new(map: &'a Map<String, Value>, path: &str, findings: &'a Findings) -> Self {
        Self { map, path: path.to_string(), known: RefCell::default(), accepted: RefCell::default(), findings }
    }

    pub fn findings(&self) -> &'a Findings {
        self.findings
    }

    pub fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }

    /// Value of a key; null counts as absent.
    pub fn get(&self, key: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().insert(key);
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Whether a key is there with the value null.
    pub fn is_null(&self, key: &'static str) -> bool {
        self.known.borrow_mut().insert(key);
        self.map.get(key).is_some_and(Value::is_null)
    }

    /// Counts a key as known whose name is only known at run time.
    pub fn accept(&self, key: &str) {
        self.accepted.borrow_mut().insert(key.to_string());
    }

    /// All entries, for objects whose keys are data.
    pub fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.map.iter()
    }

    fn fault(&self, code: u16, key: &str, message: &str, value: &Value, allowed: impl Into<Allowed>) {
        self.findings.add(code, &self.at(key), message, value, allowed);
    }

    fn wrong_type(&self, key: &str, value: &Value, wanted: &str) {
        self.fault(codes::TYPE_MISMATCH, key, "wrong type", value, wanted);
    }

    /// Reports a key that must be there and is not.
    pub fn missing(&self, key: &str, allowed: impl Into<Allowed>) {
        self.fault(codes::MISSING_REQUIRED_FIELD, key, "is required", &Value::Null, allowed);
    }

    pub fn bool(&self, key: &'static str, default: bool) -> bool {
        match self.get(key) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                self.wrong_type(key, other, "true or false");
                default
            }
        }
    }

    pub fn text(&self, key: &'static str) -> Option<&'a str> {
        match self.get(key)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong_type(key, other, "a string");
                None
            }
        }
    }

    /// A string that `parse` understands; any fault leaves the default.
    pub fn parsed<T>(&self, key: &'static str, allowed: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(key)?;
        let value = parse(text);
        if value.is_none() {
            self.fault(codes::INVALID_FORMAT, key, "is not understood", &Value::from(text), allowed);
        }
        value
    }

    /// As `parsed`, but absence is a fault.
    pub fn required<T>(&self, key: &'static str, allowed: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.get(key).is_none() {
            self.missing(key, allowed);
            return None;
        }
        self.parsed(key, allowed, parse)
    }

    /// A number inside `bound`; absence and faults give the default. Null is a fault: whoever writes it may not mean
    /// the default.
    pub fn number(&self, key: &'static str, default: f64, bound: Bound) -> f64 {
        if self.is_null(key) {
            self.fault(codes::TYPE_MISMATCH, key, "must not be null", &Value::Null, bound);
        }
        self.number_or_none(key, bound).unwrap_or(default)
    }

    /// As `number`, without a default; null is none.
    pub fn number_or_none(&self, key: &'static str, bound: Bound) -> Option<f64> {
        self.bounded(key, bound, Allowed::Within)
    }

    /// As `number`, but null is a value of its own.
    pub fn number_or_null(&self, key: &'static str, default: f64, bound: Bound) -> Option<f64> {
        if self.is_null(key) {
            return None;
        }
        Some(self.bounded(key, bound, Allowed::WithinOrNull).unwrap_or(default))
    }

    fn bounded(&self, key: &'static str, bound: Bound, allowed: fn(Bound) -> Allowed) -> Option<f64> {
        let value = self.get(key)?;
        let Some(x) = value.as_f64() else {
            self.wrong_type(key, value, "a number");
            return None;
        };
        if !bound.holds(x) {
            self.fault(codes::CONSTRAINT_VIOLATION, key, "is out of range", value, allowed(bound));
            return None;
        }
        Some(x)
    }

    /// A whole number within `low..=high`; absence and faults give the default, null is a fault.
    pub fn whole(&self, key: &'static str, default: i64, low: i64, high: i64) -> i64 {
        if self.is_null(key) {
            self.fault(codes::TYPE_MISMATCH, key, "must not be null", &Value::Null, Bound::whole(low, high));
        }
        self.whole_or_none(key, low, high).unwrap_or(default)
    }

    /// As `whole`, without a default; null is none.
    pub fn whole_or_none(&self, key: &'static str, low: i64, high: i64) -> Option<i64> {
        let value = self.get(key)?;
        let bound = Bound::whole(low, high);
        let whole = value.as_i64().or_else(|| {
            let x = value.as_f64()?;
            (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64)
        });
        match whole {
            None => {
                let code = if value.is_number() { codes::CONSTRAINT_VIOLATION } else { codes::TYPE_MISMATCH };
                self.fault(code, key, "is not a whole number", value, bound);
                None
            }
            Some(n) if !bound.holds_whole(n) => {
                self.fault(codes::CONSTRAINT_VIOLATION, key, "is out of range", value, bound);
                None
            }
            some => some,
        }
    }

    /// An unsigned 64-bit number.
    pub fn unsigned(&self, key: &'static str) -> Option<u64> {
        let value = self.get(key)?;
        let number = value.as_u64();
        if number.is_none() {
            let code = if value.is_number() { codes::CONSTRAINT_VIOLATION } else { codes::TYPE_MISMATCH };
            self.fault(code, key, "is not an unsigned 64-bit number", value, "0 to 18446744073709551615");
        }
        number
    }

    /// One of the named choices.
    pub fn choice<T: Copy>(&self, key: &'static str, default: T, choices: &[(&str, T)]) -> T {
        let Some(value) = self.get(key) else {
            return default;
        };
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let allowed = names.join(", ");
        let Some(text) = value.as_str() else {
            self.wrong_type(key, value, &allowed);
            return default;
        };
        match choices.iter().find(|(name, _)| *name == text) {
            Some((_, choice)) => *choice,
            None => {
                let nearest = nearest(text, &names);
                self.findings.issues.borrow_mut().push(ConfigIssue {
                    code: codes::INVALID_ARGUMENT,
                    path: self.at(key),
                    message: "is not one of the choices".to_string(),
                    value: shorten(value),
                    allowed: Some(allowed.into()),
                    nearest,
                });
                default
            }
        }
    }

    /// A nested object.
    pub fn object(&self, key: &'static str) -> Option<Object<'a>> {
        match self.get(key)? {
            Value::Object(map) => Some(Object::new(map, &self.at(key), self.findings)),
            other => {
                self.wrong_type(key, other, "an object");
                None
            }
        }
    }

    /// A list; its items come with their paths.
    pub fn list(&self, key: &'static str) -> Option<Vec<(String, &'a Value)>> {
        match self.get(key)? {
            Value::Array(items) => {
                let base = self.at(key);
                Some(items.iter().enumerate().map(|(i, item)| (format!("{base}[{i}]"), item)).collect())
            }
            other => {
                self.wrong_type(key, other, "a list");
                None
            }
        }
    }

    /// A list of objects; items of another type are faults.
    pub fn objects(&self, key: &'static str) -> Option<Vec<Object<'a>>> {
        let mut out = vec![];
        for (path, item) in self.list(key)? {
            match item {
                Value::Object(map) => out.push(Object::new(map, &path, self.findings)),
                other => self.findings.add(codes::TYPE_MISMATCH, &path, "wrong type", other, "an object"),
            }
        }
        Some(out)
    }

    /// Reports unknown keys, each with the nearest known one.
    pub fn finish(&self) {
        let known: Vec<&str> = self.known.borrow().iter().copied().collect();
        for (key, value) in self.map {
            if known.contains(&key.as_str()) || self.accepted.borrow().contains(key) {
                continue;
            }
            self.findings.unread(&self.at(key), "unknown key", value, &known);
        }
    }
}

fn nearest(word: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_string())
}
