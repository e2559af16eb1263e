//! Bodies as servers compress them.
#![allow(dead_code)] // No test takes all of it.

use compression_codecs::{
    BrotliEncoder, DeflateEncoder, EncodeV2, GzipEncoder, ZlibEncoder, ZstdEncoder,
    brotli::params::EncoderParams,
    core::{
        Level,
        util::{PartialBuffer, WriteBuffer},
    },
    flate::params::FlateEncoderParams,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Gzip,
    /// zlib's format, as the standard has it.
    Deflate,
    /// Without zlib's frame, as some servers send it.
    BareDeflate,
    Brotli,
    Zstd,
}

pub const ENCODINGS: [Encoding; 5] =
    [Encoding::Gzip, Encoding::Deflate, Encoding::BareDeflate, Encoding::Brotli, Encoding::Zstd];

impl Encoding {
    /// Its `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate | Self::BareDeflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    pub fn has_members(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd)
    }
}

/// A body that is compressed as it comes.
pub struct Stream(Box<dyn EncodeV2>);

impl Stream {
    pub fn new(encoding: Encoding) -> Self {
        let flate = || FlateEncoderParams::from(Level::Default);
        Self(match encoding {
            Encoding::Gzip => Box::new(GzipEncoder::new(flate())),
            Encoding::Deflate => Box::new(ZlibEncoder::new(flate())),
            Encoding::BareDeflate => Box::new(DeflateEncoder::new(flate())),
            Encoding::Brotli => {
                Box::new(BrotliEncoder::new(EncoderParams::default().quality(Level::Fastest)))
            }
            Encoding::Zstd => Box::new(ZstdEncoder::new(3)),
        })
    }

    /// What a server sends for `bytes`, when it holds nothing back.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = self.encode(bytes);
        self.until_done(&mut out, |codec, output| codec.flush(output).unwrap());
        out
    }

    fn encode(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (mut input, mut out) = (PartialBuffer::new(bytes), Vec::new());
        while !input.unwritten().is_empty() {
            let mut piece = [0; 4096];
            let mut output = WriteBuffer::new_initialized(&mut piece);
            self.0.encode(&mut input, &mut output).unwrap();
            out.extend_from_slice(output.written());
        }
        out
    }

    fn until_done(
        &mut self,
        out: &mut Vec<u8>,
        step: impl Fn(&mut dyn EncodeV2, &mut WriteBuffer<'_>) -> bool,
    ) {
        loop {
            let mut piece = [0; 4096];
            let mut output = WriteBuffer::new_initialized(&mut piece);
            let done = step(&mut *self.0, &mut output);
            out.extend_from_slice(output.written());
            if done {
                return;
            }
        }
    }
}

/// All of a body.
pub fn compressed(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let mut stream = Stream::new(encoding);
    let mut out = stream.encode(bytes);
    stream.until_done(&mut out, |codec, output| codec.finish(output).unwrap());
    out
}
