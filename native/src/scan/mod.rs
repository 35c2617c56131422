//! Looks into files that came from outside for what would run or mislead when somebody loads them, without running or
//! loading anything: pickles, archives and the headers of model files.
//!
//! A finding is critical when loading the file runs code of the file's author or leaves its folder, a warning when it
//! may, and info when a reader should know. A scan that could not look everywhere says so (`complete`).

mod gguf;
mod imports;
mod keras;
mod npy;
mod onnx;
mod opcode;
mod pickle;
mod rest;
mod safetensors;
mod source;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

pub use source::Source;

use serde_json::{json, Map, Value as Json};
use std::time::{Duration, Instant};

const MOST_FINDINGS: usize = 200;
/// Archives within archives.
const MOST_DEPTH: u32 = 4;
const MOST_TIME: Duration = Duration::from_secs(20);
/// Bytes that are read or unpacked for one file.
const MOST_BYTES: u64 = 1 << 30;

#[derive(Clone, Copy, PartialEq)]
pub enum Severity {
    Critical,
    Warning,
    Info,
}

/// What was found in one file and the files in it.
pub struct Report {
    format: &'static str,
    findings: Vec<Json>,
    critical: u64,
    warnings: u64,
    facts: Map<String, Json>,
    incomplete: Option<&'static str>,
    began: Instant,
    bytes: u64,
}

impl Report {
    fn new() -> Self {
        Report {
            format: "unknown",
            findings: Vec::new(),
            critical: 0,
            warnings: 0,
            facts: Map::new(),
            incomplete: None,
            began: Instant::now(),
            bytes: 0,
        }
    }

    /// `place`: the path inside the file; empty: the file itself.
    pub fn add(&mut self, severity: Severity, code: &str, message: String, place: &str) {
        let word = match severity {
            Severity::Critical => {
                self.critical += 1;
                "critical"
            }
            Severity::Warning => {
                self.warnings += 1;
                "warning"
            }
            Severity::Info => "info",
        };
        if self.findings.len() < MOST_FINDINGS {
            let mut finding = json!({"severity": word, "code": code, "message": shorten(&message, 300)});
            if !place.is_empty() {
                finding["place"] = json!(shorten(place, 300));
            }
            self.findings.push(finding);
        }
    }

    pub fn fact(&mut self, name: &str, value: impl Into<Json>) {
        if self.facts.len() < 100 {
            self.facts.insert(shorten(name, 100), value.into());
        }
    }

    pub fn give_up(&mut self, why: &'static str) {
        self.incomplete.get_or_insert(why);
    }

    /// Counts bytes that were looked at. False once there were too many of them, or it took too long.
    pub fn may_read(&mut self, more: u64) -> bool {
        self.bytes = self.bytes.saturating_add(more);
        if self.bytes > MOST_BYTES {
            self.give_up("the limit of bytes to unpack was reached");
        } else if self.began.elapsed() > MOST_TIME {
            self.give_up("the limit of time was reached");
        }
        self.incomplete.is_none()
    }

    fn json(self) -> Json {
        let mut all = json!({"format": self.format, "critical": self.critical, "warnings": self.warnings,
                             "findings": self.findings, "complete": self.incomplete.is_none()});
        if let Some(why) = self.incomplete {
            all["incomplete"] = json!(why);
        }
        if !self.facts.is_empty() {
            all["facts"] = Json::Object(self.facts);
        }
        all
    }
}

/// At most `limit` bytes, cut between characters.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_string();
    }
    let end = (0..=limit).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// Scans one file. Its name matters where a loader goes by it.
pub fn scan(source: &mut dyn Source, name: &str) -> Json {
    let mut report = Report::new();
    report.format = look(source, name, "", 0, &mut report);
    report.json()
}

fn ends_with(name: &str, endings: &[&str]) -> bool {
    let lower = name.to_ascii_lowercase();
    endings.iter().any(|ending| lower.ends_with(ending))
}

/// Names that loaders unpickle whatever the bytes look like.
fn is_pickle_name(name: &str) -> bool {
    ends_with(name, &[".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth", ".ckpt"])
        || ends_with(name, &["pytorch_model.bin", "training_args.bin", "optimizer.bin", "scheduler.bin"])
}

/// Returns the format's name. `place`: where the file is inside the scanned one; `depth`: how many archives around it.
fn look(source: &mut dyn Source, name: &str, place: &str, depth: u32, report: &mut Report) -> &'static str {
    let mut head = [0u8; 512];
    let size = source.size();
    let Some(read) = source.read_some(0, &mut head) else {
        report.give_up("the file could not be read");
        return "unknown";
    };
    let head = &head[..read];
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return zip::scan(source, name, place, depth, report);
    }
    if head.len() > 262 && &head[257..262] == b"ustar" {
        return tar::scan(source, place, depth, report);
    }
    if head.starts_with(&[0x1f, 0x8b]) || is_zlib(head, name) {
        return unpack(source, head[0] == 0x1f, name, place, depth, report);
    }
    if head.starts_with(b"\x93NUMPY") {
        return npy::scan(source, place, report);
    }
    if head.starts_with(b"GGUF") {
        return gguf::scan(source, place, report);
    }
    if head.starts_with(b"\x89HDF\r\n\x1a\n") {
        return keras::scan_hdf5(source, place, report);
    }
    if safetensors::is_one(head, size, name) {
        return safetensors::scan(source, place, report);
    }
    if ends_with(name, &[".onnx"]) {
        return onnx::scan(source, place, report);
    }
    pickle::scan(source, name, place, report)
}

/// joblib compresses with zlib; a pickle or text never begins like this otherwise.
fn is_zlib(head: &[u8], name: &str) -> bool {
    head.len() > 2
        && head[0] == 0x78
        && u16::from_be_bytes([head[0], head[1]]).is_multiple_of(31)
        && head[1] & 0x20 == 0
        && is_pickle_name(name)
}

/// What is compressed as a whole.
fn unpack(
    source: &mut dyn Source,
    gzip: bool,
    name: &str,
    place: &str,
    depth: u32,
    report: &mut Report,
) -> &'static str {
    if depth >= MOST_DEPTH {
        report.give_up("archives are in archives in archives");
        return "gzip";
    }
    let inner = name.strip_suffix(".gz").unwrap_or(name);
    let mut content = source::Inflated::new(source, 0, gzip);
    let Some(mut whole) = content.load(report) else { return "gzip" };
    match look(&mut whole, inner, place, depth + 1, report) {
        "tar" => "tar.gz",
        "pickle" => "pickle",
        _ => "gzip",
    }
}
