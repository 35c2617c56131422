//! Where bytes are read from: the stored file, a part of it, or what was unpacked from it.
use super::Report;
use flate2::read::{GzDecoder, ZlibDecoder};
use std::io::Read;

pub trait Source {
    fn size(&self) -> u64;
    /// Bytes from `offset`, fewer at the end; None if the medium fails.
    fn read_some(&mut self, offset: u64, into: &mut [u8]) -> Option<usize>;

    /// Exactly `into.len()` bytes, or false.
    fn read_all(&mut self, offset: u64, into: &mut [u8]) -> bool {
        let mut have = 0;
        while have < into.len() {
            match self.read_some(offset + have as u64, &mut into[have..]) {
                Some(count) if count > 0 => have += count,
                _ => return false,
            }
        }
        true
    }

    /// The bytes [offset, offset + size) in memory, if the source has them.
    fn piece(&mut self, offset: u64, size: usize) -> Option<Vec<u8>> {
        if offset.checked_add(size as u64)? > self.size() {
            return None;
        }
        let mut bytes = vec![0; size];
        self.read_all(offset, &mut bytes).then_some(bytes)
    }
}

/// Bytes in memory.
pub struct Bytes(pub Vec<u8>);
impl Source for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }
    fn read_some(&mut self, offset: u64, into: &mut [u8]) -> Option<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let count = into.len().min(self.0.len() - from);
        into[..count].copy_from_slice(&self.0[from..from + count]);
        Some(count)
    }
}

/// A part of another source.
pub struct Part<'a> {
    pub source: &'a mut dyn Source,
    pub from: u64,
    pub size: u64,
}
impl Source for Part<'_> {
    fn size(&self) -> u64 {
        self.size
    }
    fn read_some(&mut self, offset: u64, into: &mut [u8]) -> Option<usize> {
        let left = self.size.saturating_sub(offset);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        self.source.read_some(self.from.checked_add(offset)?, &mut into[..count])
    }
}

/// Reads a source from a place on.
pub struct Stream<'a> {
    source: &'a mut dyn Source,
    at: u64,
    buffer: Vec<u8>,
    used: usize,
}
impl<'a> Stream<'a> {
    pub fn new(source: &'a mut dyn Source, at: u64) -> Self {
        Stream { source, at, buffer: Vec::new(), used: 0 }
    }
    pub fn at(&self) -> u64 {
        self.at - (self.buffer.len() - self.used) as u64
    }
    fn fill(&mut self) -> bool {
        self.buffer.resize(64 * 1024, 0);
        let count = self.source.read_some(self.at, &mut self.buffer).unwrap_or(0);
        self.buffer.truncate(count);
        self.used = 0;
        self.at += count as u64;
        count > 0
    }
    pub fn byte(&mut self) -> Option<u8> {
        if self.used == self.buffer.len() && !self.fill() {
            return None;
        }
        self.used += 1;
        Some(self.buffer[self.used - 1])
    }
    pub fn number(&mut self, bytes: usize) -> Option<u64> {
        let mut value = 0u64;
        for i in 0..bytes {
            value |= u64::from(self.byte()?) << (8 * i);
        }
        Some(value)
    }
    /// At most `keep` of the next `size` bytes; goes past all of them. None if there are fewer.
    pub fn take(&mut self, size: u64, keep: usize) -> Option<Vec<u8>> {
        let kept = usize::try_from(size).unwrap_or(usize::MAX).min(keep);
        let mut bytes = Vec::with_capacity(kept.min(64 * 1024));
        for _ in 0..kept {
            bytes.push(self.byte()?);
        }
        self.skip(size - kept as u64).then_some(bytes)
    }
    pub fn skip(&mut self, size: u64) -> bool {
        let held = (self.buffer.len() - self.used) as u64;
        if size <= held {
            self.used += size as usize;
            return true;
        }
        let Some(to) = self.at.checked_add(size - held) else { return false };
        if to > self.source.size() {
            return false;
        }
        self.at = to;
        self.buffer.clear();
        self.used = 0;
        true
    }
    /// Up to a line's end, which is left out; at most `keep` bytes of it.
    pub fn line(&mut self, keep: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return Some(bytes),
                byte if bytes.len() < keep => bytes.push(byte),
                _ => return None,
            }
        }
    }
}
impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.used == self.buffer.len() && !self.fill() {
            return Ok(0);
        }
        let count = into.len().min(self.buffer.len() - self.used);
        into[..count].copy_from_slice(&self.buffer[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}

/// A zlib or gzip stream, unpacked into memory as far as the report's limits allow.
pub struct Inflated<'a> {
    decoder: Box<dyn Read + 'a>,
}
const MOST_IN_MEMORY: usize = 256 << 20;
impl<'a> Inflated<'a> {
    pub fn new(source: &'a mut dyn Source, at: u64, gzip: bool) -> Self {
        let stream = Stream::new(source, at);
        let decoder: Box<dyn Read + 'a> =
            if gzip { Box::new(GzDecoder::new(stream)) } else { Box::new(ZlibDecoder::new(stream)) };
        Inflated { decoder }
    }
    pub fn load(&mut self, report: &mut Report) -> Option<Bytes> {
        read_whole(&mut self.decoder, report)
    }
}

/// What `reader` gives until its end or its first fault. None beyond the limits.
pub fn read_whole(reader: &mut dyn Read, report: &mut Report) -> Option<Bytes> {
    let mut bytes = Vec::new();
    let mut piece = vec![0u8; 64 * 1024];
    loop {
        match reader.read(&mut piece) {
            Ok(0) | Err(_) => return Some(Bytes(bytes)),
            Ok(count) => {
                if !report.may_read(count as u64) {
                    return None;
                }
                if bytes.len() + count > MOST_IN_MEMORY {
                    report.give_up("a compressed part is too large to unpack");
                    return None;
                }
                bytes.extend_from_slice(&piece[..count]);
            }
        }
    }
}
