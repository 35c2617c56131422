//! Static checks that regorus does not make: functions, recursion, members of input, the shape of a gate.

use crate::desugar::desugar;
use crate::engine::{build, empty_engine, read_sources, Source};
use crate::extend;
use crate::fault::Fault;
use crate::schema::Schema;
use crate::scope::{constant_value, Scope, Steps};
use crate::syntax::{package_path, reference, rule_path, rule_reference, start};
use crate::walk::{walk_rule, Visitor};
use regorus::unstable::{Expr, Module, Rule, RuleHead, Span, BUILTINS};
use serde_json::{json, Value as Json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const GATE: &str = "data.regesta.gate";
const SETS: [&str; 3] = ["deny", "warn", "require"];

pub fn check(body: &Json) -> Result<Json, Fault> {
    let sources = read_sources(body)?;
    let mut problems = Vec::new();
    let mut readable = Vec::new();
    for source in &sources {
        match parse(source) {
            Ok(()) => readable.push(Source { name: source.name.clone(), text: source.text.clone() }),
            Err(fault) => problems.push(fault),
        }
    }
    let mut engine = empty_engine(true)?;
    for source in &readable {
        engine.add_policy(source.name.clone(), source.text.clone())?;
    }
    let modules: Vec<_> = engine.get_modules().to_vec();
    let complete = readable.len() == sources.len();
    let names = |member: &str| -> Vec<String> {
        let list = body.get(member).and_then(Json::as_array);
        list.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_string)).collect()
    };
    let world = World::new(&modules, Schema::new(&names("inputs")), names("opa_builtins"));
    for module in &modules {
        world.check_module(module, complete, &mut problems);
    }
    world.check_gate(&modules, complete, &mut problems);
    world.check_recursion(&mut problems);
    if complete && !problems.iter().any(|p| !p.warning) {
        let desugared = readable.into_iter().map(desugar).collect::<Result<Vec<_>, _>>();
        if let Err(mut fault) = desugared.and_then(|sources| build(&sources, "{}", true)) {
            if fault.message.contains("is unsafe") {
                fault.code = "rego_unsafe_var_error";
            }
            problems.push(fault);
        }
    }
    problems.sort_by(|a, b| (&a.file, a.row, a.column).cmp(&(&b.file, b.row, b.column)));
    let packages: BTreeSet<String> =
        modules.iter().map(|m| package_path(m).trim_start_matches("data.").to_string()).collect();
    Ok(json!({"problems": problems.iter().map(Fault::to_json).collect::<Vec<_>>(), "packages": packages}))
}

fn parse(source: &Source) -> Result<(), Fault> {
    let mut engine = empty_engine(true)?;
    engine.add_policy(source.name.clone(), source.text.clone()).map(|_| ()).map_err(|e| {
        let mut fault = Fault::from_engine("rego_parse_error", &e);
        if fault.file.is_empty() {
            fault.file.clone_from(&source.name);
        }
        if let Some(what) = newer_language(source, &fault) {
            fault.needs_opa = true;
            fault.hint = format!("{what} needs OPA, which does not decide here: write it without");
        }
        fault
    })
}

/// What OPA has and regorus does not, when the line that failed to parse looks like it.
fn newer_language(source: &Source, fault: &Fault) -> Option<&'static str> {
    let line = source.text.lines().nth(fault.row.checked_sub(1)? as usize)?.trim();
    if line.contains("$\"") || line.contains("$`") {
        return Some("a template string");
    }
    let import = line.starts_with("import ");
    if import
        && (line.contains("rego.v2") || ["and", "or", "not"].iter().any(|k| line.ends_with(&format!("keywords.{k}"))))
    {
        return Some("this import");
    }
    if line.contains(" and ") || line.contains(" or ") {
        return Some("`and` or `or`");
    }
    if line.contains("not {") {
        return Some("`not` with a body");
    }
    let keywords =
        ["if", "contains", "in", "every", "not", "some", "with", "as", "default", "else", "import", "package"];
    if keywords.iter().any(|k| line.contains(&format!(".{k}"))) {
        return Some("a keyword inside a reference");
    }
    None
}

struct Function {
    arguments: usize,
}

struct World {
    schema: Schema,
    opa_builtins: BTreeSet<String>,
    functions: HashMap<String, Function>,
    rules: BTreeSet<String>,
    /// rule -> what it mentions, with the place of the rule
    graph: BTreeMap<String, (BTreeSet<String>, Fault)>,
    /// Rules that are only another name for a part of input, `candidate := input.candidate`, by path.
    aliases: HashMap<String, Steps>,
    gate: bool,
}

impl World {
    fn new(modules: &[regorus::unstable::Ref<Module>], schema: Schema, opa_builtins: Vec<String>) -> Self {
        let mut world = World {
            schema,
            opa_builtins: opa_builtins.into_iter().collect(),
            functions: HashMap::new(),
            rules: BTreeSet::new(),
            graph: BTreeMap::new(),
            aliases: HashMap::new(),
            gate: false,
        };
        for module in modules {
            let package = package_path(module);
            world.gate |= package == GATE;
            for rule in &module.policy {
                let path = format!("{package}.{}", rule_path(rule).join("."));
                if let Rule::Spec { head: RuleHead::Func { args, .. }, .. } = &**rule {
                    world.functions.insert(path.clone(), Function { arguments: args.len() });
                }
                world.rules.insert(path);
            }
        }
        for module in modules {
            for rule in &module.policy {
                world.add_to_graph(module, rule);
                if let Some(value) = constant_value(rule) {
                    if let Some(steps) = Scope::of(module, rule, &HashMap::new()).input_steps(value) {
                        world.aliases.insert(format!("{}.{}", package_path(module), rule_path(rule).join(".")), steps);
                    }
                }
            }
        }
        world
    }

    fn add_to_graph(&mut self, module: &Module, rule: &Rule) {
        let package = package_path(module);
        let path = format!("{package}.{}", rule_path(rule).join("."));
        let none = HashMap::new();
        let scope = Scope::of(module, rule, &none);
        let mut mentions = BTreeSet::new();
        walk_rule(
            rule,
            &mut Visitor {
                targets: false,
                expr: &mut |expr| {
                    if let Some((names, _)) = reference(expr) {
                        if let Some(target) = scope.resolve(&names) {
                            mentions.insert(target);
                        }
                    }
                },
                statement: &mut |_| {},
            },
        );
        let targets: BTreeSet<String> = mentions.iter().flat_map(|m| self.rules_at(m)).collect();
        let place = at(rule_reference(rule).span(), "rego_recursion_error", String::new());
        self.graph.entry(path).or_insert_with(|| (BTreeSet::new(), place)).0.extend(targets);
    }

    /// The rules that a data path means: a rule, a part of a rule's value, or everything below a package.
    fn rules_at(&self, path: &str) -> Vec<String> {
        let mut up = path;
        loop {
            if self.rules.contains(up) {
                return vec![up.to_string()];
            }
            match up.rsplit_once('.') {
                Some((parent, _)) => up = parent,
                None => break,
            }
        }
        let below = format!("{path}.");
        self.rules.range(below.clone()..).take_while(|r| r.starts_with(&below)).cloned().collect()
    }

    fn check_module(&self, module: &Module, complete: bool, problems: &mut Vec<Fault>) {
        for rule in &module.policy {
            let scope = Scope::of(module, rule, &self.aliases);
            let mut seen = BTreeSet::new();
            walk_rule(
                rule,
                &mut Visitor {
                    targets: false,
                    expr: &mut |expr| {
                        if let Expr::Call { fcn, params, .. } = expr {
                            self.check_call(&scope, fcn, params.len(), start(fcn), complete, problems);
                        } else if self.gate {
                            self.check_input(&scope, expr, &mut seen, problems);
                        }
                    },
                    statement: &mut |_| {},
                },
            );
        }
    }

    fn check_call(
        &self,
        scope: &Scope,
        fcn: &Expr,
        given: usize,
        span: &Span,
        complete: bool,
        problems: &mut Vec<Fault>,
    ) {
        let Some((names, _)) = reference(fcn) else { return };
        let name = names.join(".");
        if let Some(function) = scope.resolve(&names).and_then(|path| self.functions.get(&path)) {
            if given != function.arguments && given != function.arguments + 1 {
                let message = format!("{name} takes {} arguments, {given} are given", function.arguments);
                problems.push(at(span, "rego_type_error", message));
            }
            return;
        }
        let table = BUILTINS.get(name.as_str()).map(|(_, n)| usize::from(*n));
        let extension = extend::names().find(|(known, _)| *known == name).map(|(_, n)| usize::from(n));
        if let Some(arguments) = extension.or(table) {
            // f(x, result) is an old way to write result = f(x); regorus takes it only for its own functions.
            let fits = given == arguments || (table.is_some() && given == arguments + 1);
            if !fits && !is_variadic(&name) {
                let message = format!("{name} takes {arguments} arguments, {given} are given");
                problems.push(at(span, "rego_type_error", message));
            }
            return;
        }
        // Without all files a function may be defined in the one that did not parse.
        if name == "print" || (!complete && names.first().is_some_and(|n| n == "data" || scope.imports.contains_key(n)))
        {
            return;
        }
        let mut fault = at(span, "rego_type_error", format!("undefined function {name}"));
        if self.opa_builtins.contains(&name) {
            fault.code = "needs_opa";
            fault.message = format!("function {name} is OPA's, the embedded engine does not have it");
            fault.hint = "write it without: policies are evaluated by the embedded engine only".to_string();
            fault.needs_opa = true;
        } else if let Some(near) = self.nearest_function(scope, &name) {
            fault.hint = format!("did you mean {near}?");
        }
        problems.push(fault);
    }

    fn nearest_function(&self, scope: &Scope, name: &str) -> Option<String> {
        let local = format!("{}.", scope.package);
        let own = self.functions.keys().filter_map(|f| f.strip_prefix(&local).map(str::to_string));
        let known = BUILTINS.keys().map(|k| (*k).to_string()).chain(extend::names().map(|(n, _)| n.to_string()));
        crate::schema::nearest(name, own.chain(known))
    }

    fn check_input(&self, scope: &Scope, expr: &Expr, seen: &mut BTreeSet<(u32, u32)>, problems: &mut Vec<Fault>) {
        let Some(steps) = scope.input_steps(expr) else { return };
        // The walk meets input.a.b, then its part input.a: only the longest counts.
        if !seen.insert((start(expr).line, start(expr).col)) {
            return;
        }
        if let Err(wrong) = self.schema.check(&steps) {
            let mut fault = at(start(expr), "unknown_input", wrong.message);
            fault.hint = wrong.hint;
            problems.push(fault);
        }
    }

    fn check_gate(&self, modules: &[regorus::unstable::Ref<Module>], complete: bool, problems: &mut Vec<Fault>) {
        let mut sets = 0;
        for module in modules.iter().filter(|m| package_path(m) == GATE) {
            for rule in &module.policy {
                let path = rule_path(rule);
                let Some(name) = path.first().filter(|n| SETS.contains(&n.as_str())) else { continue };
                sets += 1;
                if !matches!(&**rule, Rule::Spec { head: RuleHead::Set { .. }, .. }) {
                    let message = format!("{name} must be a set of violations");
                    let mut fault = at(rule.span(), "missing_rule", message);
                    fault.hint = format!("write `{name} contains {{\"code\": …, \"msg\": …}} if {{ … }}`");
                    problems.push(fault);
                }
            }
        }
        if sets > 0 || !complete {
            return;
        }
        let message = if self.gate {
            "package regesta.gate has none of the sets deny, warn and require".to_string()
        } else {
            "no file is in package regesta.gate, so this is not a gate".to_string()
        };
        let mut fault = Fault::new("missing_rule", message);
        fault.file = modules.first().map(|m| m.package.span.source.get_path().clone()).unwrap_or_default();
        problems.push(fault);
    }

    fn check_recursion(&self, problems: &mut Vec<Fault>) {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for start in self.graph.keys() {
            let mut stack: Vec<&str> = Vec::new();
            if let Some(cycle) = self.find_cycle(start, &mut stack, &mut done) {
                let bare: Vec<&str> = cycle.iter().map(|p| p.trim_start_matches("data.")).collect();
                let mut fault = self.graph[cycle[0]].1.clone();
                fault.message = format!("rule {} is recursive: {} -> {}", bare[0], bare.join(" -> "), bare[0]);
                problems.push(fault);
            }
        }
    }

    /// Depth first; the text's limits keep the depth small. A cycle is reported once.
    fn find_cycle<'a>(
        &'a self,
        at: &'a str,
        stack: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<&'a str>> {
        if let Some(position) = stack.iter().position(|p| *p == at) {
            return Some(stack[position..].to_vec());
        }
        if !done.insert(at) {
            return None;
        }
        stack.push(at);
        for next in self.graph.get(at).into_iter().flat_map(|(targets, _)| targets) {
            if let Some(cycle) = self.find_cycle(next, stack, done) {
                return Some(cycle);
            }
        }
        stack.pop();
        None
    }
}

/// Functions whose table entry is not the number of arguments.
fn is_variadic(name: &str) -> bool {
    matches!(name, "print" | "walk" | "opa.runtime")
}

fn at(span: &Span, code: &'static str, message: String) -> Fault {
    let mut fault = Fault::new(code, message);
    fault.file.clone_from(span.source.get_path());
    (fault.row, fault.column) = (span.line, span.col);
    fault
}
