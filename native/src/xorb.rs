//! The records of a xorb: a header of eight bytes (version, packed length, scheme, length; little-endian) and the bytes
//! of one chunk, as they are, in an LZ4 frame, or grouped by their place in numbers of four bytes before that.
use crate::xet::MAX_CHUNK;
use lz4_flex::block;
use std::io::Read;

pub const HEADER: usize = 8;
const PLAIN: u8 = 0;
const LZ4: u8 = 1;
const GROUPED_LZ4: u8 = 2;
/// Version 1, independent blocks of at most 256 KiB, no checksums: a chunk has its own hash.
const FRAME: [u8; 7] = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x50, 0xFB];
const UNCOMPRESSED_BLOCK: u32 = 1 << 31;
/// Compression must save at least 1/32, or reading pays for nothing.
const WORTH: usize = 32;
/// After this many chunks in a row that did not compress, only one in PROBE is tried.
const PATIENCE: u32 = 4;
const PROBE: u32 = 16;

/// Writes records; remembers whether compression is worth trying.
#[derive(Default)]
pub struct Encoder {
    misses: u32,
    grouped: Vec<u8>,
    table: Vec<u8>,
}

impl Encoder {
    /// Writes the record of `data` to `out`, which has room for HEADER + data.len() bytes; returns its length.
    pub fn encode(&mut self, data: &[u8], out: &mut [u8]) -> usize {
        if self.worth_trying() {
            if let Some(packed) = self.compress(data, out) {
                self.misses = 0;
                return packed;
            }
        }
        self.misses = self.misses.saturating_add(1);
        write_header(out, data.len(), PLAIN, data.len());
        out[HEADER..HEADER + data.len()].copy_from_slice(data);
        HEADER + data.len()
    }

    fn worth_trying(&self) -> bool {
        self.misses < PATIENCE || self.misses.is_multiple_of(PROBE)
    }

    fn compress(&mut self, data: &[u8], out: &mut [u8]) -> Option<usize> {
        let scheme = if looks_like_numbers(data) { GROUPED_LZ4 } else { LZ4 };
        if scheme == GROUPED_LZ4 {
            group(data, &mut self.grouped);
        }
        let source = if scheme == GROUPED_LZ4 { &self.grouped[..] } else { data };
        self.table.resize(block::get_maximum_output_size(source.len()), 0);
        let size = block::compress_into(source, &mut self.table).ok()?;
        let packed = FRAME.len() + 4 + size + 4;
        if packed + data.len() / WORTH > data.len() {
            return None;
        }
        write_header(out, packed, scheme, data.len());
        let body = &mut out[HEADER..HEADER + packed];
        body[..7].copy_from_slice(&FRAME);
        body[7..11].copy_from_slice(&(size as u32).to_le_bytes());
        body[11..11 + size].copy_from_slice(&self.table[..size]);
        body[11 + size..].fill(0);
        Some(HEADER + packed)
    }
}

fn write_header(out: &mut [u8], packed: usize, scheme: u8, length: usize) {
    out[0] = 0;
    out[1..4].copy_from_slice(&(packed as u32).to_le_bytes()[..3]);
    out[4] = scheme;
    out[5..8].copy_from_slice(&(length as u32).to_le_bytes()[..3]);
}

/// What a record's header says.
pub struct Header {
    pub packed: usize,
    pub scheme: u8,
    pub length: usize,
}

pub fn read_header(record: &[u8]) -> Option<Header> {
    let number = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], 0]) as usize;
    if record.len() < HEADER || record[0] != 0 || record[4] > GROUPED_LZ4 {
        return None;
    }
    let header = Header { packed: number(1), scheme: record[4], length: number(5) };
    let fits = (1..=MAX_CHUNK).contains(&header.length) && (1..=2 * MAX_CHUNK).contains(&header.packed);
    fits.then_some(header)
}

/// The chunk of a whole record into `out`, which has exactly its length. False: the record is damaged.
pub fn decode(record: &[u8], out: &mut [u8]) -> bool {
    let Some(header) = read_header(record) else { return false };
    let body = &record[HEADER..];
    if body.len() != header.packed || out.len() != header.length {
        return false;
    }
    match header.scheme {
        PLAIN if body.len() == out.len() => {
            out.copy_from_slice(body);
            true
        }
        LZ4 => unpack(body, out),
        GROUPED_LZ4 => {
            let mut grouped = vec![0; out.len()];
            let whole = unpack(body, &mut grouped);
            ungroup(&grouped, out);
            whole
        }
        _ => false,
    }
}

fn unpack(body: &[u8], out: &mut [u8]) -> bool {
    if let Some(block) = own_block(body) {
        return block::decompress_into(block, out).is_ok_and(|size| size == out.len());
    }
    // A frame that another program wrote.
    let mut decoder = lz4_flex::frame::FrameDecoder::new(body);
    decoder.read_exact(out).is_ok() && matches!(decoder.read(&mut [0]), Ok(0))
}

/// The one block of a frame as Encoder writes it.
fn own_block(body: &[u8]) -> Option<&[u8]> {
    let rest = body.strip_prefix(&FRAME)?;
    let size = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?);
    let block = rest.get(4..)?.strip_suffix(&[0; 4])?;
    (size & UNCOMPRESSED_BLOCK == 0 && block.len() == size as usize).then_some(block)
}

/// Whether bytes that are four apart resemble one another more than all of them do: floats, mostly.
fn looks_like_numbers(data: &[u8]) -> bool {
    const SAMPLE: usize = 8 * 1024;
    let mut lanes = [[0u32; 256]; 4];
    let sample = &data[..data.len().min(SAMPLE) / 4 * 4];
    for number in sample.chunks_exact(4) {
        for (lane, &byte) in lanes.iter_mut().zip(number) {
            lane[byte as usize] += 1;
        }
    }
    let squares = |counts: &[u32; 256]| counts.iter().map(|&n| u64::from(n) * u64::from(n)).sum::<u64>();
    let apart: u64 = lanes.iter().map(squares).sum();
    let mut all = [0u32; 256];
    lanes.iter().for_each(|lane| all.iter_mut().zip(lane).for_each(|(sum, n)| *sum += n));
    // Equal lanes give squares of a quarter; a lane that has only few values gives more.
    sample.len() >= 64 && apart * 4 > squares(&all) + squares(&all) / 8
}

/// Where each of the four groups ends.
fn ends(length: usize) -> [usize; 4] {
    let lane = |n: usize| (length + 3 - n) / 4;
    [lane(0), lane(0) + lane(1), lane(0) + lane(1) + lane(2), length]
}

/// The first bytes of all numbers, then the second ones, …
fn group(data: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.resize(data.len(), 0);
    let [a, b, c, _] = ends(data.len());
    let (first, rest) = out.split_at_mut(a);
    let (second, rest) = rest.split_at_mut(b - a);
    let (third, fourth) = rest.split_at_mut(c - b);
    for (i, number) in data.chunks_exact(4).enumerate() {
        (first[i], second[i], third[i], fourth[i]) = (number[0], number[1], number[2], number[3]);
    }
    let whole = data.len() / 4;
    for (lane, &byte) in [first, second, third].into_iter().zip(&data[whole * 4..]) {
        lane[whole] = byte;
    }
}

fn ungroup(grouped: &[u8], out: &mut [u8]) {
    let [a, b, c, d] = ends(grouped.len());
    let lanes = [&grouped[..a], &grouped[a..b], &grouped[b..c], &grouped[c..d]];
    let whole = out.len() / 4;
    for (i, number) in out.chunks_exact_mut(4).enumerate() {
        number.copy_from_slice(&[lanes[0][i], lanes[1][i], lanes[2][i], lanes[3][i]]);
    }
    for (byte, lane) in out[whole * 4..].iter_mut().zip(lanes) {
        *byte = lane[whole];
    }
}
