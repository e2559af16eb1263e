//! A compressed body under inspection.

use super::MAX_HELD_BYTES;
use crate::{body::Decoder, exchange::Uninspected};

/// What a compressed body says, as far as it was read.
pub(super) struct Encoded {
    decoder: Decoder,
    /// What it says while the response is held back, for the report.
    beginning: Vec<u8>,
    stopped: Option<Uninspected>,
}

impl Encoded {
    pub(super) fn new(encoding: String) -> Result<Self, Uninspected> {
        let decoder = Decoder::new(encoding)?;
        Ok(Self { decoder, beginning: Vec::new(), stopped: None })
    }

    /// Decodes on, and hands what comes of it to `to`, until that says no.
    /// Keeps it too if the response `is_held` back.
    pub(super) fn decode(
        &mut self,
        chunk: &[u8],
        is_held: bool,
        mut to: impl FnMut(&[u8]) -> bool,
    ) {
        let beginning = &mut self.beginning;
        let decoded = self.decoder.decode(chunk, |piece| {
            let room = if is_held { MAX_HELD_BYTES - beginning.len() } else { 0 };
            beginning.extend_from_slice(piece.get(..room).unwrap_or(piece));
            to(piece)
        });
        self.stopped = decoded.err();
    }

    /// Why it cannot be read further, if so.
    pub(super) fn stopped(&self) -> Option<&Uninspected> {
        self.stopped.as_ref()
    }

    /// What was kept, at most 64 KiB.
    #[cfg(feature = "tower")]
    pub(super) fn beginning(&self) -> &[u8] {
        &self.beginning
    }

    /// Keeps no more of it: it is handed on as it comes.
    pub(super) fn forget(&mut self) {
        self.beginning = Vec::new();
    }
}
