//! Measures how deeply JSON is nested, before it is parsed, so that deep nesting costs nothing.

/// Returns whether arrays and objects are nested deeper than `max`. Brackets inside strings do not count. For a text
/// that is not JSON the result is arbitrary: its parser rejects it anyway.
pub fn is_deeper_than(text: &[u8], max: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_deeper_than;

    #[test]
    fn counts_depth_outside_strings() {
        assert!(!is_deeper_than(br#"{"a":[1,{"b":"[[[[\"["}]}"#, 3));
        assert!(is_deeper_than(br#"{"a":[1,{"b":2}]}"#, 2));
        assert!(is_deeper_than("[".repeat(100_000).as_bytes(), 32));
    }
}
