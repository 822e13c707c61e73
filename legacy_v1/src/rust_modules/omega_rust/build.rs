//! Breaks the build when a schema file under `src/schemas` is not what the Rust definition says.
//!
//! Reads the IPC message itself (a flatbuffer, format as in Arrow's Message.fbs and Schema.fbs) instead of
//! depending on arrow-ipc: compiling Arrow a second time for a build script takes a minute.
#[path = "src/schema_table.rs"]
mod schema_table;

use std::path::Path;

/// A flatbuffer table: the whole buffer and the table's position in it.
#[derive(Clone, Copy)]
struct Table<'a> {
    buf: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    fn number<const N: usize>(&self, at: usize) -> [u8; N] {
        self.buf[at..at + N].try_into().expect("the schema file is cut short")
    }

    fn u32_at(&self, at: usize) -> usize {
        u32::from_le_bytes(self.number(at)) as usize
    }

    /// Position of a field's value, none when it has its default.
    fn slot(&self, index: usize) -> Option<usize> {
        let back = i32::from_le_bytes(self.number(self.at)) as isize;
        let vtable = (self.at as isize - back) as usize;
        let size = u16::from_le_bytes(self.number(vtable)) as usize;
        let entry = 4 + 2 * index;
        if entry + 2 > size {
            return None;
        }
        let offset = u16::from_le_bytes(self.number(vtable + entry)) as usize;
        (offset != 0).then_some(self.at + offset)
    }

    fn table(&self, index: usize) -> Option<Table<'a>> {
        self.slot(index).map(|at| Table { buf: self.buf, at: at + self.u32_at(at) })
    }

    fn byte(&self, index: usize) -> u8 {
        self.slot(index).map_or(0, |at| self.buf[at])
    }

    fn short(&self, index: usize) -> i16 {
        self.slot(index).map_or(0, |at| i16::from_le_bytes(self.number(at)))
    }

    fn text(&self, index: usize) -> String {
        self.slot(index).map_or(String::new(), |at| {
            let start = at + self.u32_at(at);
            let len = self.u32_at(start);
            String::from_utf8_lossy(&self.buf[start + 4..start + 4 + len]).into_owned()
        })
    }

    fn tables(&self, index: usize) -> Vec<Table<'a>> {
        let Some(at) = self.slot(index) else { return vec![] };
        let start = at + self.u32_at(at);
        (0..self.u32_at(start))
            .map(|i| start + 4 + 4 * i)
            .map(|at| Table { buf: self.buf, at: at + self.u32_at(at) })
            .collect()
    }
}

fn kind(field: Table) -> String {
    let value = field.table(3);
    let plain = match field.byte(2) {
        3 if value.is_some_and(|t| t.short(0) == 2) => "float64".to_string(),
        5 => "utf8".to_string(),
        6 => "bool".to_string(),
        10 if value.is_some_and(|t| t.short(0) == 2) => format!("timestamp[us, {}]", value.map_or(String::new(), |t| t.text(1))),
        other => format!("unexpected type {other}"),
    };
    match field.table(4) {
        None => plain,
        Some(encoding) => {
            let width = encoding.table(1).map_or(32, |int| int.slot(0).map_or(0, |at| int.u32_at(at)));
            format!("dictionary<int{width}, {plain}>")
        }
    }
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    println!("cargo:rerun-if-changed={}", folder.display());
    println!("cargo:rerun-if-changed=src/schema_table.rs");
    for (name, fields) in schema_table::ALL {
        let path = folder.join(format!("{name}.arrow"));
        let bytes = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("schema file {} cannot be read: {error}", path.display()));
        assert_eq!(bytes.get(..4), Some(&[0xff; 4][..]), "schema file {name}.arrow is not an IPC stream");
        let message = Table { buf: &bytes[8..], at: 0 };
        let message = Table { at: message.u32_at(0), ..message };
        let schema = message.table(2).expect("the message holds no schema");
        let found: Vec<_> = schema.tables(1).iter().map(|f| (f.text(0), kind(*f), f.byte(1) != 0)).collect();
        let wanted: Vec<_> = fields.iter().map(|f| (f.name.to_string(), f.kind.to_string(), f.nullable)).collect();
        assert_eq!(found, wanted, "schema file {name}.arrow differs from the Rust definition");
    }
}
