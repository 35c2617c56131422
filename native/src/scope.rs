//! What names mean inside one rule: local variables, imports, other names for parts of input.

use crate::syntax::{package_path, reference};
use crate::walk::{locals, walk_rule, Visitor};
use regorus::unstable::{AssignOp, Expr, Module, Rule, RuleHead};
use std::collections::{BTreeSet, HashMap};

/// The steps of a reference below input; None marks one that only evaluation knows.
pub type Steps = Vec<Option<String>>;

/// The value of a rule without a body, `name := value`.
pub fn constant_value(rule: &Rule) -> Option<&Expr> {
    match rule {
        Rule::Spec { head: RuleHead::Compr { assign: Some(assign), .. }, bodies, .. }
            if bodies.iter().all(|b| b.query.stmts.is_empty()) =>
        {
            Some(&assign.value)
        }
        _ => None,
    }
}

/// What names mean inside one rule.
pub struct Scope<'a> {
    pub package: String,
    pub imports: HashMap<String, Vec<String>>,
    locals: BTreeSet<String>,
    /// Local variables that are only another name for a part of input; None: for several.
    parts: HashMap<String, Option<Steps>>,
    aliases: &'a HashMap<String, Steps>,
}

impl<'a> Scope<'a> {
    pub fn of(module: &Module, rule: &Rule, aliases: &'a HashMap<String, Steps>) -> Scope<'a> {
        let mut imports = HashMap::new();
        for import in &module.imports {
            let Some((path, true)) = reference(&import.refr) else { continue };
            if matches!(path[0].as_str(), "data" | "input") {
                let name = import.r#as.as_ref().map(|s| s.text().to_string()).or_else(|| path.last().cloned());
                imports.insert(name.unwrap_or_default(), path);
            }
        }
        let locals = locals(rule);
        let mut scope = Scope { package: package_path(module), imports, locals, parts: HashMap::new(), aliases };
        let mut parts: HashMap<String, Option<Steps>> = HashMap::new();
        walk_rule(
            rule,
            &mut Visitor {
                targets: false,
                expr: &mut |expr| {
                    let Expr::AssignExpr { op: AssignOp::ColEq, lhs, rhs, .. } = expr else { return };
                    let Expr::Var { span, .. } = &**lhs else { return };
                    let steps = scope.input_steps(rhs);
                    parts.entry(span.text().to_string()).and_modify(|known| *known = None).or_insert(steps);
                },
                statement: &mut |_| {},
            },
        );
        scope.parts = parts;
        scope
    }

    /// The data path of a reference; None for local variables and input.
    pub fn resolve(&self, names: &[String]) -> Option<String> {
        let (first, rest) = names.split_first()?;
        if self.locals.contains(first) {
            return None;
        }
        let base = match (first.as_str(), self.imports.get(first)) {
            ("data", _) => "data".to_string(),
            (_, Some(path)) if path[0] == "data" => path.join("."),
            ("input", _) | (_, Some(_)) => return None,
            _ => format!("{}.{first}", self.package),
        };
        Some(rest.iter().fold(base, |path, name| format!("{path}.{name}")))
    }

    /// The steps below input. Nothing when the expression is not about input.
    pub fn input_steps(&self, expr: &Expr) -> Option<Steps> {
        match expr {
            Expr::Var { span, .. } if span.text() == "input" && !self.locals.contains("input") => Some(Vec::new()),
            Expr::Var { span, .. } if self.locals.contains(span.text()) => {
                self.parts.get(span.text()).cloned().flatten()
            }
            Expr::Var { span, .. } => match self.imports.get(span.text()) {
                Some(path) if path[0] == "input" => Some(path[1..].iter().map(|n| Some(n.clone())).collect()),
                _ => self.aliases.get(&self.resolve(&[span.text().to_string()])?).cloned(),
            },
            Expr::RefDot { refr, field, .. } => {
                let mut steps = self.input_steps(refr)?;
                steps.push(Some(field.0.text().to_string()));
                Some(steps)
            }
            Expr::RefBrack { refr, index, .. } => {
                let mut steps = self.input_steps(refr)?;
                steps.push(match &**index {
                    Expr::String { value, .. } | Expr::RawString { value, .. } => {
                        value.as_string().ok().map(|s| s.to_string())
                    }
                    _ => None,
                });
                Some(steps)
            }
            _ => None,
        }
    }
}
