//! Gate decisions, queries and tests of prepared policies.

use crate::desugar::desugar_query;
use crate::engine::ANSWER_PACKAGE;
use crate::explain;
use crate::fault::Fault;
use crate::prepared::{Conditions, Prepared};
use crate::syntax::{package_path, rule_path};
use regorus::Value;
use serde_json::{json, Value as Json};
use std::time::Instant;

pub fn to_json(value: &Value) -> Result<Json, Fault> {
    serde_json::to_value(value).map_err(|e| Fault::new("internal", format!("a result has no JSON form: {e}")))
}

/// {"deny": […], "warn": […], "require": […]}; members that the policy lacks are left out.
pub fn decide(prepared: &Prepared, conditions: &Conditions, input: &str) -> Result<Json, Fault> {
    if !prepared.engine.get_packages()?.iter().any(|p| p == &format!("data.{ANSWER_PACKAGE}")) {
        return Err(Fault::new("missing_rule", "package regesta.gate has none of the rules deny, warn and require"));
    }
    let mut engine = prepared.armed(conditions, input)?;
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
    let mut engine = prepared.armed(conditions, input)?;
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
    let mut engine = prepared.armed(conditions, "")?;
    engine.set_enable_coverage(true);
    let start = Instant::now();
    let value = engine.eval_rule(path.to_string());
    let nanos = start.elapsed().as_nanos() as u64;
    let prints = engine.take_prints().unwrap_or_default();
    let coverage = engine.get_coverage_report().map_err(Fault::from)?;
    let (outcome, message) = match &value {
        Ok(Value::Bool(true)) => ("passed", String::new()),
        Ok(Value::Object(cases)) if !cases.is_empty() => judge_cases(cases),
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
