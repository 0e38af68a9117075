//! Values that are checked when they are given, but not when they are read back.

use domain::name::{DisplayName, RoomName, Slug, UserName};
use domain::text::{Emoji, MessageText};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that was accepted once.
pub trait Lenient {
    fn from_stored(text: String) -> Self;
    fn as_stored(&self) -> &str;
}

macro_rules! lenient {
    ($($type:ident),*) => {$(
        impl Lenient for $type {
            fn from_stored(text: String) -> Self {
                $type::from_stored(text)
            }
            fn as_stored(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

lenient!(DisplayName, Emoji, MessageText, RoomName, Slug, UserName);

pub fn serialize<T: Lenient, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.as_stored())
}

pub fn deserialize<'de, T: Lenient, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer).map(T::from_stored)
}

/// The same for an optional value.
pub mod option {
    use super::*;

    pub fn serialize<T: Lenient, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Lenient::as_stored).serialize(serializer)
    }

    pub fn deserialize<'de, T: Lenient, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(T::from_stored))
    }
}
