//! The shipped schemas are the generated ones. `OMEGA_WRITE_SCHEMAS=1` writes them instead of comparing.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use omega_backtest::schema;

#[test]
fn shipped_schemas_are_the_generated_ones() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../python/bt/schemas");
    let write = std::env::var_os("OMEGA_WRITE_SCHEMAS").is_some();
    for (name, value) in [
        ("config.schema.json", schema::config()),
        ("result.schema.json", schema::result()),
        ("error.schema.json", schema::error()),
        ("error_codes.json", schema::error_codes()),
    ] {
        let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
        let path = folder.join(name);
        if write {
            std::fs::write(&path, &text).unwrap();
        }
        let shipped = std::fs::read_to_string(&path).unwrap();
        assert!(shipped == text, "{name} differs from the Rust types: run with OMEGA_WRITE_SCHEMAS=1 and commit it");
    }
}
