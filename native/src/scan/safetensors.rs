//! safetensors: a length, a JSON header that names each tensor, and the bytes of all. They run nothing; a header that does not fit
//! its bytes misleads those who read it.
use super::source::Source;
use super::{ends_with, shorten, Report, Severity};
use serde_json::{json, Value as Json};

const MOST_HEADER: u64 = 100 << 20; // of the format itself

pub fn is_one(head: &[u8], size: u64, name: &str) -> bool {
    if ends_with(name, &[".safetensors"]) {
        return true;
    }
    head.len() > 9 && head[8] == b'{' && {
        let length = u64::from_le_bytes(head[..8].try_into().unwrap_or_default());
        length > 1 && length <= MOST_HEADER && length < size
    }
}

fn bits(kind: &str) -> Option<u64> {
    Some(match kind {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" => 8,
        "U16" | "I16" | "F16" | "BF16" => 16,
        "U32" | "I32" | "F32" => 32,
        "U64" | "I64" | "F64" | "C64" => 64,
        _ => return None,
    })
}

/// The bytes that the tensor says it has, if they are as many as its shape needs.
fn range(tensor: &Json) -> Option<(u64, u64)> {
    let offsets = tensor.get("data_offsets")?.as_array().filter(|it| it.len() == 2)?;
    let (from, to) = (offsets[0].as_u64()?, offsets[1].as_u64()?);
    let shape = tensor.get("shape")?.as_array()?;
    let count = shape.iter().try_fold(1u64, |product, side| product.checked_mul(side.as_u64()?))?;
    let needed = match bits(tensor.get("dtype")?.as_str()?) {
        Some(bits) => count.checked_mul(bits)?.div_ceil(8),
        None => to.checked_sub(from)?, // a newer type
    };
    (to.checked_sub(from)? == needed).then_some((from, to))
}

pub fn scan(source: &mut dyn Source, place: &str, report: &mut Report) -> &'static str {
    let fault = |message: &str, report: &mut Report| {
        report.add(Severity::Warning, "safetensors.header", message.to_string(), place);
    };
    let mut length = [0u8; 8];
    if !source.read_all(0, &mut length) {
        fault("the file is too short to be safetensors", report);
        return "safetensors";
    }
    let length = u64::from_le_bytes(length);
    if length > MOST_HEADER || length > source.size().saturating_sub(8) {
        fault("its header is longer than the file, or than the format allows", report);
        return "safetensors";
    }
    let header = source.piece(8, length as usize).unwrap_or_default();
    let Ok(Json::Object(members)) = serde_json::from_slice::<Json>(&header) else {
        fault("its header is not a JSON object", report);
        return "safetensors";
    };
    let data = source.size() - 8 - length;
    let mut ranges = Vec::new();
    for (name, tensor) in members.iter().filter(|(name, _)| *name != "__metadata__") {
        match range(tensor) {
            Some(range) if range.1 <= data => ranges.push(range),
            _ => fault(&format!("the tensor '{}' does not fit its bytes", shorten(name, 100)), report),
        }
    }
    ranges.sort_unstable();
    let mut end = 0;
    for (from, to) in &ranges {
        if *from != end {
            fault("the bytes of tensors overlap, or leave gaps", report);
            break;
        }
        end = *to;
    }
    if place.is_empty() {
        report.fact("tensors", ranges.len() as u64);
        for (name, value) in members.get("__metadata__").and_then(Json::as_object).into_iter().flatten() {
            report.fact(&format!("metadata.{name}"), json!(shorten(value.as_str().unwrap_or_default(), 200)));
        }
    }
    "safetensors"
}
