//! One readable line an event: time, level, service, message, fields.

use std::fmt::{self, Display, Write as _};
use std::io::{self, IsTerminal, Write as _};

use tracing::Level;

use super::event::Event;
use super::sink::Sink;
use super::stdout::Lines;

/// Text on standard output.
pub(super) struct Text {
    service: String,
    colour: bool,
    lines: Lines,
}

impl Text {
    pub(super) fn new(service: &str) -> Self {
        // https://no-color.org: any value that is not empty.
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            service: service.to_owned(),
            colour: io::stdout().is_terminal() && !refused,
            lines: Lines::default(),
        }
    }
}

impl Sink for Text {
    fn put(&mut self, event: &Event) {
        self.lines
            .push(|line| write(&self.service, self.colour, event, line));
    }

    fn finish(&mut self) -> u64 {
        self.lines.write_out()
    }
}

fn write(service: &str, colour: bool, event: &Event, line: &mut Vec<u8>) -> io::Result<()> {
    let level = *event.metadata.level();
    let (on, off) = match level {
        _ if !colour => ("", ""),
        Level::ERROR => ("\x1b[31m", "\x1b[0m"),
        Level::WARN => ("\x1b[33m", "\x1b[0m"),
        Level::INFO => ("\x1b[32m", "\x1b[0m"),
        _ => ("\x1b[2m", "\x1b[0m"),
    };
    let time = humantime::format_rfc3339_millis(event.time);
    let message = Printable(event.message());
    write!(line, "{time} {on}{level:5}{off} {service}: {message}")?;
    for (name, value) in event.details() {
        write!(line, " {name}={}", Printable(value))?;
    }
    if let Some(count) = event.repeated {
        write!(line, " repeated={count}")?;
    }
    if let Some((trace, _)) = event.span {
        write!(line, " trace_id={trace}")?;
    }
    Ok(())
}

/// A text in which only that is escaped which could end the line, command the terminal, or change
/// the order of what is read. Quotes and all scripts stay readable.
struct Printable<T>(T);

impl<T: Display> Display for Printable<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(formatter), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(is_unprintable) {
            let last = part
                .chars()
                .next_back()
                .filter(|last| is_unprintable(*last));
            let Some(last) = last else {
                self.0.write_str(part)?;
                continue;
            };
            self.0.write_str(&part[..part.len() - last.len_utf8()])?;
            write!(self.0, "{}", last.escape_debug())?;
        }
        Ok(())
    }
}

/// Control characters, the separators of lines and paragraphs, and those that turn the direction
/// of writing (Unicode Standard Annex 9).
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_all_scripts_stay_readable() {
        for text in [
            "",
            r#"it's "quoted" and C:\new"#,
            "한글 상품 \u{1112}\u{1161}\u{11ab}",
            "ภาษาไทย é e\u{301} 🛒",
        ] {
            assert_eq!(Printable(text).to_string(), text);
        }
    }

    #[test]
    fn what_could_forge_a_line_or_command_a_terminal_is_escaped() {
        for (text, escaped) in [
            ("a\r\nb\t", r"a\r\nb\t"),
            ("\x1b[31mred\x07\0", r"\u{1b}[31mred\u{7}\0"),
            ("\u{9b}31m\u{7f}", r"\u{9b}31m\u{7f}"),
            ("x\u{2028}y\u{202e}z", r"x\u{2028}y\u{202e}z"),
        ] {
            assert_eq!(Printable(text).to_string(), escaped);
        }
    }
}
