//! Without the feature `decompression` there is no decoder.

use crate::exchange::Uninspected;

/// Nobody has one.
pub(crate) enum Decoder {}

impl Decoder {
    pub(crate) fn new(encoding: String) -> Result<Self, Uninspected> {
        Err(Uninspected::Compressed(encoding))
    }

    pub(crate) fn decode(
        &mut self,
        _chunk: &[u8],
        _to: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Uninspected> {
        match *self {}
    }
}
