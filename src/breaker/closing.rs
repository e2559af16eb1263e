//! The event that closes a stream, in each format's own words.

/// Lines that stand in the last event of a stream: OpenAI's chat, Anthropic's
/// messages, OpenAI's responses.
const LAST: [(&[u8], &[u8]); 4] = [
    (b"data:", b"[DONE]"),
    (b"event:", b"message_stop"),
    (b"event:", b"response.completed"),
    (b"event:", b"response.incomplete"),
];
/// More than the longest of them.
const MAX_LINE: usize = 32;

/// Reads a stream until it has said that it is over. Many clients read no
/// further than that, and never see the end of the body.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// The present line, as far as it may matter.
    line: Vec<u8>,
    after_cr: bool,
    /// The present event is the last one.
    last: bool,
    over: bool,
}

impl Closing {
    /// Whether the last event has come by the end of `bytes`.
    pub(super) fn read(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => self.end_line(),
                _ if self.line.len() < MAX_LINE => self.line.push(byte),
                _ => {}
            }
        }
        self.over
    }

    fn end_line(&mut self) {
        self.over |= self.last && self.line.is_empty();
        self.last |= LAST.iter().any(|(field, value)| {
            let said = self.line.strip_prefix(*field);
            said.is_some_and(|said| said.strip_prefix(b" ").unwrap_or(said) == *value)
        });
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_over_with_the_blank_line_behind_its_last_event_at_any_chunking() {
        for (stream, over) in [
            ("data: {}\n\ndata: [DONE]\n\n", true),
            ("data:[DONE]\r\n\r\n", true),
            ("event: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\n", true),
            ("event: message_stop\rdata: {}\r\r", true),
            ("event: response.completed\ndata: {}\n\n", true),
            ("data: [DONE]\n", false),
            ("event: message_stop\r\ndata: {}\r\n", false),
            ("event: message_stopped\ndata: {}\n\n", false),
            ("data: {\"content\":\"data: [DONE]\"}\n\n", false),
            ("data: [DONE]                          \n\n", false),
            ("event: error\ndata: [DONE] and more\n\n", false),
        ] {
            assert_eq!(Closing::default().read(stream.as_bytes()), over, "{stream:?}");
            let mut one_by_one = Closing::default();
            let said = stream.bytes().map(|byte| one_by_one.read(&[byte])).last();
            assert_eq!(said, Some(over), "{stream:?}");
        }
    }
}
