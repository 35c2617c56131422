//! Prepared policies: loading, gate decisions, queries and tests.

use crate::desugar::{desugar, desugar_query};
use crate::explain;
use crate::extend;
use crate::fault::Fault;
use crate::syntax::{package_path, rule_path};
use regorus::unstable::{Rule, RuleHead};
use regorus::utils::limits::{ExecutionTimerConfig, PolicyLengthConfig};
use regorus::{Engine, Value};
use serde_json::{json, Value as Json};
use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::{Duration, Instant};

const KEPT: usize = 64;
const GATE: &str = "data.regesta.gate";
const ANSWER_PACKAGE: &str = "regesta_answer__";

/// One file of Rego.
pub struct Source {
    pub name: String,
    pub text: String,
}

pub struct Prepared {
    pub engine: Engine,
    pub sources: Vec<Source>,
    data: String,
    strict: bool,
    used: u64,
}

/// What every evaluation is told.
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

fn armed(prepared: &Prepared, conditions: &Conditions, input: &str) -> Result<Engine, Fault> {
    let mut engine = prepared.engine.clone();
    extend::begin(conditions.now_nanos, input.as_bytes(), prepared.strict);
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

pub fn to_json(value: &Value) -> Result<Json, Fault> {
    serde_json::to_value(value).map_err(|e| Fault::new("internal", format!("a result has no JSON form: {e}")))
}

/// {"deny": […], "warn": […], "require": […]}; members that the policy lacks are left out.
pub fn decide(prepared: &Prepared, conditions: &Conditions, input: &str) -> Result<Json, Fault> {
    if !prepared.engine.get_packages()?.iter().any(|p| p == &format!("data.{ANSWER_PACKAGE}")) {
        return Err(Fault::new("missing_rule", "package regesta.gate has none of the rules deny, warn and require"));
    }
    let mut engine = armed(prepared, conditions, input)?;
    let pairs = engine.eval_rule(format!("data.{ANSWER_PACKAGE}.answer"))?;
    let mut answer = serde_json::Map::new();
    for pair in pairs.as_set()?.iter_sorted() {
        if let (Value::String(name), value) = (&pair[0usize], &pair[1usize]) {
            answer.insert(name.to_string(), to_json(value)?);
        }
    }
    Ok(Json::Object(answer))
}

/// OPA's shape: {"result": [{"expressions": [{"value", "text"}], "bindings": {…}}], "prints": […], "nanos": n}.
pub fn query(
    prepared: &Prepared,
    conditions: &Conditions,
    text: &str,
    head: &Json,
    input: &str,
) -> Result<Json, Fault> {
    let mut engine = armed(prepared, conditions, input)?;
    if let Some(term) = head.get("input_term").and_then(Json::as_str) {
        let results = engine.eval_query(format!("x := {term}"), false)?;
        let value = results.result.first().map(|r| r.bindings[&Value::from("x")].clone());
        engine.set_input(value.ok_or_else(|| Fault::new("input_error", "the input term is undefined"))?);
    }
    let start = Instant::now();
    let results = engine.eval_query(desugar_query(text)?, false)?;
    let nanos = start.elapsed().as_nanos() as u64;
    let mut rows = Vec::new();
    for row in &results.result {
        if row.expressions.iter().any(|e| e.value == Value::Undefined) {
            continue;
        }
        let mut expressions = Vec::new();
        for e in &row.expressions {
            expressions.push(json!({"value": to_json(&e.value)?, "text": e.text.as_ref()}));
        }
        rows.push(json!({"expressions": expressions, "bindings": to_json(&row.bindings)?}));
    }
    Ok(json!({"result": rows, "prints": engine.take_prints()?, "nanos": nanos}))
}

/// Every rule test_* and todo_*, once each, in the order of the files.
pub fn list_tests(prepared: &Prepared) -> Result<Json, Fault> {
    let mut engine = prepared.engine.clone();
    let mut tests: Vec<Json> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for module in engine.get_modules().iter() {
        let package = package_path(module);
        for rule in &module.policy {
            let path = rule_path(rule);
            let Some(name) = path.first() else { continue };
            let todo = name.starts_with("todo_");
            if !(todo || name.starts_with("test_")) || !seen.insert((package.clone(), name.clone())) {
                continue;
            }
            let span = rule.span();
            tests.push(json!({"package": package.strip_prefix("data.").unwrap_or(&package), "name": name,
                              "path": format!("{package}.{name}"), "file": span.source.get_path(),
                              "row": span.line, "column": span.col, "todo": todo}));
        }
    }
    Ok(json!({"tests": tests}))
}

/// Runs one test and says what it covered. {"outcome", "message", "prints", "nanos", "coverage"}.
pub fn run_test(prepared: &Prepared, conditions: &Conditions, path: &str) -> Result<Json, Fault> {
    let mut engine = armed(prepared, conditions, "")?;
    engine.set_enable_coverage(true);
    let start = Instant::now();
    let value = engine.eval_rule(path.to_string());
    let nanos = start.elapsed().as_nanos() as u64;
    let prints = engine.take_prints().unwrap_or_default();
    let coverage = engine.get_coverage_report().map_err(Fault::from)?;
    let (outcome, message) = match &value {
        Ok(Value::Bool(true)) => ("passed", String::new()),
        Ok(Value::Object(cases)) if cases.len() > 0 => judge_cases(cases),
        Ok(Value::Undefined) => ("failed", explain::why(prepared, conditions, path, &coverage)),
        Ok(other) => ("failed", format!("its value is {other}, a test passes only with true")),
        Err(e) => ("error", {
            let fault = Fault::from(anyhow::anyhow!("{e:#}"));
            if fault.row > 0 {
                format!("{}:{}: {}", fault.file, fault.row, fault.message)
            } else {
                fault.message
            }
        }),
    };
    let files: Vec<Json> = coverage
        .files
        .iter()
        .filter(|f| f.path != "answer")
        .map(|f| json!({"file": f.path, "covered": f.covered, "not_covered": f.not_covered}))
        .collect();
    Ok(json!({"outcome": outcome, "message": message, "prints": prints, "nanos": nanos, "coverage": files}))
}

/// A parameterised test, test_x[case]: every case must be true.
fn judge_cases(cases: &regorus::value::Object) -> (&'static str, String) {
    let failed: Vec<String> =
        cases.iter_sorted().filter(|(_, v)| **v != Value::Bool(true)).map(|(k, _)| k.to_string()).collect();
    if failed.is_empty() {
        ("passed", String::new())
    } else {
        ("failed", format!("these cases are not true: {}", failed.join(", ")))
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
}
