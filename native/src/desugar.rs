//! Rewrites three forms that regorus 0.14 takes but answers wrongly without a word, into forms that it answers rightly. A gate
//! must not lose a deny that way. Lines stay where they are.
//!
//! - `import data.a.b` evaluates the whole package at the first use of `b.x`, except what is being evaluated already: the
//!   own package reads as empty, and so do packages that mention each other. `b.x` becomes `data.a.b.x`.
//! - `[path, value] := walk(x)` has no results. It becomes `walk(x, walk__1); [path, value] := walk__1`.
//! - `deny contains f(x) if some x in xs`: one x for which f is undefined takes all members away. The head's value becomes
//!   the last statement of the body.

use crate::engine::{empty_engine, Source};
use crate::fault::Fault;
use crate::syntax::{range, reference, rule_path, rule_reference, start, written};
use crate::walk::{locals, walk_expr, walk_rule, Visitor};
use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Rule, RuleBody, RuleHead};
use std::collections::{BTreeMap, BTreeSet};

/// Offset -> (bytes taken away, text put there).
type Edits = BTreeMap<usize, (usize, String)>;

pub fn desugar(source: Source) -> Result<Source, Fault> {
    let mut text = source.text;
    if text.contains("import") {
        text = apply(&source.name, text, import_edits)?;
    }
    if text.contains("walk") {
        text = apply(&source.name, text, walk_edits)?;
    }
    text = apply(&source.name, text, head_edits)?;
    Ok(Source { name: source.name, text })
}

/// The same for a query, which has no imports.
pub fn desugar_query(query: &str) -> Result<String, Fault> {
    const BEFORE: &str = "package q\nq if { ";
    if !query.contains("walk") {
        return Ok(query.to_string());
    }
    let wrapped = apply("query", format!("{BEFORE}{query} }}"), walk_edits)?;
    Ok(wrapped[BEFORE.len()..wrapped.len() - 2].to_string())
}

fn apply(name: &str, text: String, find: fn(&Module) -> Result<Edits, Fault>) -> Result<String, Fault> {
    let mut engine = empty_engine(true)?;
    engine.add_policy(name.to_string(), text.clone()).map_err(|e| Fault::from_engine("rego_parse_error", &e))?;
    let mut changed = text;
    for module in engine.get_modules().iter() {
        for (at, (length, put)) in find(module)?.into_iter().rev() {
            changed.replace_range(at..at + length, &put);
        }
    }
    Ok(changed)
}

/// Data paths that a file imports, as written, with the name that they have in it.
pub fn imported(module: &Module) -> Vec<(String, String)> {
    let mut imports = Vec::new();
    for import in &module.imports {
        let Some((path, true)) = reference(&import.refr) else { continue };
        if path[0] == "data" && path.len() > 1 {
            let name = import.r#as.as_ref().map_or_else(|| path[path.len() - 1].clone(), |s| s.text().to_string());
            imports.push((written(&import.refr).to_string(), name));
        }
    }
    imports
}

fn import_edits(module: &Module) -> Result<Edits, Fault> {
    let mut edits = Edits::new();
    for (path, name) in imported(module) {
        let is_rule = module.policy.iter().any(|r| rule_path(r).first() == Some(&name));
        for rule in module.policy.iter().filter(|r| !is_rule && !locals(r).contains(&name)) {
            walk_rule(
                rule,
                &mut Visitor {
                    targets: true,
                    expr: &mut |expr| {
                        if let Expr::Var { span, .. } = expr {
                            if span.text() == name {
                                edits.insert(span.start as usize, (name.len(), path.clone()));
                            }
                        }
                    },
                    statement: &mut |_| {},
                },
            );
        }
    }
    Ok(edits)
}

fn walk_edits(module: &Module) -> Result<Edits, Fault> {
    let mut edits = Edits::new();
    if module.policy.iter().any(|r| rule_path(r).first().is_some_and(|n| n == "walk")) {
        return Ok(edits);
    }
    let (mut assigned, mut used, mut last) = (0usize, 0usize, Fault::default());
    for rule in &module.policy {
        walk_rule(
            rule,
            &mut Visitor {
                targets: false,
                expr: &mut |expr| {
                    if walked(expr).is_some() {
                        used += 1;
                        last = Fault::new(
                            "rego_compile_error",
                            "the result of walk must be assigned: [path, value] := walk(x)",
                        );
                        last.file.clone_from(expr.span().source.get_path());
                        (last.row, last.column) = (start(expr).line, start(expr).col);
                    }
                },
                statement: &mut |statement| {
                    if let Some((argument, call)) = assigned_walk(statement) {
                        assigned += 1;
                        let with: Vec<&str> = statement.with_mods.iter().map(|m| m.span.text()).collect();
                        let before = format!("walk({}, walk__{assigned}) {}; ", written(argument), with.join(" "));
                        edits.insert(range(&statement.span, &statement.span).0, (0, before.replace(['\n', '\r'], " ")));
                        let (from, to) = range(start(call), call.span());
                        edits.insert(from, (to - from, format!("walk__{assigned}")));
                    }
                },
            },
        );
    }
    if used > assigned {
        Err(last)
    } else {
        Ok(edits)
    }
}

/// The argument of `walk(x)`.
fn walked(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Call { fcn, params, .. } if params.len() == 1 && written(fcn) == "walk" => Some(&params[0]),
        _ => None,
    }
}

/// Argument and call of a statement `pattern := walk(x)`.
fn assigned_walk(statement: &LiteralStmt) -> Option<(&Expr, &Expr)> {
    let Literal::Expr { expr, .. } = &statement.literal else { return None };
    let Expr::AssignExpr { rhs, .. } = &**expr else { return None };
    walked(rhs).map(|argument| (argument, &**rhs))
}

/// The values that a rule's head computes, each with the body that it belongs to. An undefined value must end one result
/// of an iteration; regorus lets it end all of them. So the value is computed as the last statement of the body.
fn head_edits(module: &Module) -> Result<Edits, Fault> {
    let mut edits = Edits::new();
    let mut counter = 0usize;
    for rule in &module.policy {
        let Rule::Spec { head, bodies, .. } = &**rule else { continue };
        let own = locals(rule);
        let source = rule.span().source.get_contents();
        let (value, opener) = match head {
            RuleHead::Set { key, .. } => (key.as_ref(), "contains"),
            RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => (assign.as_ref().map(|a| &a.value), "="),
        };
        let tail = range(rule.span(), rule.span()).1;
        let mut parts: Vec<(Vec<Moved>, Option<&RuleBody>)> = Vec::new();
        let mut first: Vec<Moved> = Vec::new();
        if !matches!(head, RuleHead::Func { .. }) && bodies.len() < 2 {
            indexes(rule_reference(rule), &mut |index| first.extend(moved_index(index, &own)));
        }
        first.extend(value.and_then(|v| moved_value(source, v, opener, &own)));
        parts.push((first, bodies.first()));
        for body in bodies.iter().skip(1) {
            let value = body.assign.as_ref().map(|a| &a.value);
            parts.push((value.and_then(|v| moved_value(source, v, "=", &own)).into_iter().collect(), Some(body)));
        }
        for (moved, body) in parts {
            let end = if bodies.len() < 2 { tail } else { body.map_or(tail, |b| range(&b.span, &b.span).1) };
            move_into(source, moved, body, end, &mut counter, &mut edits);
        }
    }
    Ok(edits)
}

/// Text of a head that is computed in the body instead.
struct Moved {
    from: usize,
    to: usize,
    /// Lines inside it separate statements, so it cannot be put on one line.
    queries: bool,
}

fn moved_value(source: &str, value: &Expr, opener: &str, own: &BTreeSet<String>) -> Option<Moved> {
    if is_settled(value, own) {
        return None;
    }
    // From after the operator: brackets around the value are not part of its own span.
    let (begin, end) = range(start(value), value.span());
    let from = source[..begin].rfind(opener)? + opener.len();
    let to = end + closing(&source[end..], open_brackets(&source[from..end]))?;
    Some(Moved { from, to, queries: has_query(value) })
}

/// Round brackets that are open at the end of a text.
fn open_brackets(text: &str) -> usize {
    let bare = code(text, false);
    bare.matches('(').count().saturating_sub(bare.matches(')').count())
}

/// Where the n-th `)` ends; 0 for none.
fn closing(text: &str, n: usize) -> Option<usize> {
    if n == 0 {
        return Some(0);
    }
    text.match_indices(')').nth(n - 1).map(|(at, _)| at + 1)
}

fn moved_index(index: &Expr, own: &BTreeSet<String>) -> Option<Moved> {
    let wild = matches!(index, Expr::Var { .. });
    let (from, to) = range(start(index), index.span());
    (!wild && !is_settled(index, own)).then_some(Moved { from, to, queries: has_query(index) })
}

fn indexes(head: &Expr, visit: &mut dyn FnMut(&Expr)) {
    match head {
        Expr::RefBrack { refr, index, .. } => {
            indexes(refr, visit);
            visit(index);
        }
        Expr::RefDot { refr, .. } => indexes(refr, visit),
        _ => {}
    }
}

fn has_query(expr: &Expr) -> bool {
    let mut found = false;
    walk_expr(
        expr,
        &mut Visitor {
            targets: false,
            expr: &mut |part| {
                found |= matches!(part, Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. });
            },
            statement: &mut |_| {},
        },
    );
    found
}

/// Constants and the rule's own variables are always defined.
fn is_settled(expr: &Expr, own: &BTreeSet<String>) -> bool {
    match expr {
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => {
            true
        }
        Expr::Var { span, .. } => own.contains(span.text()),
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().all(|i| is_settled(i, own)),
        Expr::Object { fields, .. } => fields.iter().all(|(_, k, v)| is_settled(k, own) && is_settled(v, own)),
        _ => false,
    }
}

fn move_into(
    source: &str,
    moved: Vec<Moved>,
    body: Option<&RuleBody>,
    tail: usize,
    counter: &mut usize,
    edits: &mut Edits,
) {
    let Some(last) = moved.last().map(|m| m.to) else { return };
    let stmts = body.map(|b| &b.query.stmts).filter(|s| !s.is_empty());
    let mut statements = String::new();
    for part in &moved {
        *counter += 1;
        let name = format!("regesta_value{counter}__");
        let text = &source[part.from..part.to];
        // Without a body the text stays after the head. Else it becomes one line, so that the body keeps its rows; only
        // the rows of a rule with a query of several lines in its head move.
        let keep = part.queries || stmts.is_none();
        let lines = if keep { 0 } else { text.matches('\n').count() };
        statements.push_str(&format!("; {name} := {}", if keep { text.trim().to_string() } else { flat(text) }));
        edits.insert(part.from, (part.to - part.from, format!(" {name}{}", "\n".repeat(lines))));
    }
    let Some(stmts) = stmts else {
        edits.insert(tail.max(last), (0, format!(" if {{ {} }}", &statements[2..])));
        return;
    };
    let (begin, end) = range(&stmts[0].span, &stmts[stmts.len() - 1].span);
    if code(&source[last..begin], true).contains('{') {
        edits.insert(end, (0, statements));
    } else {
        edits.insert(begin, (0, "{ ".to_string()));
        edits.insert(end, (0, format!("{statements} }}")));
    }
}

/// One line, without comments.
fn flat(text: &str) -> String {
    code(text, true).replace(['\n', '\r'], " ").trim().to_string()
}

/// The text without comments and, if not wanted, without the content of strings.
fn code(text: &str, strings: bool) -> String {
    let (mut out, mut quote, mut escaped, mut comment) = (String::new(), None, false, false);
    for c in text.chars() {
        if comment {
            comment = c != '\n';
        }
        match quote {
            _ if comment => continue,
            Some(q) => {
                if c == q && !escaped {
                    quote = None;
                }
                escaped = q == '"' && c == '\\' && !escaped;
                if !strings {
                    continue;
                }
            }
            None if c == '#' => {
                comment = true;
                continue;
            }
            None if c == '"' || c == '`' => quote = Some(c),
            None => {}
        }
        out.push(c);
    }
    out
}
