//! Says why a test failed: the statement that did not hold, and what its parts were.

use crate::desugar::imported;
use crate::prepared::{Conditions, Prepared};
use crate::syntax::{package_path, rule_path, written};
use regorus::coverage::Report;
use regorus::unstable::{Expr, Literal, LiteralStmt, Rule};

const MARK: &str = "regesta:value:";

struct Suspect {
    file: String,
    row: u32,
    start: usize,
    text: String,
    parts: Vec<String>,
    with: String,
    /// Paths that the file calls by an import's name, with that name.
    imports: Vec<(String, String)>,
}

impl Suspect {
    /// As the author wrote it: desugar.rs put whole paths in.
    fn shown(&self, text: &str) -> String {
        self.imports.iter().fold(text.to_string(), |shown, (path, name)| {
            shown.replace(&format!("{path}."), &format!("{name}.")).replace(&format!("{path}["), &format!("{name}["))
        })
    }
}

pub fn why(prepared: &Prepared, conditions: &Conditions, path: &str, coverage: &Report) -> String {
    let Some(suspect) = find(prepared, path, coverage) else {
        return "it is undefined".to_string();
    };
    let mut message = format!("{}:{}: {}", suspect.file, suspect.row, suspect.shown(&suspect.text));
    for (part, value) in values(prepared, conditions, path, &suspect) {
        message.push_str(&format!("\n  {} = {value}", suspect.shown(&part)));
    }
    message
}

/// The last statement of the test's bodies that was reached: later ones were not, so it did not hold.
fn find(prepared: &Prepared, path: &str, coverage: &Report) -> Option<Suspect> {
    let mut engine = prepared.engine.clone();
    let mut found = None;
    for module in engine.get_modules().iter() {
        let package = package_path(module);
        for rule in &module.policy {
            if format!("{package}.{}", rule_path(rule).first()?) != path {
                continue;
            }
            let Rule::Spec { bodies, .. } = &**rule else { continue };
            for body in bodies {
                for statement in &body.query.stmts {
                    let file = statement.span.source.get_path();
                    let reached =
                        coverage.files.iter().any(|f| &f.path == file && f.covered.contains(&statement.span.line));
                    if reached {
                        found = Some(describe(statement, imported(module)));
                    }
                }
            }
        }
    }
    found
}

fn describe(statement: &LiteralStmt, imports: Vec<(String, String)>) -> Suspect {
    let mut parts = Vec::new();
    match &statement.literal {
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => operands(expr, &mut parts),
        Literal::SomeIn { collection, .. } => keep(collection, &mut parts),
        Literal::Every { domain, .. } => keep(domain, &mut parts),
        Literal::SomeVars { .. } => {}
    }
    let with: Vec<&str> = statement.with_mods.iter().map(|m| m.span.text()).collect();
    let mut text = statement.span.text().to_string();
    if text.len() > 300 {
        text = format!("{}…", text.chars().take(300).collect::<String>());
    }
    Suspect {
        file: statement.span.source.get_path().clone(),
        row: statement.span.line,
        start: statement.span.start as usize,
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        parts,
        with: with.join(" "),
        imports,
    }
}

fn operands(expr: &Expr, parts: &mut Vec<String>) {
    match expr {
        Expr::BoolExpr { lhs, rhs, .. } => {
            keep(lhs, parts);
            keep(rhs, parts);
        }
        Expr::AssignExpr { rhs, .. } => keep(rhs, parts),
        Expr::Membership { value, collection, .. } => {
            keep(value, parts);
            keep(collection, parts);
        }
        Expr::Call { params, .. } => params.iter().for_each(|p| keep(p, parts)),
        other => keep(other, parts),
    }
}

fn keep(expr: &Expr, parts: &mut Vec<String>) {
    let literal = matches!(
        expr,
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. }
    );
    let text = written(expr);
    if !literal && !text.contains('\n') && !parts.iter().any(|p| p == text) && text != "_" {
        parts.push(text.to_string());
    }
}

/// Runs the test again with prints in front of the suspect.
fn values(prepared: &Prepared, conditions: &Conditions, path: &str, suspect: &Suspect) -> Vec<(String, String)> {
    let Some(source) = prepared.sources.iter().find(|s| s.name == suspect.file) else { return Vec::new() };
    if suspect.parts.is_empty() || !source.text.is_char_boundary(suspect.start) {
        return Vec::new();
    }
    let mut text = source.text[..suspect.start].to_string();
    for (index, part) in suspect.parts.iter().enumerate() {
        text.push_str(&format!("print(\"{MARK}{index}\", {part}) {}; ", suspect.with));
    }
    text.push_str(&source.text[suspect.start..]);
    let Ok(changed) = prepared.with_text(&suspect.file, text) else { return Vec::new() };
    let mut engine = changed.engine.clone();
    crate::extend::begin(conditions.now_nanos, b"", true);
    if engine.eval_rule(path.to_string()).is_err() {
        return Vec::new();
    }
    let mut found: Vec<(String, String)> = Vec::new();
    for line in engine.take_prints().unwrap_or_default() {
        let Some(rest) = line.split(MARK).nth(1) else { continue };
        let (index, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let Some(part) = index.parse().ok().and_then(|i: usize| suspect.parts.get(i)) else { continue };
        let short = if value.chars().count() > 400 {
            format!("{}…", value.chars().take(400).collect::<String>())
        } else {
            value.to_string()
        };
        match found.iter_mut().find(|(known, _)| known == part) {
            Some(slot) => slot.1 = short,
            None => found.push((part.clone(), short)),
        }
    }
    found
}
