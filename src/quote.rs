//! Crossing a string that nobody wants.

/// How many bytes are asked at once whether there is a quote among them.
const BLOCK: usize = 32;

/// Looks for the quote that closes a string, of which `bytes` is the next
/// piece; `odd` says that an odd number of backslashes ended the one before.
/// Gives the length up to and including the quote, or the `odd` of this piece.
///
/// Only quotes are looked for: whether one closes the string is told by the
/// backslashes before it. Source code in a completion has an escaped quote
/// every few dozen bytes, and a search call for each would cost twice as much.
pub(crate) fn closing_quote(bytes: &[u8], odd: bool) -> Result<usize, bool> {
    let mut at = 0;
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        // To the last byte, whatever came before: so it is two vectors.
        if block.iter().fold(false, |found, byte| found | (*byte == b'"')) {
            for (place, word) in block.chunks_exact(8).enumerate() {
                let word = word.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
                let mut hits = quotes(word);
                while hits != 0 {
                    let quote = at + place * 8 + (hits.trailing_zeros() / 8) as usize;
                    if !is_escaped(bytes, quote, odd) {
                        return Ok(quote + 1);
                    }
                    hits &= hits - 1;
                }
            }
        }
        at += BLOCK;
    }
    while let Some(n) = bytes.get(at..).and_then(|tail| tail.iter().position(|b| *b == b'"')) {
        at += n + 1;
        if !is_escaped(bytes, at - 1, odd) {
            return Ok(at);
        }
    }
    Err(ends_escaped(bytes, odd))
}

/// The high bit of each byte of `word` that is a quote.
fn quotes(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let other = word ^ 0x2222_2222_2222_2222;
    !(((other & LOW) + LOW) | other | LOW)
}

/// The first two cases are nearly all quotes of source code.
#[inline]
fn is_escaped(bytes: &[u8], quote: usize, odd: bool) -> bool {
    match bytes.get(..quote).unwrap_or_default() {
        [.., before, b'\\'] if *before != b'\\' => true,
        [.., before] if *before != b'\\' => false,
        before => ends_escaped(before, odd),
    }
}

/// Whether the byte after `bytes` is escaped.
fn ends_escaped(bytes: &[u8], odd: bool) -> bool {
    let run = bytes.iter().rev().take_while(|b| **b == b'\\').count();
    (run % 2 == 1) != (run == bytes.len() && odd)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slowly(bytes: &[u8], mut odd: bool) -> Result<usize, bool> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' if !odd => return Ok(at + 1),
                b'\\' => odd = !odd,
                _ => odd = false,
            }
        }
        Err(odd)
    }

    #[test]
    fn a_run_of_quotes_ends_the_string_at_once() {
        for length in [1, BLOCK, 3 * BLOCK] {
            let quotes = vec![b'"'; length + 1];
            assert_eq!(closing_quote(&quotes, false), Ok(1));
            assert_eq!(closing_quote(&quotes, true), Ok(2));
        }
    }

    proptest! {
        #[test]
        fn it_finds_the_quote_that_a_byte_by_byte_scan_finds(text in "[\"\\\\#x\u{a2}]{0,40}x{0,60}[\"\\\\x]{0,20}", odd: bool) {
            prop_assert_eq!(closing_quote(text.as_bytes(), odd), slowly(text.as_bytes(), odd));
        }
    }
}
