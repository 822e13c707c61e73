//! A result as JSON text, byte for byte as serde writes it. A million points and ten thousand trades are most of it.
//! Written here, they take half the time: no key is searched for characters to escape, a repeated number is copied, and
//! the second half of a long text is written on a thread of its own.

use std::io;
use std::ops::Range;

use omega_contract::outcome::{ExitReason, Trade, TradeMeta};
use omega_contract::strategy::{Direction, OrderKind};
use serde::Serialize;

/// Bytes of text from which on a second thread pays.
const WORTH_A_THREAD: usize = 1 << 20;
/// About as many bytes as a trade, another record, a number and anything small take.
const TRADE_BYTES: usize = 540;
const RECORD_BYTES: usize = 200;
const NUMBER_BYTES: usize = 21;
const SMALL_BYTES: usize = 2 << 10;
/// About as many bytes as a piece of an array takes.
const PIECE_BYTES: usize = 64 << 10;

type Written = serde_json::Result<()>;

/// A text on its way: what writes it, cut into pieces so that two threads have equally much to do.
#[derive(Default)]
pub struct Pieces<'a>(Vec<Piece<'a>>);

struct Piece<'a> {
    /// About as long as this.
    bytes: usize,
    write: Box<dyn Fn(&mut String) -> Written + Send + Sync + 'a>,
}

impl<'a> Pieces<'a> {
    fn push(&mut self, bytes: usize, write: impl Fn(&mut String) -> Written + Send + Sync + 'a) {
        self.0.push(Piece { bytes, write: Box::new(write) });
    }

    /// Text as it is.
    pub fn plain(&mut self, text: &'static str) {
        self.push(text.len(), move |out| {
            out.push_str(text);
            Ok(())
        });
    }

    /// Something short, as serde writes it.
    pub fn value<T: Serialize + Sync>(&mut self, value: &'a T) {
        self.push(SMALL_BYTES, |out| by_serde(out, value));
    }

    /// An array. `items` writes a stretch of it with a comma after each item, which takes about `bytes` bytes.
    fn array<T: Sync>(&mut self, all: &'a [T], bytes: usize, items: fn(&mut String, &[T]) -> Written) {
        self.plain("[");
        let mut stretches = all.chunks(PIECE_BYTES / bytes).peekable();
        while let Some(stretch) = stretches.next() {
            let last = stretches.peek().is_none();
            self.push(stretch.len() * bytes, move |out| {
                items(out, stretch)?;
                if last {
                    out.pop();
                }
                Ok(())
            });
        }
        self.plain("]");
    }

    /// An array of records, as serde writes them.
    pub fn records<T: Serialize + Sync>(&mut self, all: &'a [T]) {
        self.array(all, RECORD_BYTES, |out, some| {
            some.iter().try_for_each(|record| {
                by_serde(out, record)?;
                out.push(',');
                Ok(())
            })
        });
    }

    /// An array of whole numbers.
    pub fn whole_numbers(&mut self, values: &'a [i64]) {
        self.array(values, NUMBER_BYTES, |out, some| {
            for value in some {
                whole(out, *value);
                out.push(',');
            }
            Ok(())
        });
    }

    /// An array of numbers; an account stands still most of the time, so what repeats itself is copied.
    pub fn numbers(&mut self, values: &'a [f64]) {
        self.array(values, NUMBER_BYTES, |out, some| {
            let (mut bits, mut text) = (None, 0..0);
            for value in some {
                if bits == Some(value.to_bits()) {
                    out.extend_from_within(text.clone());
                    continue;
                }
                let from = out.len();
                number(out, *value);
                out.push(',');
                (bits, text) = (Some(value.to_bits()), from..out.len());
            }
            Ok(())
        });
    }

    /// An array of trades.
    pub fn trades(&mut self, all: &'a [Trade]) {
        self.array(all, TRADE_BYTES, |out, some| {
            some.iter().try_for_each(|trade| {
                one_trade(out, trade)?;
                out.push(',');
                Ok(())
            })
        });
    }

    /// The whole text, with room for `more` bytes after it.
    ///
    /// # Errors
    /// What serde says of a value that JSON cannot hold.
    pub fn write(&self, more: usize) -> serde_json::Result<String> {
        let total = bytes(&self.0);
        // Growing would copy the text over and over.
        let mut out = String::with_capacity(total + more);
        let all = |out: &mut String, pieces: &[Piece]| pieces.iter().try_for_each(|piece| (piece.write)(out));
        if total < WORTH_A_THREAD {
            all(&mut out, &self.0)?;
            return Ok(out);
        }
        let (first, second) = self.halves();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut text = String::with_capacity(bytes(second));
                all(&mut text, second).map(|()| text)
            });
            all(&mut out, first)?;
            match other.join() {
                Ok(text) => out.push_str(&text?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            Ok(out)
        })
    }

    /// The pieces cut where about half of the text is written.
    fn halves(&self) -> (&[Piece<'a>], &[Piece<'a>]) {
        let total = bytes(&self.0);
        let mut written = 0;
        let first = self.0.iter().take_while(|piece| {
            written += piece.bytes;
            written <= total / 2
        });
        self.0.split_at(first.count())
    }
}

fn bytes(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.bytes).sum()
}

/// Writes a value as serde does.
pub fn by_serde<T: Serialize>(out: &mut String, value: &T) -> Written {
    serde_json::to_writer(Utf8(out), value)
}

struct Utf8<'a>(&'a mut String);

impl io::Write for Utf8<'_> {
    // serde writes whole strings or what lies between their escapes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.0.push_str(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn whole(out: &mut String, value: i64) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Writes a number and returns its place; one that is none is `null`.
fn number(out: &mut String, value: f64) -> Range<usize> {
    let from = out.len();
    if value.is_finite() {
        out.push_str(zmij::Buffer::new().format_finite(value));
    } else {
        out.push_str("null");
    }
    from..out.len()
}

fn keyed(out: &mut String, key: &str, value: f64) -> Range<usize> {
    out.push_str(key);
    number(out, value)
}

/// Writes a number that may be the same as one that stands in the text already.
fn again(out: &mut String, key: &str, value: f64, before: f64, at: Range<usize>) {
    out.push_str(key);
    if value.to_bits() == before.to_bits() {
        out.extend_from_within(at);
    } else {
        number(out, value);
    }
}

fn string(out: &mut String, text: &str) -> Written {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        return by_serde(out, &text);
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
    Ok(())
}

fn direction_field(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => ",\"direction\":\"long\"",
        Direction::Short => ",\"direction\":\"short\"",
    }
}

fn order_type_field(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Market => ",\"order_type\":\"market\"",
        OrderKind::Limit => ",\"order_type\":\"limit\"",
        OrderKind::Stop => ",\"order_type\":\"stop\"",
    }
}

fn reason_field(reason: ExitReason) -> &'static str {
    match reason {
        ExitReason::TakeProfit => ",\"reason\":\"take_profit\"",
        ExitReason::StopLoss => ",\"reason\":\"stop_loss\"",
        ExitReason::BreakEvenStopLoss => ",\"reason\":\"break_even_stop_loss\"",
        ExitReason::Timeout => ",\"reason\":\"timeout\"",
    }
}

fn one_trade(out: &mut String, trade: &Trade) -> Written {
    // Taken apart without `..`: a new field must be written here, too.
    let Trade {
        entry_time_ns,
        exit_time_ns,
        trigger_time_ns,
        direction,
        symbol,
        order_type,
        entry_price,
        exit_price,
        initial_stop_loss,
        stop_loss,
        take_profit,
        size,
        result,
        r_multiple,
        entry_fee,
        exit_fee,
        reason,
        scenario,
        meta: TradeMeta { order_id },
    } = trade;
    out.push_str("{\"entry_time_ns\":");
    whole(out, *entry_time_ns);
    out.push_str(",\"exit_time_ns\":");
    whole(out, *exit_time_ns);
    out.push_str(",\"trigger_time_ns\":");
    whole(out, *trigger_time_ns);
    out.push_str(direction_field(*direction));
    out.push_str(",\"symbol\":");
    string(out, symbol)?;
    out.push_str(order_type_field(*order_type));
    keyed(out, ",\"entry_price\":", *entry_price);
    let exit = keyed(out, ",\"exit_price\":", *exit_price);
    let stop = keyed(out, ",\"initial_stop_loss\":", *initial_stop_loss);
    // A level that was not moved, or was hit, and a fee that is the same on the way out: the text is there already.
    again(out, ",\"stop_loss\":", *stop_loss, *initial_stop_loss, stop);
    again(out, ",\"take_profit\":", *take_profit, *exit_price, exit);
    keyed(out, ",\"size\":", *size);
    keyed(out, ",\"result\":", *result);
    keyed(out, ",\"r_multiple\":", *r_multiple);
    let fee = keyed(out, ",\"entry_fee\":", *entry_fee);
    again(out, ",\"exit_fee\":", *exit_fee, *entry_fee, fee);
    out.push_str(reason_field(*reason));
    out.push_str(",\"scenario\":");
    match scenario {
        Some(scenario) => string(out, scenario)?,
        None => out.push_str("null"),
    }
    out.push_str(",\"meta\":{\"order_id\":");
    whole(out, *order_id);
    out.push_str("}}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: [f64; 10] =
        [0.0, -0.0, 1.0, 0.1 + 0.2, 1e-7, 1e21, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY, 126.900_000_000_062_89];

    fn trade(i: usize) -> Trade {
        let odd = |k: usize| ODD[(i + k) % ODD.len()];
        Trade {
            entry_time_ns: i64::MIN + i as i64,
            exit_time_ns: i as i64,
            trigger_time_ns: -1,
            direction: [Direction::Long, Direction::Short][i % 2],
            symbol: "EUR\"USD\n".to_string(),
            order_type: [OrderKind::Market, OrderKind::Limit, OrderKind::Stop][i % 3],
            entry_price: odd(0),
            exit_price: odd(1),
            initial_stop_loss: odd(2),
            stop_loss: odd(2 + i % 2),
            take_profit: odd(1 + 3 * (i / 2 % 2)),
            size: odd(5),
            result: odd(6),
            r_multiple: odd(7),
            entry_fee: odd(8),
            exit_fee: odd(8 + i / 4 % 2),
            reason: [ExitReason::TakeProfit, ExitReason::StopLoss, ExitReason::BreakEvenStopLoss, ExitReason::Timeout]
                [i % 4],
            scenario: i.is_multiple_of(2).then(|| "ü\u{1}\\".to_string()),
            meta: TradeMeta { order_id: i as i64 },
        }
    }

    /// Lengths of arrays whose items take about `bytes`: empty, around one piece, and around the step to two threads.
    fn lengths(bytes: usize) -> [usize; 9] {
        let (piece, step) = (PIECE_BYTES / bytes, WORTH_A_THREAD.div_ceil(bytes));
        [0, 1, 2, piece - 1, piece, piece + 1, step - 1, step, step + 1]
    }

    #[test]
    fn the_two_threads_have_equally_much_to_write() {
        let (all, points) = ((0..5_000).map(trade).collect::<Vec<Trade>>(), vec![0.1; 50_000]);
        let mut pieces = Pieces::default();
        pieces.trades(&all);
        pieces.numbers(&points);
        let (first, second) = pieces.halves();
        assert!(bytes(first).abs_diff(bytes(second)) <= 2 * PIECE_BYTES);
        assert_eq!(first.len() + second.len(), pieces.0.len());
    }

    /// Compares a written array, with something before and after it, with serde's.
    fn check<'a, T: Serialize>(items: &'a [T], push: fn(&mut Pieces<'a>, &'a [T])) {
        let mut pieces = Pieces::default();
        pieces.plain("before");
        push(&mut pieces, items);
        pieces.value(&"ü\n");
        let wanted = serde_json::to_string(items).unwrap_or_default();
        assert_eq!(pieces.write(0).unwrap_or_default(), format!("before{wanted}\"ü\\n\""));
    }

    #[test]
    fn arrays_are_written_as_serde_writes_them() {
        for n in lengths(TRADE_BYTES) {
            check(&(0..n).map(trade).collect::<Vec<Trade>>(), Pieces::trades);
        }
        for n in lengths(NUMBER_BYTES) {
            check(&(0..n).map(|i| ODD[i / 3 % ODD.len()]).collect::<Vec<f64>>(), Pieces::numbers);
            check(&(0..n as i64).map(|i| i * i * i - 7).collect::<Vec<i64>>(), Pieces::whole_numbers);
        }
        for n in lengths(RECORD_BYTES) {
            check(&(0..n).map(|i| format!("ü\"{i}")).collect::<Vec<String>>(), Pieces::records);
        }
    }
}
