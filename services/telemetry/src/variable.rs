//! Values of environment variables, as the OpenTelemetry specification reads them.

use std::convert::Infallible;
use std::str::FromStr;

/// A text that counts as absent when it is empty, as the OpenTelemetry specification has it for
/// every variable of the environment.
#[derive(Clone, Debug, Default)]
pub struct Text(Option<String>);

impl Text {
    /// The text, when there is one.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromStr for Text {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let text = text.trim();
        Ok(Self((!text.is_empty()).then(|| text.to_owned())))
    }
}

/// A whole number, `DEFAULT` when the text is empty: see [`Text`].
#[derive(Clone, Debug, Default)]
pub struct Number<const DEFAULT: u64>(Text);

impl<const DEFAULT: u64> Number<DEFAULT> {
    /// The number. For anything else a warning is logged and the default taken, as the
    /// specification asks: a typing error must not stop the shop.
    pub(crate) fn get(&self, variable: &str) -> u64 {
        let Some(value) = self.0.get() else {
            return DEFAULT;
        };
        value.parse().unwrap_or_else(|_| {
            tracing::warn!(value, "{variable} is not a whole number; {DEFAULT} is used");
            DEFAULT
        })
    }
}

impl<const DEFAULT: u64> FromStr for Number<DEFAULT> {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        text.parse().map(Self)
    }
}
