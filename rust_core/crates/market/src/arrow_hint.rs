//! The time zone that Arrow writers store with a Parquet timestamp.
//!
//! Parquet itself stores only "adjusted to UTC". The zone is in the key `ARROW:schema`: a base64 text of an
//! Arrow schema message (a flatbuffer; layout as in Arrow's Message.fbs and Schema.fbs). Reading the few fields
//! that matter here keeps Arrow and its IPC out of V2 (ADR 0002). Anything unexpected gives `None`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const TIMESTAMP: u8 = 10;

#[derive(Clone, Copy)]
struct Table<'a> {
    bytes: &'a [u8],
    position: usize,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    let raw: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u32::from_le_bytes(raw) as usize)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    let raw: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(u16::from_le_bytes(raw) as usize)
}

impl<'a> Table<'a> {
    /// Follows the relative offset stored at `at`.
    fn follow(bytes: &'a [u8], at: usize) -> Option<Self> {
        Some(Self { bytes, position: at.checked_add(u32_at(bytes, at)?)? })
    }

    fn field(&self, number: usize) -> Option<usize> {
        let back = i32::from_le_bytes(self.bytes.get(self.position..self.position + 4)?.try_into().ok()?);
        let vtable = usize::try_from(i64::try_from(self.position).ok()? - i64::from(back)).ok()?;
        let size = u16_at(self.bytes, vtable)?;
        let entry = 4 + 2 * number;
        if entry + 2 > size {
            return None;
        }
        match u16_at(self.bytes, vtable + entry)? {
            0 => None,
            offset => Some(self.position + offset),
        }
    }

    fn child(&self, number: usize) -> Option<Self> {
        Self::follow(self.bytes, self.field(number)?)
    }

    fn text(&self, number: usize) -> Option<String> {
        let start = self.child(number)?.position;
        let end = start.checked_add(4)?.checked_add(u32_at(self.bytes, start)?)?;
        String::from_utf8(self.bytes.get(start + 4..end)?.to_vec()).ok()
    }
}

/// Zone of the timestamp column `name`, when the writer left one.
pub fn zone_of(arrow_schema: &str, name: &str) -> Option<String> {
    let bytes = STANDARD.decode(arrow_schema).ok()?;
    let body = if bytes.get(..4)? == [0xff; 4] { bytes.get(8..)? } else { bytes.get(4..)? };
    let message = Table::follow(body, 0)?;
    let schema = message.child(2)?;
    let fields = schema.child(1)?.position;
    for i in 0..u32_at(body, fields)?.min(1024) {
        let field = Table::follow(body, fields + 4 + 4 * i)?;
        let kind = field.field(2).and_then(|at| body.get(at).copied());
        if field.text(0).as_deref() == Some(name) && kind == Some(TIMESTAMP) {
            return field.child(3)?.text(1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_hints_are_no_hints() {
        for text in ["", "AAAA", "not base64!", "/////wAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            assert_eq!(zone_of(text, "UTC time"), None, "{text}");
        }
    }
}
