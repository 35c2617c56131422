//! GraphQL: a request is parsed, checked against a schema and flattened into the fields to compute. Who may see what,
//! and where the values come from, is decided on the C++ side.

mod planner;
#[cfg(test)]
mod tests;

use crate::fault::Fault;
use graphql_parser::query::{self, Definition, OperationDefinition, Value};
use graphql_parser::schema::{self, Type, TypeDefinition};
use planner::Planner;
use serde_json::{json, Map, Value as Json};
use std::collections::{BTreeMap, HashMap};

type Text = String;
type Kind = Type<'static, Text>;
type Query = query::Value<'static, Text>;

/// What one request may ask for.
const DOCUMENT_BYTES: usize = 64 * 1024;
const DEPTH: usize = 24;
const FIELDS: usize = 4000;
const ARGUMENT_BYTES: usize = 64 << 20;

#[derive(Default)]
struct FieldType {
    kind: Option<Kind>,
    arguments: BTreeMap<Text, Argument>,
}

struct Argument {
    kind: Kind,
    default: Option<Query>,
}

enum Definitions {
    Scalar,
    Enum(Vec<Text>),
    Object(BTreeMap<Text, FieldType>),
    /// Fields that may be selected without a condition, and the types it stands for.
    Abstract(BTreeMap<Text, FieldType>, Vec<Text>),
    Input(BTreeMap<Text, Argument>),
}

#[derive(Default)]
pub struct Schema {
    types: HashMap<Text, Definitions>,
}

fn fields_of(fields: &[schema::Field<'static, Text>]) -> BTreeMap<Text, FieldType> {
    fields
        .iter()
        .map(|f| {
            let arguments = f.arguments.iter().map(argument_of).collect();
            (f.name.clone(), FieldType { kind: Some(f.field_type.clone()), arguments })
        })
        .collect()
}

fn argument_of(value: &schema::InputValue<'static, Text>) -> (Text, Argument) {
    (value.name.clone(), Argument { kind: value.value_type.clone(), default: value.default_value.clone() })
}

impl Schema {
    pub fn read(text: &str) -> Result<Schema, Fault> {
        let document =
            schema::parse_schema::<Text>(text).map_err(|e| Fault::new("schema", e.to_string()))?.into_static();
        let mut read = Schema::default();
        for scalar in ["Int", "Float", "String", "Boolean", "ID"] {
            read.types.insert(scalar.into(), Definitions::Scalar);
        }
        let mut implementers: HashMap<Text, Vec<Text>> = HashMap::new();
        for definition in &document.definitions {
            let schema::Definition::TypeDefinition(definition) = definition else { continue };
            let (name, made) = match definition {
                TypeDefinition::Scalar(t) => (&t.name, Definitions::Scalar),
                TypeDefinition::Enum(t) => {
                    (&t.name, Definitions::Enum(t.values.iter().map(|v| v.name.clone()).collect()))
                }
                TypeDefinition::Object(t) => {
                    for interface in &t.implements_interfaces {
                        implementers.entry(interface.clone()).or_default().push(t.name.clone());
                    }
                    (&t.name, Definitions::Object(fields_of(&t.fields)))
                }
                TypeDefinition::Interface(t) => (&t.name, Definitions::Abstract(fields_of(&t.fields), Vec::new())),
                TypeDefinition::Union(t) => (&t.name, Definitions::Abstract(BTreeMap::new(), t.types.clone())),
                TypeDefinition::InputObject(t) => {
                    (&t.name, Definitions::Input(t.fields.iter().map(argument_of).collect()))
                }
            };
            read.types.insert(name.clone(), made);
        }
        for (interface, types) in implementers {
            if let Some(Definitions::Abstract(_, listed)) = read.types.get_mut(&interface) {
                listed.extend(types);
            }
        }
        Ok(read)
    }

    fn concrete(&self, name: &str) -> Vec<Text> {
        match self.types.get(name) {
            Some(Definitions::Abstract(_, types)) => types.clone(),
            _ => vec![name.to_string()],
        }
    }

    fn fields(&self, name: &str) -> Option<&BTreeMap<Text, FieldType>> {
        match self.types.get(name) {
            Some(Definitions::Object(fields)) | Some(Definitions::Abstract(fields, _)) => Some(fields),
            _ => None,
        }
    }

    /// What a request asks for: {"operation","name","fields":[{"key","name","type","list","args","on","fields"}]}.
    pub fn plan(&self, request: &Json) -> Result<Json, Fault> {
        let text = request.get("query").and_then(Json::as_str).unwrap_or_default();
        if text.is_empty() {
            return Err(Fault::new("request", "'query' must be a GraphQL document"));
        }
        if text.len() > DOCUMENT_BYTES {
            return Err(cost(format!("the document has more than {DOCUMENT_BYTES} bytes")));
        }
        let document = query::parse_query::<Text>(text)
            .map_err(|e| Fault::new("parse", format!("not a GraphQL document: {e}")))?
            .into_static();
        let mut fragments = HashMap::new();
        let mut operations = Vec::new();
        for definition in document.definitions {
            match definition {
                Definition::Fragment(f) => {
                    fragments.insert(f.name.clone(), f);
                }
                Definition::Operation(o) => operations.push(o),
            }
        }
        let named = request.get("operationName").and_then(Json::as_str).unwrap_or_default();
        let chosen = operations
            .into_iter()
            .find(|o| named.is_empty() || name_of(o) == named)
            .ok_or_else(|| Fault::new("request", format!("the document has no operation '{named}'")))?;
        let name = name_of(&chosen).to_string();
        let (root, variables, selections) = match chosen {
            OperationDefinition::SelectionSet(set) => ("Query", Vec::new(), set),
            OperationDefinition::Query(q) => ("Query", q.variable_definitions, q.selection_set),
            OperationDefinition::Mutation(m) => ("Mutation", m.variable_definitions, m.selection_set),
            OperationDefinition::Subscription(_) => {
                return Err(Fault::new("validate", "subscriptions are not supported"))
            }
        };
        self.check_root(root, &selections)?;
        let given = request.get("variables").and_then(Json::as_object).cloned().unwrap_or_default();
        let mut values = HashMap::new();
        for variable in variables {
            let place = format!("${}", variable.name);
            let value = match given.get(&variable.name) {
                Some(value) => Some(self.coerce(&variable.var_type, value, &place)?),
                None => match &variable.default_value {
                    Some(value) => Some(self.literal(value, &HashMap::new())?.unwrap_or(Json::Null)),
                    None if matches!(variable.var_type, Type::NonNullType(_)) => {
                        return Err(Fault::new("validate", format!("variable {place} is required")))
                    }
                    None => None,
                },
            };
            values.insert(variable.name.clone(), value);
        }
        let mut planner = Planner { schema: self, fragments: &fragments, values, left: FIELDS, bytes_left: ARGUMENT_BYTES, open: Vec::new() };
        let mut fields = Vec::new();
        planner.select(root, &selections.items, None, 0, &mut fields)?;
        Ok(json!({"operation": root, "name": name, "fields": fields}))
    }

    /// The first thing to be checked, so that the code "root" means: the request is for another schema.
    fn check_root(&self, root: &str, selections: &query::SelectionSet<'static, Text>) -> Result<(), Fault> {
        for selection in &selections.items {
            let query::Selection::Field(field) = selection else { continue };
            if field.name != "__typename" && !self.fields(root).is_some_and(|known| known.contains_key(&field.name)) {
                return Err(Fault::new("root", unknown_field(root, &field.name)));
            }
        }
        Ok(())
    }

    /// The value as the type wants it.
    fn coerce(&self, kind: &Kind, value: &Json, place: &str) -> Result<Json, Fault> {
        let wrong = |what: &str| Err(Fault::new("validate", format!("{place} must be {what}")));
        match kind {
            Type::NonNullType(inner) => {
                if value.is_null() {
                    return wrong("given");
                }
                self.coerce(inner, value, place)
            }
            _ if value.is_null() => Ok(Json::Null),
            Type::ListType(inner) => match value {
                Json::Array(items) => items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.coerce(inner, item, &format!("{place}[{i}]")))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Json::Array),
                one => Ok(Json::Array(vec![self.coerce(inner, one, place)?])),
            },
            Type::NamedType(name) => match self.types.get(name) {
                None => Err(Fault::new("validate", format!("{place}: there is no type '{name}'"))),
                Some(Definitions::Input(members)) => {
                    let Some(object) = value.as_object() else { return wrong("an object") };
                    if let Some(unknown) = object.keys().find(|key| !members.contains_key(*key)) {
                        return Err(Fault::new("validate", format!("{place}: {name} has no field '{unknown}'")));
                    }
                    let mut made = Map::new();
                    for (key, member) in members {
                        if let Some(value) = self.member(member, object.get(key), &format!("{place}.{key}"))? {
                            made.insert(key.clone(), value);
                        }
                    }
                    Ok(Json::Object(made))
                }
                Some(Definitions::Enum(words)) => match value.as_str() {
                    Some(word) if words.iter().any(|w| w == word) => Ok(value.clone()),
                    _ => wrong(&format!("one of {}", words.join(", "))),
                },
                Some(_) => match name.as_str() {
                    "Int" if value.as_i64().is_none() => wrong("a whole number"),
                    "Float" if !value.is_number() => wrong("a number"),
                    "Boolean" if !value.is_boolean() => wrong("true or false"),
                    "String" | "ID" | "JSONString" if !value.is_string() => match value {
                        Json::Number(number) if name == "ID" => Ok(Json::String(number.to_string())),
                        _ => wrong("a text"),
                    },
                    _ => Ok(value.clone()),
                },
            },
        }
    }

    fn member(&self, member: &Argument, value: Option<&Json>, place: &str) -> Result<Option<Json>, Fault> {
        match (value, &member.default) {
            (Some(value), _) => self.coerce(&member.kind, value, place).map(Some),
            (None, Some(default)) => self.literal(default, &HashMap::new()),
            (None, None) if matches!(member.kind, Type::NonNullType(_)) => {
                Err(Fault::new("validate", format!("{place} must be given")))
            }
            (None, None) => Ok(None),
        }
    }

    /// Nothing: a variable without a value.
    fn literal(&self, value: &Query, values: &HashMap<Text, Option<Json>>) -> Result<Option<Json>, Fault> {
        Ok(Some(match value {
            Value::Variable(name) => {
                return values
                    .get(name)
                    .cloned()
                    .ok_or_else(|| Fault::new("validate", format!("variable ${name} is not declared")))
            }
            Value::Int(number) => json!(number.as_i64()),
            Value::Float(number) => json!(number),
            Value::String(text) | Value::Enum(text) => json!(text),
            Value::Boolean(flag) => json!(flag),
            Value::Null => Json::Null,
            Value::List(items) => Json::Array(
                items
                    .iter()
                    .map(|item| Ok(self.literal(item, values)?.unwrap_or(Json::Null)))
                    .collect::<Result<_, Fault>>()?,
            ),
            Value::Object(members) => {
                let mut made = Map::new();
                for (key, member) in members {
                    if let Some(value) = self.literal(member, values)? {
                        made.insert(key.clone(), value);
                    }
                }
                Json::Object(made)
            }
        }))
    }
}

fn unknown_field(parent: &str, name: &str) -> String {
    format!("Cannot query field \"{name}\" on type \"{parent}\".")
}

fn cost(message: String) -> Fault {
    Fault::new("cost", message)
}

fn name_of<'a>(operation: &'a OperationDefinition<'static, Text>) -> &'a str {
    match operation {
        OperationDefinition::SelectionSet(_) => None,
        OperationDefinition::Query(q) => q.name.as_deref(),
        OperationDefinition::Mutation(m) => m.name.as_deref(),
        OperationDefinition::Subscription(s) => s.name.as_deref(),
    }
    .unwrap_or_default()
}

fn inner_name(kind: &Kind) -> &str {
    match kind {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => inner_name(inner),
    }
}

fn is_list(kind: &Kind) -> bool {
    match kind {
        Type::NamedType(_) => false,
        Type::ListType(_) => true,
        Type::NonNullType(inner) => is_list(inner),
    }
}
