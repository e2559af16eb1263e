//! Headers that hold JSON in base64, as some backends put an error's details
//! beside a body that says nothing.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::HeaderValue;
use serde_json::Value;

use super::{Leaves, Scalar};

/// A header longer than this is not decoded.
const MAX_BYTES: usize = 16 * 1024;
/// Padded or not: HTTP stacks differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The scalars of the JSON in `value`, in either alphabet of base64; none if
/// it holds none.
pub(super) fn leaves(value: &HeaderValue) -> Option<Leaves> {
    let value = value.as_bytes().trim_ascii();
    if value.is_empty() || value.len() > MAX_BYTES {
        return None;
    }
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => *byte,
    };
    let json = BASE64.decode(value.iter().map(standard).collect::<Vec<_>>()).ok()?;
    let mut leaves = Leaves::default();
    // serde_json bounds the depth.
    flatten(String::new(), serde_json::from_slice(&json).ok()?, &mut leaves);
    Some(leaves)
}

fn flatten(at: String, value: Value, into: &mut Leaves) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                flatten(format!("{at}/{key}"), value, into);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.into_iter().enumerate() {
                flatten(format!("{at}/{index}"), value, into);
            }
        }
        Value::String(text) => into.push(at, Scalar::String(text)),
        Value::Number(number) => into.push(at, Scalar::Number(number.to_string())),
        Value::Bool(flag) => into.push(at, Scalar::Bool(flag)),
        Value::Null => into.push(at, Scalar::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(value: &str) -> Option<String> {
        let leaves = leaves(&HeaderValue::from_str(value).unwrap())?;
        leaves.get("/error/code")?.text().map(str::to_owned)
    }

    #[test]
    fn base64_is_read_padded_or_not_and_in_both_alphabets() {
        // {"error":{"code":"a?>"}} and the same without its padding.
        for value in [
            "eyJlcnJvciI6eyJjb2RlIjoiYT8+In19",
            "eyJlcnJvciI6eyJjb2RlIjoiYT8-In19",
            " eyJlcnJvciI6eyJjb2RlIjoiYT8+In19ICA= ",
            "eyJlcnJvciI6eyJjb2RlIjoiYT8+In19ICA",
        ] {
            assert_eq!(code(value).as_deref(), Some("a?>"), "{value}");
        }
    }

    #[test]
    fn what_is_no_json_in_base64_holds_nothing() {
        for value in ["", "{}", "{\"error\":{\"code\":\"x\"}}", "AAAA", "e30", "eyJlcnJvciI6"] {
            assert_eq!(code(value), None, "{value}");
        }
        assert_eq!(code(&"A".repeat(MAX_BYTES + 4)), None);
    }

    #[test]
    fn nesting_without_end_is_no_trouble() {
        let deep = BASE64.encode("[".repeat(8_000));
        assert_eq!(code(&deep), None);
    }
}
