//! The long arrays of a result as JSON text, byte for byte as serde writes them. A million points and ten thousand
//! trades are most of a result; written here, they take half the time: no key is looked through for characters to
//! escape, a number that repeats itself is copied, and a long array is written on two threads.

use omega_contract::outcome::{Trade, TradeMeta};

/// Bytes of text from which on a second thread pays.
const WORTH_A_THREAD: usize = 1 << 20;

type Written = serde_json::Result<()>;

/// About as many bytes as a trade and a number take.
pub const TRADE_BYTES: usize = 560;
pub const NUMBER_BYTES: usize = 22;

/// Writes an array, the second half of a long one on a thread of its own. `items` writes a stretch of it with a comma
/// after each item, which takes about `bytes` bytes.
fn array<T: Sync>(out: &mut Vec<u8>, all: &[T], bytes: usize, items: fn(&mut Vec<u8>, &[T]) -> Written) -> Written {
    out.push(b'[');
    if all.len() * bytes < WORTH_A_THREAD {
        items(out, all)?;
    } else {
        let (first, second) = all.split_at(all.len() / 2);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut text = Vec::with_capacity(second.len() * bytes);
                items(&mut text, second).map(|()| text)
            });
            items(out, first)?;
            match other.join() {
                Ok(text) => out.extend_from_slice(&text?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
            Written::Ok(())
        })?;
    }
    if !all.is_empty() {
        out.pop();
    }
    out.push(b']');
    Ok(())
}

fn whole(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a number and tells where it stands; one that is none is `null`.
fn number(out: &mut Vec<u8>, value: f64) -> std::ops::Range<usize> {
    let from = out.len();
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
    from..out.len()
}

fn keyed(out: &mut Vec<u8>, key: &[u8], value: f64) -> std::ops::Range<usize> {
    out.extend_from_slice(key);
    number(out, value)
}

/// Writes a number that may be the same as one that stands in the text already.
fn again(out: &mut Vec<u8>, key: &[u8], value: f64, before: f64, at: std::ops::Range<usize>) {
    out.extend_from_slice(key);
    if value.to_bits() == before.to_bits() {
        out.extend_from_within(at);
    } else {
        number(out, value);
    }
}

/// An array of whole numbers.
pub fn whole_numbers(out: &mut Vec<u8>, values: &[i64]) -> Written {
    array(out, values, NUMBER_BYTES, |out, values| {
        for value in values {
            whole(out, *value);
            out.push(b',');
        }
        Ok(())
    })
}

/// An array of numbers; an account stands still most of the time, so what repeats itself is copied.
pub fn numbers(out: &mut Vec<u8>, values: &[f64]) -> Written {
    array(out, values, NUMBER_BYTES, |out, values| {
        let (mut bits, mut text) = (None, 0..0);
        for value in values {
            if bits == Some(value.to_bits()) {
                out.extend_from_within(text.clone());
                continue;
            }
            let from = out.len();
            number(out, *value);
            out.push(b',');
            (bits, text) = (Some(value.to_bits()), from..out.len());
        }
        Ok(())
    })
}

/// An array of trades.
pub fn trades(out: &mut Vec<u8>, all: &[Trade]) -> Written {
    array(out, all, TRADE_BYTES, |out, some| {
        for trade in some {
            one_trade(out, trade)?;
            out.push(b',');
        }
        Ok(())
    })
}

fn one_trade(out: &mut Vec<u8>, trade: &Trade) -> Written {
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
    out.extend_from_slice(b"{\"entry_time_ns\":");
    whole(out, *entry_time_ns);
    out.extend_from_slice(b",\"exit_time_ns\":");
    whole(out, *exit_time_ns);
    out.extend_from_slice(b",\"trigger_time_ns\":");
    whole(out, *trigger_time_ns);
    out.extend_from_slice(b",\"direction\":");
    serde_json::to_writer(&mut *out, direction)?;
    out.extend_from_slice(b",\"symbol\":");
    serde_json::to_writer(&mut *out, symbol)?;
    out.extend_from_slice(b",\"order_type\":");
    serde_json::to_writer(&mut *out, order_type)?;
    keyed(out, b",\"entry_price\":", *entry_price);
    let exit = keyed(out, b",\"exit_price\":", *exit_price);
    let stop = keyed(out, b",\"initial_stop_loss\":", *initial_stop_loss);
    // A level that was not moved, or was hit, and a fee that is the same on the way out: the text is there already.
    again(out, b",\"stop_loss\":", *stop_loss, *initial_stop_loss, stop);
    again(out, b",\"take_profit\":", *take_profit, *exit_price, exit);
    keyed(out, b",\"size\":", *size);
    keyed(out, b",\"result\":", *result);
    keyed(out, b",\"r_multiple\":", *r_multiple);
    let fee = keyed(out, b",\"entry_fee\":", *entry_fee);
    again(out, b",\"exit_fee\":", *exit_fee, *entry_fee, fee);
    out.extend_from_slice(b",\"reason\":");
    serde_json::to_writer(&mut *out, reason)?;
    out.extend_from_slice(b",\"scenario\":");
    serde_json::to_writer(&mut *out, scenario)?;
    out.extend_from_slice(b",\"meta\":{\"order_id\":");
    whole(out, *order_id);
    out.extend_from_slice(b"}}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use omega_contract::outcome::ExitReason;
    use omega_contract::strategy::{Direction, OrderKind};

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

    /// Lengths of arrays whose items take about `bytes`: empty, on one thread, and around the step to two.
    fn lengths(bytes: usize) -> [usize; 6] {
        let step = WORTH_A_THREAD.div_ceil(bytes);
        [0, 1, 2, step - 1, step, step + 1]
    }

    /// Compares a written array with serde's.
    fn check<T: serde::Serialize>(items: &[T], write: fn(&mut Vec<u8>, &[T]) -> Written) {
        let mut out = b"before".to_vec();
        assert!(write(&mut out, items).is_ok());
        let wanted = serde_json::to_string(items).unwrap_or_default();
        assert_eq!(String::from_utf8_lossy(&out), format!("before{wanted}"));
    }

    #[test]
    fn arrays_are_written_as_serde_writes_them() {
        for n in lengths(TRADE_BYTES) {
            check(&(0..n).map(trade).collect::<Vec<Trade>>(), trades);
        }
        for n in lengths(NUMBER_BYTES) {
            check(&(0..n).map(|i| ODD[i / 3 % ODD.len()]).collect::<Vec<f64>>(), numbers);
            check(&(0..n as i64).map(|i| i * i * i - 7).collect::<Vec<i64>>(), whole_numbers);
        }
    }
}
