//! Zip archives (APPNOTE 6.3): what is in them, and whether unpacking them leaves the folder or fills the disk. PyTorch, Keras,
//! NumPy and skops keep models in them.
use super::source::{read_whole, Bytes, Part, Source, Stream};
use super::{ends_with, keras, look, Report, Severity, MOST_DEPTH};
use flate2::read::DeflateDecoder;

const MOST_ENTRIES: u64 = 200_000;
const END: usize = 22;

struct Entry {
    name: String,
    method: u16,
    flags: u16,
    packed: u64,
    size: u64,
    header: u64,
    is_link: bool,
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}
fn u32_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]))
}
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u32_at(bytes, at) | u32_at(bytes, at + 4) << 32
}

/// Where the central directory begins, its size, and its entries.
fn directory(source: &mut dyn Source) -> Option<(u64, u64, u64)> {
    let tail = (END as u64 + 65_535).min(source.size());
    let from = source.size() - tail;
    let bytes = source.piece(from, tail as usize)?;
    let at = (0..=bytes.len().checked_sub(END)?).rev().find(|&i| bytes[i..].starts_with(b"PK\x05\x06"))?;
    let (count, size, start) = (u64::from(u16_at(&bytes, at + 10)), u32_at(&bytes, at + 12), u32_at(&bytes, at + 16));
    if count != 0xffff && start != 0xffff_ffff && size != 0xffff_ffff {
        return Some((start, size, count));
    }
    // Zip64: a locator precedes the end, and leads to a record with long numbers.
    let locator = source.piece((from + at as u64).checked_sub(20)?, 20)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Some((start, size, count));
    }
    let record = source.piece(u64_at(&locator, 8), 56)?;
    record.starts_with(b"PK\x06\x06").then(|| (u64_at(&record, 48), u64_at(&record, 40), u64_at(&record, 32)))
}

/// The long numbers of an entry's extra field take the place of those that are all ones.
fn lengthen(extra: &[u8], numbers: &mut [&mut u64]) {
    let mut at = 0;
    while at + 4 <= extra.len() {
        let (id, size) = (u16_at(extra, at), u16_at(extra, at + 2) as usize);
        at += 4;
        if id == 1 {
            let mut place = at;
            for number in numbers.iter_mut().filter(|number| ***number == 0xffff_ffff) {
                if place + 8 > extra.len().min(at + size) {
                    return;
                }
                **number = u64_at(extra, place);
                place += 8;
            }
        }
        at += size;
    }
}

fn next_entry(stream: &mut Stream) -> Option<Entry> {
    let head = stream.take(46, 46)?;
    if !head.starts_with(b"PK\x01\x02") {
        return None;
    }
    let name = stream.take(u64::from(u16_at(&head, 28)), 65_535)?;
    let extra = stream.take(u64::from(u16_at(&head, 30)), 65_535)?;
    stream.skip(u64::from(u16_at(&head, 32))).then_some(())?;
    let mut entry = Entry {
        name: String::from_utf8_lossy(&name).into_owned(),
        method: u16_at(&head, 10),
        flags: u16_at(&head, 8),
        packed: u32_at(&head, 20),
        size: u32_at(&head, 24),
        header: u32_at(&head, 42),
        is_link: head[5] == 3 && (u32_at(&head, 38) >> 16) & 0o170_000 == 0o120_000,
    };
    lengthen(&extra, &mut [&mut entry.size, &mut entry.packed, &mut entry.header]);
    Some(entry)
}

/// A path that unpacks to a place outside its folder.
pub fn escapes(name: &str) -> bool {
    name.starts_with(['/', '\\'])
        || name.as_bytes().get(1) == Some(&b':')
        || name.split(['/', '\\']).any(|part| part == "..")
}

/// Where the bytes of an entry begin, if its own header agrees with the directory.
fn content_at(source: &mut dyn Source, entry: &Entry) -> Option<(u64, bool)> {
    let head = source.piece(entry.header, 30)?;
    if !head.starts_with(b"PK\x03\x04") {
        return None;
    }
    let length = u64::from(u16_at(&head, 26));
    let name = source.piece(entry.header + 30, length as usize)?;
    let same = String::from_utf8_lossy(&name) == entry.name.as_str() && u16_at(&head, 8) == entry.method;
    Some((entry.header + 30 + length + u64::from(u16_at(&head, 28)), same))
}

fn look_into(
    source: &mut dyn Source,
    entry: &Entry,
    place: &str,
    depth: u32,
    report: &mut Report,
) -> Option<&'static str> {
    let (from, same) = content_at(source, entry)?;
    if !same {
        report.add(
            Severity::Critical,
            "zip.ambiguous",
            "the archive names this file twice, in different ways: programs read different contents".to_string(),
            place,
        );
    }
    match entry.method {
        0 => {
            let size = entry.packed;
            Some(look(&mut Part { source, from, size }, &entry.name, place, depth + 1, report))
        }
        8 => {
            let mut part = Part { source, from, size: entry.packed };
            let mut inflated = DeflateDecoder::new(Stream::new(&mut part, 0));
            let mut whole: Bytes = read_whole(&mut inflated, report)?;
            Some(look(&mut whole, &entry.name, place, depth + 1, report))
        }
        _ => {
            report.give_up("a file is packed by a method that the scan does not know");
            None
        }
    }
}

/// Text formats, which nothing runs: their bytes are not worth unpacking.
fn is_plain(name: &str) -> bool {
    ends_with(name, &[".json", ".txt", ".md", ".csv", ".xml", ".html", ".rels"])
}

pub fn scan(source: &mut dyn Source, name: &str, place: &str, depth: u32, report: &mut Report) -> &'static str {
    if depth >= MOST_DEPTH {
        report.give_up("archives are in archives in archives");
        return "zip";
    }
    let Some((start, size, count)) = directory(source) else {
        report.add(Severity::Warning, "zip.unreadable", "the archive has no directory".to_string(), place);
        return "zip";
    };
    if count > MOST_ENTRIES {
        report.give_up("the archive has too many files");
    }
    let Some(bytes) = source.piece(start, size.min(256 << 20) as usize) else {
        report.add(Severity::Warning, "zip.unreadable", "the archive's directory is cut off".to_string(), place);
        return "zip";
    };
    let mut list = Bytes(bytes);
    let mut stream = Stream::new(&mut list, 0);
    let mut entries = Vec::new();
    while let Some(entry) = (entries.len() < MOST_ENTRIES as usize).then(|| next_entry(&mut stream)).flatten() {
        entries.push(entry);
    }
    check_sizes(source.size(), &entries, place, report);
    let is_keras = ends_with(name, &[".keras"]) || entries.iter().any(|entry| entry.name == "model.weights.h5");
    let mut is_torch = false;
    for entry in &entries {
        let inner = if place.is_empty() { entry.name.clone() } else { format!("{place}/{}", entry.name) };
        if escapes(&entry.name) || entry.is_link {
            report.add(
                Severity::Critical,
                "archive.path",
                format!("unpacking '{}' leaves the archive's folder", entry.name),
                &inner,
            );
        }
        if !report.may_read(0) {
            break;
        }
        if entry.flags & 1 != 0 {
            report.give_up("a file in the archive is encrypted");
        } else if is_keras && entry.name == "config.json" {
            scan_keras(source, entry, &inner, report);
        } else if !entry.name.ends_with('/') && !is_plain(&entry.name) {
            let format = look_into(source, entry, &inner, depth, report);
            is_torch |= format == Some("pickle") && entry.name.ends_with("data.pkl");
        }
    }
    match (is_keras, is_torch, ends_with(name, &[".npz"])) {
        (true, ..) => "keras",
        (_, true, _) => "pytorch",
        (_, _, true) => "npz",
        _ => "zip",
    }
}

/// Archives that unpack to far more than they are: entries that overlap, or that compress as no data does.
fn check_sizes(file: u64, entries: &[Entry], place: &str, report: &mut Report) {
    let unpacked = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.size));
    let packed = entries.iter().fold(0u64, |sum, entry| sum.saturating_add(entry.packed));
    if unpacked > 1 << 30 && unpacked / 200 > file.max(1) || packed > file.saturating_mul(2) {
        report.add(
            Severity::Critical,
            "archive.bomb",
            format!("the archive's {file} bytes unpack to {unpacked}"),
            place,
        );
        report.give_up("the archive unpacks to too much");
    }
}

fn scan_keras(source: &mut dyn Source, entry: &Entry, place: &str, report: &mut Report) {
    let Some((from, _)) = content_at(source, entry) else { return };
    let mut part = Part { source, from, size: entry.packed };
    let whole = if entry.method == 8 {
        read_whole(&mut DeflateDecoder::new(Stream::new(&mut part, 0)), report)
    } else {
        read_whole(&mut Stream::new(&mut part, 0), report)
    };
    if let Some(Bytes(text)) = whole {
        keras::scan_config(&text, place, report);
    }
}
