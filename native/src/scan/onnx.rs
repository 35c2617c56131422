//! ONNX: a protobuf message without a mark. What matters: where it looks for tensors outside itself, and whose operators it uses.
use super::source::{Part, Source, Stream};
use super::zip::escapes;
use super::{shorten, Report, Severity};
use serde_json::json;
use std::collections::BTreeSet;

const MOST_FIELDS: u64 = 5_000_000;

struct Field {
    number: u64,
    wire: u64,
    value: u64, // of a varint; of bytes: their length
    from: u64,
}

fn varint(stream: &mut Stream) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = stream.byte()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The fields of the message in [0, size). None: it is none.
fn fields(source: &mut dyn Source, count: &mut u64) -> Option<Vec<Field>> {
    let size = source.size();
    let mut stream = Stream::new(source, 0);
    let mut all = Vec::new();
    while stream.at() < size {
        *count += 1;
        if *count > MOST_FIELDS {
            return None;
        }
        let key = varint(&mut stream)?;
        let wire = key & 7;
        let value = match wire {
            0 => varint(&mut stream)?,
            1 => 8,
            2 => varint(&mut stream)?,
            5 => 4,
            _ => return None,
        };
        let from = stream.at();
        if wire != 0 {
            stream.skip(value).then_some(())?;
        }
        all.push(Field { number: key >> 3, wire, value, from });
    }
    Some(all)
}

fn text(source: &mut dyn Source, field: &Field) -> String {
    let bytes = source.piece(field.from, field.value.min(4096) as usize).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn part<'a>(source: &'a mut dyn Source, field: &Field) -> Part<'a> {
    Part { source, from: field.from, size: field.value }
}

#[derive(Default)]
struct Seen {
    domains: BTreeSet<String>,
    outside: BTreeSet<String>,
    count: u64,
}

/// TensorProto: external_data (13) is a list of key (1) and value (2).
fn tensor(source: &mut dyn Source, seen: &mut Seen) -> Option<()> {
    for field in fields(source, &mut seen.count)?.iter().filter(|field| field.number == 13 && field.wire == 2) {
        let mut pair = part(source, field);
        let entries = fields(&mut pair, &mut seen.count)?;
        let of = |number: u64, pair: &mut Part| entries.iter().find(|it| it.number == number).map(|it| text(pair, it));
        if of(1, &mut pair).as_deref() == Some("location") {
            seen.outside.insert(of(2, &mut pair).unwrap_or_default());
        }
    }
    Some(())
}

/// GraphProto: node (1) with domain (7) and attributes (5), initializer (5).
fn graph(source: &mut dyn Source, seen: &mut Seen, depth: u32) -> Option<()> {
    if depth > 8 {
        return None;
    }
    for field in fields(source, &mut seen.count)?.iter().filter(|field| field.wire == 2) {
        match field.number {
            1 => node(&mut part(source, field), seen, depth)?,
            5 => tensor(&mut part(source, field), seen)?,
            _ => {}
        }
    }
    Some(())
}

/// NodeProto; AttributeProto: t (5) is a tensor, g (6) a graph.
fn node(source: &mut dyn Source, seen: &mut Seen, depth: u32) -> Option<()> {
    for field in fields(source, &mut seen.count)?.iter().filter(|field| field.wire == 2) {
        match field.number {
            7 => {
                let domain = text(source, field);
                if !domain.is_empty() && !matches!(domain.as_str(), "ai.onnx" | "ai.onnx.ml") && seen.domains.len() < 20
                {
                    seen.domains.insert(domain);
                }
            }
            5 => {
                let mut attribute = part(source, field);
                for inner in fields(&mut attribute, &mut seen.count)?.iter().filter(|inner| inner.wire == 2) {
                    match inner.number {
                        5 => tensor(&mut part(&mut attribute, inner), seen)?,
                        6 => graph(&mut part(&mut attribute, inner), seen, depth + 1)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some(())
}

/// ModelProto: ir_version (1), producer_name (2), producer_version (3), graph (7).
pub fn scan(source: &mut dyn Source, place: &str, report: &mut Report) -> &'static str {
    let mut seen = Seen::default();
    let read = fields(source, &mut seen.count).and_then(|model| {
        for field in &model {
            match (field.number, field.wire) {
                (1, 0) if place.is_empty() => report.fact("ir_version", field.value),
                (2, 2) if place.is_empty() => report.fact("producer", json!(shorten(&text(source, field), 100))),
                (7, 2) => graph(&mut part(source, field), &mut seen, 0)?,
                _ => {}
            }
        }
        model.iter().any(|field| field.number == 7).then_some(())
    });
    if read.is_none() {
        report.add(Severity::Warning, "onnx.unreadable", "it cannot be read as an ONNX model".to_string(), place);
    }
    for path in &seen.outside {
        if escapes(path) {
            report.add(
                Severity::Critical,
                "onnx.external-path",
                format!("it reads tensors from '{}', outside its folder", shorten(path, 100)),
                place,
            );
        }
    }
    if !seen.domains.is_empty() {
        let names: Vec<_> = seen.domains.iter().map(|name| shorten(name, 60)).collect();
        report.add(
            Severity::Info,
            "onnx.operators",
            format!("it needs operators that are not ONNX's own: {}", names.join(", ")),
            place,
        );
    }
    "onnx"
}
