//! The fields of an operation, with fragments, conditions and variables resolved.

use super::{cost, inner_name, is_list, unknown_field, FieldType, Schema, Text, DEPTH, FIELDS};
use crate::fault::Fault;
use graphql_parser::query::{self, Selection, TypeCondition};
use serde_json::{json, Map, Value as Json};
use std::collections::HashMap;

pub(super) struct Planner<'a> {
    pub(super) schema: &'a Schema,
    pub(super) fragments: &'a HashMap<Text, query::FragmentDefinition<'static, Text>>,
    pub(super) values: HashMap<Text, Option<Json>>,
    pub(super) left: usize,
    /// Of the arguments of all fields: a variable counts wherever it is used.
    pub(super) bytes_left: usize,
    pub(super) open: Vec<Text>,
}

impl Planner<'_> {
    /// Adds the fields of `parent` that the selections name. `on`: only on objects of these types.
    pub(super) fn select(
        &mut self,
        parent: &str,
        selections: &[Selection<'static, Text>],
        on: Option<&[Text]>,
        depth: usize,
        out: &mut Vec<Json>,
    ) -> Result<(), Fault> {
        if depth > DEPTH {
            return Err(cost(format!("fields are nested deeper than {DEPTH}")));
        }
        for selection in selections {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| cost(format!("the operation selects more than {FIELDS} fields")))?;
            match selection {
                Selection::Field(field) => {
                    if self.included(&field.directives)? {
                        self.field(parent, field, on, depth, out)?;
                    }
                }
                Selection::InlineFragment(fragment) => {
                    if self.included(&fragment.directives)? {
                        let TypeCondition::On(kind) =
                            fragment.type_condition.clone().unwrap_or_else(|| TypeCondition::On(parent.to_string()));
                        self.conditional(parent, &kind, &fragment.selection_set.items, on, depth, out)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    if !self.included(&spread.directives)? {
                        continue;
                    }
                    let fragments = self.fragments;
                    let name = &spread.fragment_name;
                    let fragment = fragments
                        .get(name)
                        .ok_or_else(|| Fault::new("validate", format!("there is no fragment '{name}'")))?;
                    if self.open.contains(name) {
                        return Err(Fault::new("validate", format!("fragment '{name}' contains itself")));
                    }
                    self.open.push(name.clone());
                    let TypeCondition::On(kind) = &fragment.type_condition;
                    self.conditional(parent, kind, &fragment.selection_set.items, on, depth, out)?;
                    self.open.pop();
                }
            }
        }
        Ok(())
    }

    fn conditional(
        &mut self,
        parent: &str,
        kind: &str,
        selections: &[Selection<'static, Text>],
        on: Option<&[Text]>,
        depth: usize,
        out: &mut Vec<Json>,
    ) -> Result<(), Fault> {
        if kind == parent {
            return self.select(parent, selections, on, depth + 1, out);
        }
        if self.schema.fields(kind).is_none() {
            return Err(Fault::new("validate", format!("there is no type '{kind}' to select from")));
        }
        let possible = self.schema.concrete(parent);
        let mut types: Vec<Text> = self.schema.concrete(kind);
        types.retain(|t| possible.contains(t) && on.is_none_or(|on| on.contains(t)));
        self.select(kind, selections, Some(&types), depth + 1, out)
    }

    fn field(
        &mut self,
        parent: &str,
        field: &query::Field<'static, Text>,
        on: Option<&[Text]>,
        depth: usize,
        out: &mut Vec<Json>,
    ) -> Result<(), Fault> {
        let key = field.alias.as_ref().unwrap_or(&field.name);
        let schema = self.schema;
        let mut made = Map::new();
        made.insert("key".into(), json!(key));
        made.insert("name".into(), json!(field.name));
        if let Some(on) = on {
            made.insert("on".into(), json!(on));
        }
        if field.name != "__typename" {
            let known = schema.fields(parent).and_then(|fields| fields.get(&field.name)).ok_or_else(|| {
                Fault::new("validate", unknown_field(parent, &field.name))
            })?;
            let arguments = self.arguments(parent, field, known)?;
            self.bytes_left = self
                .bytes_left
                .checked_sub(bytes_of(&arguments))
                .ok_or_else(|| cost("the arguments of all fields are too large together".to_string()))?;
            made.insert("args".into(), arguments);
            let whole = known.kind.as_ref().expect("every field has a type");
            let kind = inner_name(whole);
            made.insert("type".into(), json!(kind));
            if is_list(whole) {
                made.insert("list".into(), json!(true));
            }
            let composite = schema.fields(kind).is_some();
            if composite != !field.selection_set.items.is_empty() {
                let what = if composite { "must have" } else { "cannot have" };
                return Err(Fault::new("validate", format!("field '{parent}.{}' {what} a selection", field.name)));
            }
            if composite {
                let mut fields = Vec::new();
                self.select(kind, &field.selection_set.items, None, depth + 1, &mut fields)?;
                made.insert("fields".into(), Json::Array(fields));
            }
        }
        merge(out, made)
    }

    fn arguments(&self, parent: &str, field: &query::Field<'static, Text>, known: &FieldType) -> Result<Json, Fault> {
        let place = |name: &str| format!("{parent}.{}({name})", field.name);
        if let Some((unknown, _)) = field.arguments.iter().find(|(name, _)| !known.arguments.contains_key(name)) {
            return Err(Fault::new("validate", format!("there is no argument {}", place(unknown))));
        }
        let mut made = Map::new();
        for (name, argument) in &known.arguments {
            let given = match field.arguments.iter().find(|(key, _)| key == name) {
                Some((_, value)) => self.schema.literal(value, &self.values)?,
                None => None,
            };
            if let Some(value) = self.schema.member(argument, given.as_ref(), &place(name))? {
                made.insert(name.clone(), value);
            }
        }
        Ok(Json::Object(made))
    }

    fn included(&self, directives: &[query::Directive<'static, Text>]) -> Result<bool, Fault> {
        for directive in directives {
            let wanted = match directive.name.as_str() {
                "include" => true,
                "skip" => false,
                other => return Err(Fault::new("validate", format!("there is no directive '@{other}'"))),
            };
            let condition = directive
                .arguments
                .iter()
                .find(|(name, _)| name == "if")
                .ok_or_else(|| Fault::new("validate", format!("@{} needs 'if'", directive.name)))?;
            match self.schema.literal(&condition.1, &self.values)? {
                Some(Json::Bool(flag)) if flag == wanted => {}
                Some(Json::Bool(_)) => return Ok(false),
                _ => return Err(Fault::new("validate", format!("'if' of @{} must be a boolean", directive.name))),
            }
        }
        Ok(true)
    }
}

/// About the memory that a value takes.
fn bytes_of(value: &Json) -> usize {
    match value {
        Json::String(text) => 16 + text.len(),
        Json::Array(items) => 16 + items.iter().map(bytes_of).sum::<usize>(),
        Json::Object(members) => 16 + members.iter().map(|(name, member)| 16 + name.len() + bytes_of(member)).sum::<usize>(),
        _ => 16,
    }
}

/// The same key asked for twice is one field with both selections.
fn merge(out: &mut Vec<Json>, made: Map<String, Json>) -> Result<(), Fault> {
    let same = out.iter_mut().find(|other| other["key"] == made["key"] && other.get("on") == made.get("on"));
    let Some(Json::Object(other)) = same else {
        out.push(Json::Object(made));
        return Ok(());
    };
    if other["name"] != made["name"] || other.get("args") != made.get("args") {
        return Err(Fault::new("validate", format!("{} stands for two different fields", made["key"])));
    }
    if let (Some(Json::Array(fields)), Some(Json::Array(more))) = (other.get_mut("fields"), made.get("fields").cloned())
    {
        for field in more {
            if let Json::Object(field) = field {
                merge(fields, field)?;
            }
        }
    }
    Ok(())
}
