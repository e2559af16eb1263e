//! One JSON string, unescaped as it arrives.

use memchr::memchr2;

/// A string under way: what is decoded of it, up to a limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    limit: usize,
    cut: bool,
    escape: Escape,
    /// The first half of a surrogate pair.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Escape {
    #[default]
    None,
    Backslash,
    Hex {
        digits: u8,
        value: u16,
    },
}

impl Text {
    /// Starts anew; of what comes at most `limit` bytes are kept.
    pub(super) fn start(&mut self, limit: usize) {
        self.bytes.clear();
        self.limit = limit;
        self.cut = false;
        self.escape = Escape::None;
        self.high = None;
    }

    /// Decodes up to and including the closing quote. Says how many bytes
    /// that took, and whether the quote was there.
    pub(super) fn feed(&mut self, chunk: &[u8]) -> (usize, bool) {
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            match self.escape {
                Escape::None => {
                    let Some(n) = memchr2(b'"', b'\\', rest) else {
                        self.push(rest);
                        return (chunk.len(), false);
                    };
                    let (plain, stop) = rest.split_at(n);
                    self.push(plain);
                    rest = stop.get(1..).unwrap_or_default();
                    if stop.first() == Some(&b'"') {
                        self.lone_surrogate();
                        return (chunk.len() - rest.len(), true);
                    }
                    self.escape = Escape::Backslash;
                }
                Escape::Backslash => {
                    self.escape = Escape::None;
                    rest = after;
                    match byte {
                        b'u' => self.escape = Escape::Hex { digits: 0, value: 0 },
                        b'n' => self.push(b"\n"),
                        b't' => self.push(b"\t"),
                        b'r' => self.push(b"\r"),
                        b'b' => self.push(b"\x08"),
                        b'f' => self.push(b"\x0c"),
                        other => self.push(&[other]),
                    }
                }
                Escape::Hex { digits, value } => match char::from(byte).to_digit(16) {
                    Some(digit) => {
                        rest = after;
                        // A digit is below 16: it fits.
                        let value = value * 16 + digit as u16;
                        if digits == 3 {
                            self.escape = Escape::None;
                            self.unit(value);
                        } else {
                            self.escape = Escape::Hex { digits: digits + 1, value };
                        }
                    }
                    // Not four digits: the byte is read again as plain text,
                    // as a scan that only counts backslashes reads it.
                    None => {
                        self.escape = Escape::None;
                        self.lone_surrogate();
                        self.push_char(char::REPLACEMENT_CHARACTER);
                    }
                },
            }
        }
        (chunk.len(), false)
    }

    /// Appends raw bytes of a scalar that needs no decoding.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.lone_surrogate();
        let room = self.limit.saturating_sub(self.bytes.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.cut |= kept.len() < bytes.len();
        self.bytes.extend_from_slice(kept);
    }

    /// Whether the limit was passed.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// What was decoded so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text so far; what is no UTF-8 becomes U+FFFD, and a character that
    /// was cut in half is left out.
    pub(super) fn to_text(&self) -> String {
        let whole = match std::str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() => {
                self.bytes.get(..error.valid_up_to()).unwrap_or_default()
            }
            _ => &self.bytes,
        };
        String::from_utf8_lossy(whole).into_owned()
    }

    fn push_char(&mut self, c: char) {
        self.push(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn lone_surrogate(&mut self) {
        if self.high.take().is_some() {
            self.push_char(char::REPLACEMENT_CHARACTER);
        }
    }

    fn unit(&mut self, unit: u16) {
        match (self.high.take(), unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                let c = char::decode_utf16([high, unit]).next();
                self.push_char(c.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (lone, 0xD800..=0xDBFF) => {
                self.high = lone;
                self.lone_surrogate();
                self.high = Some(unit);
            }
            (lone, _) => {
                self.high = lone;
                self.lone_surrogate();
                let c = char::from_u32(u32::from(unit));
                self.push_char(c.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
    }
}
