//! The regorus engine, as every part of this crate starts it: its limits, the added functions, the sources of a policy.

use crate::extend;
use crate::fault::Fault;
use crate::syntax::{package_path, rule_path};
use regorus::unstable::{Rule, RuleHead};
use regorus::utils::limits::PolicyLengthConfig;
use regorus::Engine;
use serde_json::Value as Json;
use std::num::{NonZeroU32, NonZeroUsize};

const GATE: &str = "data.regesta.gate";
pub const ANSWER_PACKAGE: &str = "regesta_answer__";

/// One file of Rego.
pub struct Source {
    pub name: String,
    pub text: String,
}

pub fn read_sources(body: &Json) -> Result<Vec<Source>, Fault> {
    let modules = body.get("modules").and_then(Json::as_array).ok_or_else(|| Fault::new("internal", "no modules"))?;
    Ok(modules
        .iter()
        .map(|m| {
            let field = |name: &str| m.get(name).and_then(Json::as_str).unwrap_or_default().to_string();
            Source { name: field("name"), text: field("text") }
        })
        .collect())
}

pub fn empty_engine(strict: bool) -> Result<Engine, Fault> {
    let mut engine = Engine::new();
    // The C++ gate has measured the text already; these are wide enough for whatever it lets through.
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: NonZeroU32::new(65_536).unwrap_or(NonZeroU32::MIN),
        max_file_bytes: NonZeroUsize::new(1 << 20).unwrap_or(NonZeroUsize::MIN),
        max_lines: NonZeroUsize::new(20_000).unwrap_or(NonZeroUsize::MIN),
    });
    engine.set_strict_builtin_errors(strict);
    engine.set_gather_prints(true);
    extend::add_to(&mut engine)?;
    Ok(engine)
}

/// An engine that is ready to evaluate: parsed, scheduled, with the module that collects a gate's answer.
pub fn build(sources: &[Source], data: &str, strict: bool) -> Result<Engine, Fault> {
    let mut engine = empty_engine(strict)?;
    if !matches!(data.trim(), "" | "{}") {
        engine.add_data_json(data).map_err(|e| Fault::from_engine("data_error", &e))?;
    }
    for source in sources {
        engine
            .add_policy(source.name.clone(), source.text.clone())
            .map_err(|e| Fault::from_engine("rego_parse_error", &e))?;
    }
    if let Some(answer) = answer_module(&mut engine)? {
        engine.add_policy("answer".to_string(), answer).map_err(|e| Fault::from_engine("rego_parse_error", &e))?;
    }
    // A trivial query makes the engine analyse and schedule the modules now rather than at the first decision.
    engine.eval_query("true".to_string(), false).map_err(|e| Fault::from_engine("rego_compile_error", &e))?;
    Ok(engine)
}

/// One rule that gathers the gate's sets, so that what they share is evaluated once. None when there is no gate.
fn answer_module(engine: &mut Engine) -> Result<Option<String>, Fault> {
    let mut found = Vec::new();
    for module in engine.get_modules().iter() {
        let package = package_path(module);
        if package.starts_with(&format!("data.{ANSWER_PACKAGE}")) {
            return Err(Fault::new("rego_compile_error", format!("package {ANSWER_PACKAGE} is reserved")));
        }
        if package != GATE {
            continue;
        }
        for rule in &module.policy {
            let name = rule_path(rule).first().cloned().unwrap_or_default();
            let function = matches!(&**rule, Rule::Spec { head: RuleHead::Func { .. }, .. });
            if !function && matches!(name.as_str(), "deny" | "warn" | "require") && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    if found.is_empty() {
        return Ok(None);
    }
    let mut text = format!("package {ANSWER_PACKAGE}\n");
    for name in found {
        text.push_str(&format!("answer contains [\"{name}\", {GATE}.{name}]\n"));
    }
    Ok(Some(text))
}
