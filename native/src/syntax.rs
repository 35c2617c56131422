//! Small questions about regorus' syntax tree.

use regorus::unstable::{Expr, Module, Rule, RuleHead, Span};

/// The constant start of a reference: `input.a["b"][x].c` gives (["input", "a", "b"], false). The flag says whether the
/// whole reference was constant. None when it does not start at a variable.
pub fn reference(expr: &Expr) -> Option<(Vec<String>, bool)> {
    match expr {
        Expr::Var { span, .. } => Some((vec![span.text().to_string()], true)),
        Expr::RefDot { refr, field, .. } => {
            let (mut path, whole) = reference(refr)?;
            if whole {
                path.push(field.0.text().to_string());
            }
            Some((path, whole))
        }
        Expr::RefBrack { refr, index, .. } => {
            let (mut path, whole) = reference(refr)?;
            match (&**index, whole) {
                (Expr::String { value, .. } | Expr::RawString { value, .. }, true) => {
                    path.push(value.as_string().map(|s| s.to_string()).unwrap_or_default());
                    Some((path, true))
                }
                _ => Some((path, false)),
            }
        }
        _ => None,
    }
}

/// Where an expression begins: regorus' own span of a call or reference begins at its last bracket or dot.
pub fn start(expr: &Expr) -> &Span {
    match expr {
        Expr::RefDot { refr: first, .. }
        | Expr::RefBrack { refr: first, .. }
        | Expr::Call { fcn: first, .. }
        | Expr::BinExpr { lhs: first, .. }
        | Expr::BoolExpr { lhs: first, .. }
        | Expr::ArithExpr { lhs: first, .. }
        | Expr::AssignExpr { lhs: first, .. }
        | Expr::Membership { key: Some(first), .. }
        | Expr::Membership { key: None, value: first, .. } => start(first),
        other => other.span(),
    }
}

/// Byte range from one span to another. The span of a string is the text between its quotes, so quotes
/// that touch an end belong to it.
pub fn range(first: &Span, last: &Span) -> (usize, usize) {
    let text = last.source.get_contents().as_bytes();
    let quote = |at: usize| matches!(text.get(at), Some(b'"' | b'`'));
    let (begin, end) = (first.start as usize, last.end as usize);
    (begin - usize::from(begin > 0 && quote(begin - 1)), end + usize::from(quote(end)))
}

/// An expression as it is written.
pub fn written(expr: &Expr) -> &str {
    let (begin, end) = range(start(expr), expr.span());
    expr.span().source.get_contents().get(begin..end).unwrap_or_default()
}

/// "data.regesta.gate".
pub fn package_path(module: &Module) -> String {
    let parts = reference(&module.package.refr).map(|(path, _)| path).unwrap_or_default();
    format!("data.{}", parts.join("."))
}

pub fn rule_reference(rule: &Rule) -> &Expr {
    match rule {
        Rule::Default { refr, .. } => refr,
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
        },
    }
}

/// The constant names of a rule's head: `deny` gives ["deny"], `limits.low` gives ["limits", "low"].
pub fn rule_path(rule: &Rule) -> Vec<String> {
    reference(rule_reference(rule)).map(|(path, _)| path).unwrap_or_default()
}
