//! JSON Schemas of what crosses the boundary, generated from the Rust types.
//!
//! What a type cannot say is asked of the parser itself: which keys it insists on, between which bounds it takes a
//! number, and what it fills in where a key is missing. So the schema cannot drift from what is accepted. It is a
//! little stricter than the parser on purpose: it knows null only where absence has a meaning of its own, and one
//! spelling of each name.

use omega_contract::bound::Limits;
use omega_contract::error::{Allowed, Category, ConfigIssue};
use omega_contract::{Bound, Config, codes};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::document::Document;

const STRATEGIES: [(&str, &str); 2] =
    [("mean_reversion_z_score", "MeanReversion"), ("scripted_orders", "ScriptedOrders")];
const TIMEFRAME: &str = "M1|M5|M15|M30|H1|H4|D1|W1";

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

fn schema_of<T: JsonSchema>() -> Value {
    generator().into_root_schema_for::<T>().to_value()
}

/// Schema of the configuration that `run_backtest` takes.
pub fn config() -> Value {
    let mut root = schema_of::<Config>();
    let mut generator = generator();
    generator.subschema_for::<omega_contract::strategy::MeanReversion>();
    generator.subschema_for::<omega_contract::strategy::ScriptedOrders>();
    let strategies = generator.take_definitions(true);
    if let Some(Value::Object(defs)) = root.get_mut("$defs") {
        defs.extend(strategies);
        for unused in ["Link", "LinkSides"] {
            defs.remove(unused);
        }
        for def in defs.values_mut() {
            open_up(def);
        }
    }
    open_up(&mut root);
    add_input_keys(&mut root);
    for (pointer, patch) in patches() {
        merge(&mut root, pointer, patch);
    }
    for place in places() {
        place.describe(&mut root);
    }
    root["title"] = "Configuration of an Omega backtest (V2)".into();
    root
}

/// Every key may be left out, and no other key may be there.
fn open_up(object: &mut Value) {
    if let Value::Object(map) = object
        && map.contains_key("properties")
    {
        map.remove("required");
        map.insert("additionalProperties".to_string(), false.into());
    }
}

fn add_input_keys(root: &mut Value) {
    let names: Vec<&str> = STRATEGIES.iter().map(|(name, _)| *name).collect();
    root["properties"]["strategy_name"] = json!({"description": "Strategy.", "enum": names});
    root["properties"]["strategy_parameters"] = json!({"description": "Its parameters.", "type": "object"});
    root["properties"]["execution_variant"] = json!({
        "description": "Setting of every switch that semantics does not name; v1_parity only with run_mode dev.",
        "enum": ["v2", "v1_parity"], "default": "v2"});
    root["properties"]["allow_unknown"] = json!({
        "description": "Accept unknown keys and list them in meta.ignored_keys.", "type": "boolean", "default": false});
    let cases = STRATEGIES.iter().map(|(name, def)| {
        json!({
            "if": {"properties": {"strategy_name": {"const": name}}},
            "then": {"properties": {"strategy_parameters": {"$ref": format!("#/$defs/{def}")}}},
        })
    });
    root["allOf"] = cases.collect::<Vec<_>>().into();
}

/// What the types leave out because they hold it as text.
fn patches() -> Vec<(&'static str, Value)> {
    let filter = json!({"pattern": format!("^({TIMEFRAME}|NONE|AUTO)$")});
    let link = format!(
        "^scenario6_({TIMEFRAME}|PRIMARY)_(long|short)_(window_length|z_score|z_score_long|z_score_short|kalman_r|\
         kalman_q|b_b_length|std_factor)$"
    );
    vec![
        ("/properties/schema_version", json!({"const": "2"})),
        ("/properties/data_mode", json!({"const": "candle"})),
        ("/properties/symbol", json!({"pattern": "^[A-Za-z0-9]{3,20}$"})),
        ("/properties/rates", json!({"propertyNames": {"pattern": "^[A-Z]{6}$"}})),
        ("/properties/rates/additionalProperties", limits(Bound::POSITIVE)),
        ("/properties/rng_seed", json!({"minimum": 0, "maximum": u64::MAX})),
        ("/$defs/Anchors/anyOf/1", json!({"minItems": 1})),
        ("/$defs/Timeframes/properties/additional_source", json!({"const": "separate_parquet"})),
        (
            "/$defs/Alignment/properties/higher_tf_timestamps_mode",
            json!({"propertyNames": {"pattern": format!("^({TIMEFRAME})$")}}),
        ),
        ("/$defs/Account/properties/account_currency", json!({"pattern": "^[A-Z]{3}$"})),
        ("/$defs/NewsFilter/properties/currencies/items", json!({"pattern": "^[A-Z]{3}$"})),
        ("/$defs/MeanReversion/properties/enabled_scenarios/items", limits(Bound::SCENARIO)),
        ("/$defs/MeanReversion/properties/htf_tf", filter.clone()),
        ("/$defs/MeanReversion/properties/extra_htf_tf", filter),
        (
            "/$defs/MeanReversion/properties/intraday_vol_allowed/items",
            json!({"pattern": "^(low|mid|high|very_high|extreme|cluster_.*)$"}),
        ),
        (
            "/$defs/MeanReversion/properties/scenario6_timeframes/items",
            json!({"pattern": format!("^({TIMEFRAME}|PRIMARY)$")}),
        ),
        ("/$defs/MeanReversion/properties/scenario6_params", json!({"additionalProperties": {"type": "object"}})),
        ("/$defs/MeanReversion", json!({"patternProperties": {link: {"type": "number"}}})),
    ]
}

fn merge(root: &mut Value, pointer: &str, patch: Value) {
    if let (Some(Value::Object(target)), Value::Object(patch)) = (root.pointer_mut(pointer), patch) {
        target.extend(patch);
    }
}

/// An object of the configuration: where its schema lies and how to get at it in a document.
struct Place {
    schema: &'static str,
    document: &'static str,
    strategy: &'static str,
}

fn places() -> Vec<Place> {
    let (reverter, scripted) = (STRATEGIES[0].0, STRATEGIES[1].0);
    let place = |schema, document, strategy| Place { schema, document, strategy };
    vec![
        place("", "", reverter),
        place("/$defs/Timeframes", "/timeframes", reverter),
        place("/$defs/Alignment", "/timestamp_alignment", reverter),
        place("/$defs/Session", "/sessions/0", reverter),
        place("/$defs/AnchoredSessions", "/anchored_sessions", reverter),
        place("/$defs/OffsetWindow", "/anchored_sessions/windows/0", reverter),
        place("/$defs/Cooldown", "/cooldown", reverter),
        place("/$defs/Account", "/account", reverter),
        place("/$defs/Costs", "/costs", reverter),
        place("/$defs/Slippage", "/costs/slippage", reverter),
        place("/$defs/NewsFilter", "/news_filter", reverter),
        place("/$defs/TradeManagement", "/trade_management", reverter),
        place("/$defs/Output", "/output", reverter),
        place("/$defs/MeanReversion", "/strategy_parameters", reverter),
        place("/$defs/ScriptedOrders", "/strategy_parameters", scripted),
        place("/$defs/ScriptedOrder", "/strategy_parameters/orders/0", scripted),
        place("/$defs/LevelEdit", "/strategy_parameters/edits/0", scripted),
    ]
}

/// A configuration in which every place exists.
fn probe(strategy: &str) -> Value {
    let parameters = match strategy {
        "scripted_orders" => json!({
            "orders": [{"bar": 0, "direction": "long", "sl": 1.0, "tp": 2.0}],
            "edits": [{"bar": 0, "order": 0}],
        }),
        _ => json!({}),
    };
    json!({
        "schema_version": "2", "strategy_name": strategy, "strategy_parameters": parameters, "symbol": "EURUSD",
        "start_date": "2025-01-01", "end_date": "2025-01-02", "timeframes": {"primary": "M1"},
        "timestamp_alignment": {}, "sessions": [{"start": "00:00", "end": "12:00"}],
        "anchored_sessions": {"anchor": "london", "windows": [{}]},
        "cooldown": {}, "account": {}, "costs": {"slippage": {}}, "news_filter": {}, "trade_management": {},
        "output": {},
    })
}

fn issues(document: &Value) -> Vec<ConfigIssue> {
    Config::from_json(&document.to_string()).err().map(|errors| errors.0).unwrap_or_default()
}

impl Place {
    /// `/strategy_parameters/orders/0` + `bar` -> `strategy_parameters.orders[0].bar`.
    fn path(&self, key: &str) -> String {
        let mut out = String::new();
        for part in self.document.split('/').filter(|part| !part.is_empty()).chain([key]) {
            if part.bytes().all(|b| b.is_ascii_digit()) {
                out.push_str(&format!("[{part}]"));
            } else {
                out.push_str(if out.is_empty() { "" } else { "." });
                out.push_str(part);
            }
        }
        out
    }

    /// The parser's complaint about a key of this place when the place is changed.
    fn complaint(&self, key: &str, change: impl FnOnce(&mut Map<String, Value>)) -> Option<ConfigIssue> {
        let mut document = probe(self.strategy);
        if let Some(Value::Object(map)) = document.pointer_mut(self.document) {
            change(map);
        }
        let path = self.path(key);
        issues(&document).into_iter().find(|issue| issue.path == path)
    }

    fn describe(&self, root: &mut Value) {
        let Some(Value::Object(object)) = root.pointer_mut(self.schema) else { return };
        let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
        let mut required = vec![];
        for (key, schema) in properties.iter_mut() {
            let missing = self.complaint(key, |map| {
                map.remove(key);
            });
            if missing.is_some_and(|issue| issue.code == codes::MISSING_REQUIRED_FIELD) {
                required.push(Value::from(key.as_str()));
            } else if let Some(default) = self.default(key) {
                merge(schema, "", json!({"default": default}));
            }
            self.bound(key, schema);
        }
        if !required.is_empty() {
            object.insert("required".to_string(), required.into());
        }
    }

    /// What the parser fills in for a key that is not there; nothing for parts that it leaves out altogether.
    fn default(&self, key: &str) -> Option<Value> {
        let mut document = probe(self.strategy);
        if let Some(Value::Object(map)) = document.pointer_mut(self.document) {
            map.remove(key);
        }
        let config = Config::from_json(&document.to_string()).ok()?;
        let normalised = serde_json::to_value(&config).ok()?;
        normalised.pointer(&format!("{}/{key}", self.document)).filter(|value| !value.is_object()).cloned()
    }

    /// Writes the bound of a number that the parser names when it is given one outside.
    fn bound(&self, key: &str, schema: &mut Value) {
        let kind = schema["type"].clone();
        let is = |name: &str| kind == name || kind.as_array().is_some_and(|all| all.contains(&name.into()));
        if !(is("number") || is("integer")) || schema.get("minimum").is_some_and(|_| key == "rng_seed") {
            return;
        }
        if let Value::Object(map) = schema {
            for generated in ["format", "minimum", "maximum"] {
                map.remove(generated);
            }
        }
        for far in [json!(-9e14), json!(9e14), json!(0)] {
            let put = |map: &mut Map<String, Value>| {
                map.insert(key.to_string(), far);
            };
            let allowed = self.complaint(key, put).and_then(|issue| issue.allowed);
            merge(schema, "", allowed.as_ref().and_then(Allowed::bound).map_or(json!({}), limits));
        }
    }
}

/// A bound in the words of JSON Schema: whole numbers from 1 to 100 are `{"minimum": 1, "maximum": 100}`.
fn limits(bound: Bound) -> Value {
    match bound.limits() {
        Limits::None => json!({}),
        Limits::AtLeast(low) => json!({"minimum": low}),
        Limits::Above(low) => json!({"exclusiveMinimum": low}),
        Limits::Below(high) => json!({"exclusiveMaximum": high}),
        Limits::Whole(low, high) => json!({"minimum": low, "maximum": high}),
    }
}

/// Schema of a result.
pub fn result() -> Value {
    let mut root = schema_of::<Document>();
    root["properties"]["ok"] = json!({"const": true});
    let metric = json!({"description": "Value of a metric by name; n/a with too few samples.", "type": "object",
        "additionalProperties": {"anyOf": [{"type": "number"}, {"const": "n/a"}]}});
    root["properties"]["metrics"] = metric;
    root["title"] = "Result of an Omega backtest (V2)".into();
    root
}

/// Schema of a run-time error, and of the faults that a `ConfigError` carries.
pub fn error() -> Value {
    let mut generator = generator();
    let (category, issue) = (generator.subschema_for::<Category>(), generator.subschema_for::<ConfigIssue>());
    let defs = generator.take_definitions(true);
    let codes: Vec<u16> = codes::TABLE.iter().map(|(_, code)| *code).collect();
    let names: Vec<&str> = codes::TABLE.iter().map(|(name, _)| *name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Error of an Omega backtest (V2)",
        "type": "object",
        "properties": {
            "ok": {"const": false},
            "error": {
                "type": "object",
                "properties": {
                    "category": category,
                    "code": {"enum": codes},
                    "name": {"enum": names},
                    "message": {"type": "string"},
                    "details": {"type": "object", "description": "File, column, row and counts, where they apply."},
                },
                "required": ["category", "code", "name", "message", "details"],
                "additionalProperties": false,
            },
        },
        "required": ["ok", "error"],
        "additionalProperties": false,
        "$defs": defs,
        "x-config-issues": {"type": "array", "items": issue},
    })
}

/// The error codes: name -> number.
pub fn error_codes() -> Value {
    codes::TABLE.iter().map(|(name, code)| ((*name).to_string(), Value::from(*code))).collect::<Map<_, _>>().into()
}
