//! Who may use the older contract: a choice of the operator.

use std::fmt;
use std::str::FromStr;

/// Who may use the older contract.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CompatMode {
    /// Nobody: its paths do not exist.
    #[default]
    Off,
    /// Users with a token that was issued for it.
    Token,
    /// These, and guests who only name themselves.
    Guests,
}

/// An error for a text that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is `{0}`, but must be `off`, `token` or `guests`")]
pub struct InvalidCompatMode(String);

impl CompatMode {
    /// Returns whether the older contract is served at all.
    pub fn is_on(self) -> bool {
        self != CompatMode::Off
    }
}

impl fmt::Display for CompatMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CompatMode::Off => "off",
            CompatMode::Token => "token",
            CompatMode::Guests => "guests",
        })
    }
}

impl FromStr for CompatMode {
    type Err = InvalidCompatMode;

    fn from_str(text: &str) -> Result<Self, InvalidCompatMode> {
        match text {
            "off" | "false" => Ok(CompatMode::Off),
            "token" => Ok(CompatMode::Token),
            "guests" => Ok(CompatMode::Guests),
            _ => Err(InvalidCompatMode(text.to_owned())),
        }
    }
}
