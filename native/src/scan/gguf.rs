//! GGUF (versions 2 and 3): pairs of key and value. A chat template in it is a program of Jinja2 that applications run.
use super::source::{Source, Stream};
use super::{shorten, Report, Severity};
use serde_json::{json, Value as Json};

const MOST_PAIRS: u64 = 100_000;
const TEMPLATE: usize = 1 << 20;

fn word(stream: &mut Stream, keep: usize) -> Option<String> {
    let size = stream.number(8)?;
    Some(String::from_utf8_lossy(&stream.take(size, keep)?).into_owned())
}

fn width(kind: u64) -> Option<u64> {
    Some(match kind {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        _ => return None,
    })
}

/// None: the file ends, or is none.
fn value(stream: &mut Stream, kind: u64, depth: u32) -> Option<Json> {
    match kind {
        8 => Some(json!(word(stream, TEMPLATE)?)),
        9 => {
            let (of, count) = (stream.number(4)?, stream.number(8)?);
            match width(of) {
                Some(width) => stream.skip(width.checked_mul(count)?).then_some(())?,
                None if depth < 3 && count <= 10_000_000 => {
                    for _ in 0..count {
                        if of == 8 {
                            let size = stream.number(8)?;
                            stream.skip(size).then_some(())?;
                        } else {
                            value(stream, of, depth + 1)?;
                        }
                    }
                }
                None => return None,
            }
            Some(json!(format!("{count} values")))
        }
        6 => Some(json!(f64::from(f32::from_bits(stream.number(4)? as u32)))),
        12 => Some(json!(f64::from_bits(stream.number(8)?))),
        7 => Some(json!(stream.number(1)? != 0)),
        _ => Some(json!(stream.number(width(kind)? as usize)?)),
    }
}

/// What leads from a template's values to Python's own functions.
fn reaches_out(template: &str) -> bool {
    [
        "__class__",
        "__globals__",
        "__subclasses__",
        "__import__",
        "__builtins__",
        "__mro__",
        "__init__",
        "|attr(",
        "| attr(",
    ]
    .iter()
    .any(|word| template.contains(word))
}

pub fn scan(source: &mut dyn Source, place: &str, report: &mut Report) -> &'static str {
    let mut stream = Stream::new(source, 4);
    let mut pairs = || -> Option<Vec<(String, Json)>> {
        let version = stream.number(4)?;
        let tensors = stream.number(8)?;
        let count = stream.number(8).filter(|count| *count <= MOST_PAIRS)?;
        let mut all = vec![("version".to_string(), json!(version)), ("tensors".to_string(), json!(tensors))];
        for _ in 0..count {
            let key = word(&mut stream, 4096)?;
            let kind = stream.number(4)?;
            all.push((key, value(&mut stream, kind, 0)?));
        }
        Some(all)
    };
    let Some(pairs) = pairs() else {
        report.add(Severity::Warning, "gguf.header", "its header cannot be read".to_string(), place);
        return "gguf";
    };
    for (key, value) in pairs {
        if let Some(text) = value.as_str().filter(|text| key.contains("chat_template") && reaches_out(text)) {
            report.add(
                Severity::Critical,
                "gguf.template",
                format!("its chat template reaches for Python's own objects: {}", shorten(text.trim(), 80)),
                place,
            );
        }
        if place.is_empty() {
            let shown = value.as_str().map_or(value.clone(), |text| json!(shorten(text, 200)));
            report.fact(&key, shown);
        }
    }
    "gguf"
}
