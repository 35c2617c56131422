//! Bytes after the part of a pickle that can be followed: joblib writes arrays between operations and goes on behind them. There
//! the imports are searched for by their form: two names one after the other.
use super::imports::judge;
use super::source::Source;
use super::{Report, Severity};

const PIECE: usize = 1 << 20;
/// No import is longer: pieces overlap by so much.
const LONGEST: usize = 600;
const NAME: usize = 255;

fn name(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let fine = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    fine.then_some(text)
}

/// A text that an operation pushes: SHORT_BINUNICODE or BINUNICODE; and what follows, past MEMOIZE or BINPUT.
fn pushed(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (from, size) = match bytes.first()? {
        0x8c => (2, *bytes.get(1)? as usize),
        b'X' => (5, u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?) as usize),
        _ => return None,
    };
    if size > NAME {
        return None;
    }
    let text = name(bytes.get(from..from + size)?)?;
    let rest = &bytes[from + size..];
    Some((
        text,
        match rest.first() {
            Some(0x94) => &rest[1..],
            Some(b'q') => rest.get(2..)?,
            _ => rest,
        },
    ))
}

/// `c module \n name \n`
fn global(bytes: &[u8]) -> Option<(&str, &str)> {
    let end = |bytes: &[u8]| bytes.iter().take(NAME).position(|&byte| byte == b'\n');
    let rest = bytes.strip_prefix(b"c").or_else(|| bytes.strip_prefix(b"i"))?;
    let module = &rest[..end(rest)?];
    let rest = &rest[module.len() + 1..];
    Some((name(module)?, name(&rest[..end(rest)?])?))
}

fn import(bytes: &[u8]) -> Option<(&str, &str)> {
    if let Some(found) = global(bytes) {
        return Some(found);
    }
    let (module, rest) = pushed(bytes)?;
    let (name, _) = pushed(rest)?;
    Some((module, name))
}

/// Adds a finding for each dangerous import from `at` on.
pub fn search(source: &mut dyn Source, mut at: u64, place: &str, report: &mut Report) {
    let mut told = std::collections::BTreeSet::new();
    while at < source.size() {
        let size = usize::try_from(source.size() - at).unwrap_or(PIECE).min(PIECE);
        let Some(piece) = source.piece(at, size).filter(|_| report.may_read(size as u64)) else { return };
        for from in 0..piece.len() {
            if !matches!(piece[from], b'c' | b'i' | b'X' | 0x8c) {
                continue;
            }
            let window = &piece[from..piece.len().min(from + LONGEST)];
            let Some((module, name)) = import(window) else { continue };
            if judge(module, name) == Some(Severity::Critical) && told.insert(format!("{module}.{name}")) {
                let message = format!("loading this pickle can run {module}.{name}");
                report.add(Severity::Critical, "pickle.import", message, place);
            }
        }
        at += if size > LONGEST && size == PIECE { (size - LONGEST) as u64 } else { size as u64 };
    }
}
