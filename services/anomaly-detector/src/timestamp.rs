//! Times as people write them in tables: seconds, milliseconds, microseconds or nanoseconds since
//! 1970, or a date and a time of day (ISO 8601, RFC 3339) with or without an offset.

use std::time::UNIX_EPOCH;

/// The time in seconds since 1970. A time without an offset counts as UTC.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) => number.is_finite().then(|| of_epoch(number)),
        Err(_) => of_date(text),
    }
}

/// The unit shows in the magnitude: 1e11 seconds would be in the year 5138.
fn of_epoch(number: f64) -> f64 {
    match number.abs() {
        size if size < 1e11 => number,
        size if size < 1e14 => number / 1e3,
        size if size < 1e17 => number / 1e6,
        _ => number / 1e9,
    }
}

fn of_date(text: &str) -> Option<f64> {
    let text = text.replace('/', "-");
    let date = text.get(..10)?;
    let (time, offset) = split_offset(text.get(10..)?.trim_start_matches(['T', 't', ' ']).trim())?;
    let time = match time.matches(':').count() {
        0 if time.is_empty() => "00:00:00".to_owned(),
        1 => format!("{time}:00"),
        _ => time.replace(',', "."),
    };
    let time = humantime::parse_rfc3339_weak(&format!("{date}T{time}")).ok()?;
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    Some(seconds - offset)
}

/// The time of day, and how far its clock is ahead of UTC, in seconds.
fn split_offset(time: &str) -> Option<(&str, f64)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, 0.0));
    }
    let Some(position) = time.rfind(['+', '-']) else {
        return Some((time, 0.0));
    };
    let (time, offset) = time.split_at(position);
    let sign = if offset.starts_with('-') { -1.0 } else { 1.0 };
    let digits = offset[1..].replace(':', "");
    let hours: f64 = digits.get(..2)?.parse().ok()?;
    let minutes: f64 = match digits.get(2..)? {
        "" => 0.0,
        minutes => minutes.parse().ok()?,
    };
    Some((time.trim_end(), sign * (hours * 3600.0 + minutes * 60.0)))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_same_moment_is_read_in_every_way_of_writing_it() {
        for text in [
            "1396310400",
            "1396310400.0",
            "1396310400000",
            "1396310400000000",
            "1396310400000000000",
            "2014-04-01",
            "2014/04/01 00:00",
            "2014-04-01 00:00:00",
            "2014-04-01T00:00:00Z",
            "2014-04-01T00:00:00.000Z",
            "2014-04-01T02:00:00+02:00",
            "2014-03-31T19:00:00-0500",
            " 2014-04-01 00:00:00+00 ",
        ] {
            assert_eq!(parse(text), Some(1_396_310_400.0), "{text}");
        }
        assert_eq!(parse("1970-01-01 00:00:01.5"), Some(1.5));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "NaN",
            "inf",
            "2014-13-01",
            "2014-04-01 25:00",
            "12:00",
            "2014-04-01T00:00:00+x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
