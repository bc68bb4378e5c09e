//! Text in colour, on a terminal.

use std::io::IsTerminal;

use crate::services::SERVICES;

/// Whether and how text is coloured.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colour: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Strong,
    /// Something went wrong.
    Bad,
    /// Something may go wrong.
    Warning,
    /// Of less interest.
    Dim,
}

impl Paint {
    /// Colours on a terminal, unless NO_COLOR (<https://no-color.org>) is set.
    pub fn for_stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: std::io::stdout().is_terminal() && !refused,
        }
    }

    /// No colours.
    pub const fn plain() -> Self {
        Self { colour: false }
    }

    /// The text in its style.
    pub fn style(self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Strong => "1",
            Style::Bad => "31",
            Style::Warning => "33",
            Style::Dim => "2",
        };
        self.coloured(code, text)
    }

    /// The text in the colour of a service, the same each time.
    pub fn service(self, service: &str, text: &str) -> String {
        let known = SERVICES.iter().position(|known| known.name == service);
        self.coloured(
            ["35", "33", "36", "34", "32"]
                .get(known.unwrap_or(9))
                .unwrap_or(&"37"),
            text,
        )
    }

    fn coloured(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
