//! Tar archives (ustar, pax and GNU names): paths and links that leave the folder, devices, and the files in them.
use super::source::{Part, Source};
use super::zip::escapes;
use super::{look, Report, Severity, MOST_DEPTH};

const BLOCK: u64 = 512;
const MOST_ENTRIES: usize = 200_000;

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// Octal digits, or big-endian bytes after a first one with its high bit set.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        return field[1..]
            .iter()
            .try_fold(u64::from(field[0] & 0x7f), |sum, &byte| sum.checked_mul(256).map(|sum| sum | u64::from(byte)));
    }
    let digits = text(field);
    let digits = digits.trim();
    if digits.is_empty() {
        return Some(0);
    }
    u64::from_str_radix(digits, 8).ok()
}

/// "path" of a pax header: lines "length key=value".
fn pax_value(records: &[u8], key: &str) -> Option<String> {
    let mut rest = records;
    while let Some(space) = rest.iter().position(|&byte| byte == b' ') {
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length.checked_sub(1)?)?;
        if let Some(value) = record.strip_prefix(key.as_bytes()).and_then(|value| value.strip_prefix(b"=")) {
            return Some(String::from_utf8_lossy(value).into_owned());
        }
        rest = rest.get(length..)?;
    }
    None
}

struct Entry {
    name: String,
    link: String,
    kind: u8,
}

fn tell(entry: &Entry, place: &str, report: &mut Report) {
    let bad = match entry.kind {
        b'1' | b'2' if escapes(&entry.link) => {
            Some(format!("the link '{}' leads out of the archive's folder", entry.name))
        }
        b'3' | b'4' | b'6' => Some(format!("'{}' is a device or pipe", entry.name)),
        _ if escapes(&entry.name) => Some(format!("unpacking '{}' leaves the archive's folder", entry.name)),
        _ => None,
    };
    if let Some(message) = bad {
        report.add(Severity::Critical, "archive.path", message, place);
    }
}

pub fn scan(source: &mut dyn Source, place: &str, depth: u32, report: &mut Report) -> &'static str {
    if depth >= MOST_DEPTH {
        report.give_up("archives are in archives in archives");
        return "tar";
    }
    let (mut at, mut long_name, mut long_link) = (0u64, None::<String>, None::<String>);
    for _ in 0..MOST_ENTRIES {
        let Some(head) = source.piece(at, BLOCK as usize) else { return "tar" };
        if head.iter().all(|&byte| byte == 0) || &head[257..262] != b"ustar" {
            return "tar";
        }
        let Some(size) = number(&head[124..136]).filter(|size| *size <= source.size()) else {
            report.add(Severity::Warning, "tar.header", "the archive is damaged".to_string(), place);
            return "tar";
        };
        let (from, kind) = (at + BLOCK, head[156]);
        at = from + size.div_ceil(BLOCK) * BLOCK;
        let aside = || size.min(1 << 20) as usize;
        match kind {
            b'x' => {
                let records = source.piece(from, aside()).unwrap_or_default();
                long_name = pax_value(&records, "path").or(long_name);
                long_link = pax_value(&records, "linkpath").or(long_link);
                continue;
            }
            b'L' => long_name = source.piece(from, aside()).map(|name| text(&name)),
            b'K' => long_link = source.piece(from, aside()).map(|name| text(&name)),
            _ => {}
        }
        if matches!(kind, b'g' | b'L' | b'K') {
            continue;
        }
        let (prefix, short) = (text(&head[345..500]), text(&head[..100]));
        let joined = if prefix.is_empty() { short } else { format!("{prefix}/{short}") };
        let link = long_link.take().unwrap_or_else(|| text(&head[157..257]));
        let entry = Entry { name: long_name.take().unwrap_or(joined), link, kind };
        let inner = if place.is_empty() { entry.name.clone() } else { format!("{place}/{}", entry.name) };
        tell(&entry, &inner, report);
        if !report.may_read(BLOCK) {
            return "tar";
        }
        if matches!(kind, 0 | b'0' | b'7') && size > 0 {
            look(&mut Part { source, from, size }, &entry.name, &inner, depth + 1, report);
        }
    }
    report.give_up("the archive has too many files");
    "tar"
}
