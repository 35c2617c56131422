//! Policies that are ready to evaluate, kept by the digest of their sources.

use crate::desugar::desugar;
use crate::engine::{build, read_sources, Source};
use crate::extend;
use crate::fault::Fault;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

const KEPT: usize = 64;

pub struct Prepared {
    pub engine: Engine,
    pub sources: Vec<Source>,
    data: String,
    strict: bool,
    used: u64,
}

/// The clock and the time limit of one evaluation.
pub struct Conditions {
    pub now_nanos: i64,
    pub millis: u64,
}

#[derive(Default)]
pub struct Policies {
    prepared: HashMap<String, Prepared>,
    clock: u64,
}

impl Policies {
    pub fn load(&mut self, digest: &str, body: &Json) -> Result<(), Fault> {
        let sources = read_sources(body)?.into_iter().map(desugar).collect::<Result<Vec<_>, _>>()?;
        let data = body.get("data").map_or_else(|| "{}".to_string(), Json::to_string);
        let strict = body.get("strict").and_then(Json::as_bool).unwrap_or(true);
        let engine = build(&sources, &data, strict)?;
        if self.prepared.len() >= KEPT {
            if let Some(oldest) = self.prepared.iter().min_by_key(|(_, p)| p.used).map(|(k, _)| k.clone()) {
                self.prepared.remove(&oldest);
            }
        }
        self.clock += 1;
        self.prepared.insert(digest.to_string(), Prepared { engine, sources, data, strict, used: self.clock });
        Ok(())
    }

    pub fn get(&mut self, digest: &str) -> Option<&Prepared> {
        self.clock += 1;
        let clock = self.clock;
        self.prepared.get_mut(digest).map(|p| {
            p.used = clock;
            &*p
        })
    }
}

impl Prepared {
    /// The same policy with another text for one file; for looking into a failing test.
    pub fn with_text(&self, file: &str, text: String) -> Result<Prepared, Fault> {
        let sources: Vec<Source> = self
            .sources
            .iter()
            .map(|s| Source { name: s.name.clone(), text: if s.name == file { text.clone() } else { s.text.clone() } })
            .collect();
        let engine = build(&sources, &self.data, self.strict)?;
        Ok(Prepared { engine, sources, data: self.data.clone(), strict: self.strict, used: 0 })
    }

    /// An engine of its own for one evaluation, with its input and its limits.
    pub fn armed(&self, conditions: &Conditions, input: &str) -> Result<Engine, Fault> {
        let mut engine = self.engine.clone();
        extend::begin(conditions.now_nanos, input.as_bytes(), self.strict);
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: Duration::from_millis(conditions.millis.max(1)),
            check_interval: NonZeroU32::new(200).unwrap_or(NonZeroU32::MIN),
        });
        if !input.is_empty() {
            let value = Value::from_json_str(input)
                .map_err(|e| Fault::new("input_error", format!("the input is not JSON: {e}")))?;
            engine.set_input(value);
        }
        Ok(engine)
    }
}
