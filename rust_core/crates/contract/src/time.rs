//! Days, timeframes and clock times, as the configuration writes them.

use chrono::{Datelike, NaiveDate};
use serde::{Serialize, Serializer};

/// Nanoseconds of a minute.
pub const MINUTE_NS: i64 = 60_000_000_000;
/// Nanoseconds of a day.
pub const DAY_NS: i64 = 86_400_000_000_000;

/// A calendar day (UTC), counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// Parses `YYYY-MM-DD` between 1970-01-01 and 2200-12-31.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 10 {
            return None;
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        if !(1970..=2200).contains(&date.year()) {
            return None;
        }
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
        Some(Self((date - epoch).num_days()))
    }

    /// 00:00 UTC in nanoseconds.
    pub fn start_ns(self) -> i64 {
        self.0 * DAY_NS
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match NaiveDate::from_ymd_opt(1970, 1, 1).and_then(|d| d.checked_add_signed(chrono::Duration::days(self.0))) {
            Some(date) => write!(f, "{date}"),
            None => write!(f, "day {}", self.0),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date",
            "pattern": "^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2}|2200)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
            "description": "A day (UTC), 1970-01-01 to 2200-12-31."
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Clock {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Clock".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
            "description": "A time of day, HH:MM or HH:MM:SS."
        })
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A bar length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Timeframe {
    /// One minute.
    M1,
    /// Five minutes.
    M5,
    /// A quarter of an hour.
    M15,
    /// Half an hour.
    M30,
    /// One hour.
    H1,
    /// Four hours.
    H4,
    /// One day.
    D1,
    /// One week.
    W1,
}

impl Timeframe {
    /// Names as in file names.
    pub const NAMES: &[(&str, Timeframe)] = &[
        ("M1", Self::M1),
        ("M5", Self::M5),
        ("M15", Self::M15),
        ("M30", Self::M30),
        ("H1", Self::H1),
        ("H4", Self::H4),
        ("D1", Self::D1),
        ("W1", Self::W1),
    ];

    /// Parses a name, case-insensitively.
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, tf)| *tf)
    }

    /// Name as in file names.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, tf)| *tf == self).map_or("?", |(name, _)| name)
    }

    /// Length in minutes.
    pub fn minutes(self) -> i64 {
        match self {
            Self::M1 => 1,
            Self::M5 => 5,
            Self::M15 => 15,
            Self::M30 => 30,
            Self::H1 => 60,
            Self::H4 => 240,
            Self::D1 => 1440,
            Self::W1 => 10_080,
        }
    }

    /// Length in nanoseconds.
    pub fn ns(self) -> i64 {
        self.minutes() * MINUTE_NS
    }
}

/// A time of day in seconds after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(pub u32);

impl Clock {
    /// Parses `HH:MM` and `HH:MM:SS`.
    pub fn parse(text: &str) -> Option<Self> {
        let limits = [24, 60, 60];
        let parts: Vec<&str> = text.split(':').collect();
        if !(2..=limits.len()).contains(&parts.len()) {
            return None;
        }
        let mut seconds = 0;
        for (i, limit) in limits.into_iter().enumerate() {
            let part = parts.get(i).copied().unwrap_or("00");
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            seconds = seconds * 60 + part.parse::<u32>().ok().filter(|n| digits && *n < limit)?;
        }
        Some(Self(seconds))
    }

    /// Nanoseconds after midnight.
    pub fn ns(self) -> i64 {
        i64::from(self.0) * (MINUTE_NS / 60)
    }
}

impl Serialize for Clock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        if seconds == 0 {
            return serializer.collect_str(&format_args!("{hours:02}:{minutes:02}"));
        }
        serializer.collect_str(&format_args!("{hours:02}:{minutes:02}:{seconds:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_parse_only_in_one_form() {
        assert_eq!(Day::parse("1970-01-02"), Some(Day(1)));
        assert_eq!(Day::parse("2024-02-29").map(|d| d.to_string()).as_deref(), Some("2024-02-29"));
        for bad in ["2024-2-9", "2023-02-29", "1969-12-31", "9999-01-01", "20240101", ""] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn clocks_parse_with_and_without_seconds_and_in_no_other_form() {
        for (text, seconds, written) in
            [("23:59", 86_340, "23:59"), ("07:00:00", 25_200, "07:00"), ("07:00:09", 25_209, "07:00:09")]
        {
            assert_eq!(Clock::parse(text), Some(Clock(seconds)));
            assert_eq!(serde_json::to_value(Clock(seconds)).unwrap_or_default(), written);
        }
        for bad in ["24:00", "7:00", "07:60", "0700", "+7:00", "", "07", "07:00:60", "07:00:1", "07:00:00:00", "07:00:"]
        {
            assert_eq!(Clock::parse(bad), None, "{bad}");
        }
    }
}
