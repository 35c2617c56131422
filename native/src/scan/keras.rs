//! Keras models: a Lambda layer holds a function of its author as Python's byte code, which loading the model makes runnable.
use super::source::Source;
use super::{Report, Severity};
use serde_json::Value as Json;

const MOST_HDF5: u64 = 256 << 20;

/// config.json of a .keras file.
pub fn scan_config(text: &[u8], place: &str, report: &mut Report) {
    let Ok(config) = serde_json::from_slice::<Json>(text) else {
        report.add(Severity::Warning, "keras.config", "the configuration is not JSON".to_string(), place);
        return;
    };
    walk(&config, place, report);
}

fn walk(value: &Json, place: &str, report: &mut Report) {
    match value {
        Json::Object(members) => {
            let class = members.get("class_name").and_then(Json::as_str).unwrap_or_default();
            let module = members.get("module").and_then(Json::as_str).unwrap_or_default();
            if matches!(class, "Lambda" | "__lambda__") {
                report.add(
                    Severity::Critical,
                    "keras.lambda",
                    "a Lambda layer holds Python code that runs when the model is used".to_string(),
                    place,
                );
            } else if !module.is_empty() && module.split('.').next() != Some("keras") && module != "builtins" {
                report.add(
                    Severity::Warning,
                    "keras.module",
                    format!("loading the model imports {module}.{class}"),
                    place,
                );
            }
            members.values().for_each(|member| walk(member, place, report));
        }
        Json::Array(items) => items.iter().for_each(|item| walk(item, place, report)),
        _ => {}
    }
}

/// HDF5 keeps the configuration as one text, uncompressed.
pub fn scan_hdf5(source: &mut dyn Source, place: &str, report: &mut Report) -> &'static str {
    let wanted: [&[u8]; 2] = [b"\"class_name\": \"Lambda\"", b"\"class_name\":\"Lambda\""];
    let mut piece = vec![0u8; 1 << 20];
    let mut at = 0u64;
    while at < source.size().min(MOST_HDF5) {
        let Some(count) = source.read_some(at, &mut piece).filter(|count| *count > 0) else { break };
        if wanted.iter().any(|word| piece[..count].windows(word.len()).any(|window| window == *word)) {
            report.add(
                Severity::Critical,
                "keras.lambda",
                "a Lambda layer holds Python code that runs when the model is loaded".to_string(),
                place,
            );
            return "hdf5";
        }
        if !report.may_read(count as u64) {
            break;
        }
        // Pieces overlap, so that a word that is cut is found.
        at += if count > 64 { count as u64 - 64 } else { count as u64 };
    }
    if source.size() > MOST_HDF5 {
        report.give_up("the file is too large to search");
    }
    "hdf5"
}
