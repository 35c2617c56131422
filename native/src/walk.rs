//! Visits every expression of a rule, parents before their parts.

use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Rule, RuleAssign, RuleHead};
use std::collections::BTreeSet;

pub struct Visitor<'a> {
    /// The targets of `with` are visited too; they name what is replaced rather than use it.
    pub targets: bool,
    pub expr: &'a mut dyn FnMut(&Expr),
    pub statement: &'a mut dyn FnMut(&LiteralStmt),
}

pub fn walk_rule(rule: &Rule, visitor: &mut Visitor) {
    match rule {
        Rule::Default { args, value, .. } => {
            args.iter().for_each(|a| walk_expr(a, visitor));
            walk_expr(value, visitor);
        }
        Rule::Spec { head, bodies, .. } => {
            walk_head(head, visitor);
            for body in bodies {
                walk_assign(body.assign.as_ref(), visitor);
                walk_query(&body.query, visitor);
            }
        }
    }
}

fn walk_head(head: &RuleHead, visitor: &mut Visitor) {
    match head {
        RuleHead::Compr { refr, assign, .. } => {
            walk_indexes(refr, visitor);
            walk_assign(assign.as_ref(), visitor);
        }
        RuleHead::Set { refr, key, .. } => {
            walk_indexes(refr, visitor);
            key.iter().for_each(|k| walk_expr(k, visitor));
        }
        RuleHead::Func { args, assign, .. } => {
            args.iter().for_each(|a| walk_expr(a, visitor));
            walk_assign(assign.as_ref(), visitor);
        }
    }
}

/// The head's own name is not a mention of it; the indexes in its brackets are expressions.
fn walk_indexes(refr: &Expr, visitor: &mut Visitor) {
    match refr {
        Expr::RefBrack { refr, index, .. } => {
            walk_indexes(refr, visitor);
            walk_expr(index, visitor);
        }
        Expr::RefDot { refr, .. } => walk_indexes(refr, visitor),
        _ => {}
    }
}

fn walk_assign(assign: Option<&RuleAssign>, visitor: &mut Visitor) {
    if let Some(assign) = assign {
        walk_expr(&assign.value, visitor);
    }
}

fn walk_query(query: &Query, visitor: &mut Visitor) {
    for statement in &query.stmts {
        (visitor.statement)(statement);
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                key.iter().for_each(|k| walk_expr(k, visitor));
                walk_expr(value, visitor);
                walk_expr(collection, visitor);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => walk_expr(expr, visitor),
            Literal::Every { domain, query, .. } => {
                walk_expr(domain, visitor);
                walk_query(query, visitor);
            }
        }
        for modifier in &statement.with_mods {
            if visitor.targets {
                walk_expr(&modifier.refr, visitor);
            }
            walk_expr(&modifier.r#as, visitor);
        }
    }
}

pub fn walk_expr(expr: &Expr, visitor: &mut Visitor) {
    (visitor.expr)(expr);
    match expr {
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().for_each(|i| walk_expr(i, visitor)),
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                walk_expr(key, visitor);
                walk_expr(value, visitor);
            }
        }
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            walk_expr(term, visitor);
            walk_query(query, visitor);
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            walk_expr(key, visitor);
            walk_expr(value, visitor);
            walk_query(query, visitor);
        }
        Expr::Call { fcn, params, .. } => {
            walk_expr(fcn, visitor);
            params.iter().for_each(|p| walk_expr(p, visitor));
        }
        Expr::UnaryExpr { expr, .. } => walk_expr(expr, visitor),
        Expr::RefDot { refr, .. } => walk_expr(refr, visitor),
        Expr::RefBrack { refr, index, .. } => {
            walk_expr(refr, visitor);
            walk_expr(index, visitor);
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            walk_expr(lhs, visitor);
            walk_expr(rhs, visitor);
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().for_each(|k| walk_expr(k, visitor));
            walk_expr(value, visitor);
            walk_expr(collection, visitor);
        }
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
    }
}

/// Names that a rule declares for itself: arguments, `some`, `every`, `:=`.
pub fn locals(rule: &Rule) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Rule::Spec { head: RuleHead::Func { args, .. }, .. } = rule {
        args.iter().for_each(|a| variables(a, &mut names));
    }
    if let Rule::Spec { bodies, .. } = rule {
        bodies.iter().for_each(|b| declared(&b.query, &mut names));
    }
    walk_rule(
        rule,
        &mut Visitor {
            targets: false,
            expr: &mut |expr| match expr {
                Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } => variables(lhs, &mut names),
                Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
                    declared(query, &mut names);
                }
                _ => {}
            },
            statement: &mut |_| {},
        },
    );
    names
}

fn declared(query: &Query, names: &mut BTreeSet<String>) {
    for statement in &query.stmts {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => names.extend(vars.iter().map(|v| v.text().to_string())),
            Literal::SomeIn { key, value, .. } => {
                key.iter().for_each(|k| variables(k, names));
                variables(value, names);
            }
            Literal::Every { key, value, query, .. } => {
                names.extend(key.iter().map(|k| k.text().to_string()));
                names.insert(value.text().to_string());
                declared(query, names);
            }
            Literal::Expr { .. } | Literal::NotExpr { .. } => {}
        }
    }
}

/// The variables of a pattern: x, [x, y], {"k": x}.
fn variables(expr: &Expr, names: &mut BTreeSet<String>) {
    match expr {
        Expr::Var { span, .. } => {
            names.insert(span.text().to_string());
        }
        Expr::Array { items, .. } => items.iter().for_each(|i| variables(i, names)),
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, _, value)| variables(value, names)),
        _ => {}
    }
}
