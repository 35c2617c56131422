//! Xet's content-defined chunking and hashes, as its specification 1.1.0 has them.
use gearhash::Hasher;
use std::fmt::Write;

pub const MIN_CHUNK: usize = 8 * 1024;
pub const MAX_CHUNK: usize = 128 * 1024;
const MASK: u64 = 0xFFFF_0000_0000_0000; // 1 cut in 64 KiB
const WINDOW: usize = 64; // older bytes have left the hash

pub type Hash = [u8; 32];

const DATA_KEY: Hash = [
    0x66, 0x97, 0xf5, 0x77, 0x5b, 0x95, 0x50, 0xde, 0x31, 0x35, 0xcb, 0xac, 0xa5, 0x97, 0x18, 0x1c, 0x9d, 0xe4, 0x21,
    0x10, 0x9b, 0xeb, 0x2b, 0x58, 0xb4, 0xd0, 0xb0, 0x4b, 0x93, 0xad, 0xf2, 0x29,
];
const NODE_KEY: Hash = [
    0x01, 0x7e, 0xc5, 0xc7, 0xa5, 0x47, 0x29, 0x96, 0xfd, 0x94, 0x66, 0x66, 0xb4, 0x8a, 0x02, 0xe6, 0x5d, 0xdd, 0x53,
    0x6f, 0x37, 0xc7, 0x6d, 0xd2, 0xf8, 0x63, 0x52, 0xe6, 0x4a, 0x53, 0x71, 0x3f,
];
const VERIFICATION_KEY: Hash = [
    0x7f, 0x18, 0x57, 0xd6, 0xce, 0x56, 0xed, 0x66, 0x12, 0x7f, 0xf9, 0x13, 0xe7, 0xa5, 0xc3, 0xf3, 0xa4, 0xcd, 0x26,
    0xd5, 0xb5, 0xdb, 0x49, 0xe6, 0x41, 0x24, 0x98, 0x7f, 0x28, 0xfb, 0x94, 0xc3,
];

pub fn chunk_hash(data: &[u8]) -> Hash {
    *blake3::keyed_hash(&DATA_KEY, data).as_bytes()
}

/// The hash of a run of chunks that a client proves possession with.
pub fn verification_hash(hashes: &[u8]) -> Hash {
    *blake3::keyed_hash(&VERIFICATION_KEY, hashes).as_bytes()
}

/// The hash of a file whose chunks have the Merkle root `root`.
pub fn file_hash(root: &Hash) -> Hash {
    *blake3::keyed_hash(&[0; 32], root).as_bytes()
}

/// Finds the ends of chunks in bytes that arrive in pieces.
pub struct Chunker {
    hasher: Hasher<'static>,
    length: usize, // of the current chunk so far
}

impl Chunker {
    pub fn new() -> Self {
        Chunker { hasher: Hasher::default(), length: 0 }
    }

    /// How many of the next bytes belong to the current chunk, and whether it ends after them.
    pub fn next(&mut self, data: &[u8]) -> (usize, bool) {
        let mut at = 0;
        // No chunk ends before MIN_CHUNK, so only the bytes that are still in the hash then are hashed.
        if self.length + WINDOW < MIN_CHUNK {
            at = data.len().min(MIN_CHUNK - WINDOW - self.length);
        }
        if self.length + at < MIN_CHUNK - 1 {
            let warm = data.len().min(MIN_CHUNK - 1 - self.length);
            self.hasher.update(&data[at..warm]);
            at = warm;
        }
        let end = data.len().min(MAX_CHUNK - self.length);
        let found = self.hasher.next_match(&data[at.min(end)..end], MASK).map(|n| at + n);
        let taken = found.unwrap_or(end);
        self.length += taken;
        let cut = found.is_some() || self.length == MAX_CHUNK;
        if cut {
            *self = Chunker::new();
        }
        (taken, cut)
    }
}

/// The Merkle tree over chunk hashes, in memory that grows with the logarithm of their number.
#[derive(Clone, Default)]
pub struct Tree {
    levels: Vec<Level>,
}

#[derive(Clone, Default)]
struct Level {
    open: Vec<(Hash, u64)>, // the group that is not complete
    closed: bool,           // whether a group was complete before it
}

const SMALLEST_GROUP: usize = 3;
const LARGEST_GROUP: usize = 9;

impl Tree {
    pub fn add(&mut self, hash: Hash, length: u64) {
        let mut node = (hash, length);
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Level::default());
            }
            let Level { open, closed } = &mut self.levels[level];
            open.push(node);
            // The fourth number of the hash is divisible by four.
            let cuts = node.0[24].is_multiple_of(4);
            if !(open.len() == LARGEST_GROUP || (open.len() >= SMALLEST_GROUP && cuts)) {
                return;
            }
            node = parent(open);
            open.clear();
            *closed = true;
        }
    }

    /// All zeros for a tree without chunks.
    pub fn root(&self) -> Hash {
        let mut above: Option<(Hash, u64)> = None;
        for level in &self.levels {
            let mut group = level.open.clone();
            group.extend(above.take());
            if group.is_empty() {
                continue;
            }
            if !level.closed && group.len() == 1 {
                return group[0].0;
            }
            above = Some(parent(&group));
        }
        above.map_or([0; 32], |node| node.0)
    }
}

fn parent(children: &[(Hash, u64)]) -> (Hash, u64) {
    let mut text = String::with_capacity(children.len() * 80);
    for (hash, length) in children {
        let _ = writeln!(text, "{} : {length}", hash_text(hash));
    }
    (*blake3::keyed_hash(&NODE_KEY, text.as_bytes()).as_bytes(), children.iter().map(|child| child.1).sum())
}

/// Xet writes a hash as four little-endian numbers.
pub fn hash_text(hash: &Hash) -> String {
    hash.chunks_exact(8).fold(String::with_capacity(64), |mut text, part| {
        let _ = write!(text, "{:016x}", u64::from_le_bytes(part.try_into().unwrap_or_default()));
        text
    })
}
