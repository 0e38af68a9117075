//! Percent-encoding (RFC 3986 §2.1), read.

/// The bytes that a text stands for. What is no encoding stands for itself.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(two_digits);
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    decoded
}

fn two_digits(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (high, low) = (digit(digits[0])?, digit(digits[1])?);
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_encoding_stands_for_itself() {
        assert_eq!(decode("a%3Db%2f%C3%A9"), "a=b/é".as_bytes());
        assert_eq!(decode("100%, %zz %4"), b"100%, %zz %4");
        assert_eq!(decode("%+1"), b"%+1");
    }
}
