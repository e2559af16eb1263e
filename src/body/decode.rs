//! Bounded decompression of a body that passes. No I/O.

use compression_codecs::{
    BrotliDecoder, DecodeV2, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
    core::util::{PartialBuffer, WriteBuffer},
    zstd::params::DParameter,
};

use crate::exchange::Uninspected;

/// What a body may become in any case.
const FREE_OUTPUT: u64 = 64 * 1024;
/// How many bytes may come of each byte beyond that.
const MAX_RATIO: u64 = 128;
/// What a body may become in all.
const MAX_OUTPUT: u64 = 256 * 1024 * 1024;
/// The most that HTTP allows (RFC 9659): 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;
/// How much is decoded at a time.
const PIECE: usize = 8 * 1024;

/// Decodes one body of one encoding as it comes.
///
/// Memory: the encoding's window, at most 32 KiB (gzip, deflate), 8 MiB (zstd)
/// or 16 MiB (br), as far as the body fills it.
pub(crate) struct Decoder {
    encoding: String,
    codec: Codec,
    /// A member is over; what follows is another, or nothing.
    between: bool,
    read: u64,
    made: u64,
}

enum Codec {
    /// Decoded from its first byte on, see [`deflate`].
    Deflate,
    /// Bodies of this encoding may be several, one behind the other.
    Members(Box<dyn DecodeV2 + Send + Sync>),
    /// What follows its end is no part of it.
    Single(Box<dyn DecodeV2 + Send + Sync>),
}

impl Decoder {
    /// Fails for an encoding that is not known, or more than one.
    pub(crate) fn new(encoding: String) -> Result<Self, Uninspected> {
        let codec = match encoding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Codec::Members(Box::new(GzipDecoder::new())),
            "deflate" => Codec::Deflate,
            "br" => Codec::Single(Box::new(BrotliDecoder::new())),
            "zstd" => {
                let window = DParameter::window_log_max(ZSTD_WINDOW_LOG);
                Codec::Members(Box::new(ZstdDecoder::new_with_params(&[window])))
            }
            _ => return Err(Uninspected::Compressed(encoding)),
        };
        Ok(Self { encoding, codec, between: false, read: 0, made: 0 })
    }

    /// Decodes on, and hands what comes of it to `to`, until that says no.
    /// After a failure there is no more to come.
    pub(crate) fn decode(
        &mut self,
        chunk: &[u8],
        mut to: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Uninspected> {
        if chunk.is_empty() {
            return Ok(());
        }
        self.read += chunk.len() as u64;
        let (mut input, mut piece) = (PartialBuffer::new(chunk), [0; PIECE]);
        loop {
            let rest = input.unwritten().len();
            if rest == 0 && self.between {
                return Ok(());
            }
            let codec = match &mut self.codec {
                Codec::Deflate => {
                    self.codec = Codec::Single(deflate(chunk[0]));
                    continue;
                }
                Codec::Single(_) if self.between => return Ok(()),
                Codec::Members(codec) if self.between => {
                    self.between = false;
                    codec.reinit().map_err(|_| Uninspected::Corrupt(self.encoding.clone()))?;
                    codec
                }
                Codec::Members(codec) | Codec::Single(codec) => codec,
            };
            let mut output = WriteBuffer::new_initialized(&mut piece);
            let step = match rest {
                0 => codec.flush(&mut output).map(|_| false),
                _ => codec.decode(&mut input, &mut output),
            };
            let made = output.written();
            self.made += made.len() as u64;
            let most = MAX_OUTPUT.min(FREE_OUTPUT + self.read.saturating_mul(MAX_RATIO));
            if self.made > most {
                return Err(Uninspected::Oversized(self.encoding.clone()));
            }
            if !made.is_empty() && !to(made) {
                return Ok(());
            }
            self.between = step.map_err(|_| Uninspected::Corrupt(self.encoding.clone()))?;
            let more = self.between || made.len() == PIECE;
            if !more && input.unwritten().is_empty() {
                return Ok(());
            }
        }
    }
}

/// The decoder for a body called `deflate`: zlib's format, as the standard
/// has it, or the bare deflate that some servers send. A first byte tells them
/// apart: with zlib's method 8 in its low half, a bare one would begin with a
/// stored block whose unused bits are not zero.
fn deflate(first: u8) -> Box<dyn DecodeV2 + Send + Sync> {
    match first & 0x0F == 8 {
        true => Box::new(ZlibDecoder::new()),
        false => Box::new(DeflateDecoder::new()),
    }
}
