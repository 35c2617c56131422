//! NumPy's .npy files (format versions 1 to 3): an array of objects is a pickle.
use super::source::{Part, Source};
use super::{pickle, Report, Severity};

pub fn scan(source: &mut dyn Source, place: &str, report: &mut Report) -> &'static str {
    let Some(head) = source.piece(0, 12) else { return "unknown" };
    let (start, length) = match head[6] {
        1 => (10u64, u64::from(u16::from_le_bytes([head[8], head[9]]))),
        _ => (12u64, u64::from(u32::from_le_bytes([head[8], head[9], head[10], head[11]]))),
    };
    let Some(header) = source.piece(start, length.min(1 << 20) as usize) else {
        report.add(Severity::Warning, "npy.header", "its header is cut off".to_string(), place);
        return "npy";
    };
    let text = String::from_utf8_lossy(&header);
    if let Some(kind) = text.split("'descr':").nth(1).and_then(|rest| rest.split(',').next()) {
        if kind.contains('O') {
            report.add(
                Severity::Info,
                "npy.objects",
                "the array holds Python objects, so that loading it unpickles".to_string(),
                place,
            );
            let from = start + length;
            let size = source.size().saturating_sub(from);
            pickle::scan(&mut Part { source, from, size }, "objects.pkl", place, report);
        }
    }
    "npy"
}
