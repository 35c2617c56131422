use super::*;

const SCHEMA: &str = "scalar JSONString
    type Query { project(name: String, entity: String = \"e\"): Project  node: Node  n(x: In!): Int }
    input In { a: Int! = 1  b: [String!] }
    type Project { name: String  runs(first: Int): [Run!] }
    interface Node { id: ID }
    type Run implements Node { id: ID  tags: [String!]  project: Project }
    type User implements Node { id: ID }";

fn plan(query: &str, variables: Json) -> Result<Json, Fault> {
    Schema::read(SCHEMA).unwrap().plan(&json!({"query": query, "variables": variables}))
}

#[test]
fn flattens_fragments_aliases_and_variables() {
    let made = plan(
        "query Q($n: String, $b: Boolean!) { p: project(name: $n) { ...F name @include(if: $b) runs { id } } }
         fragment F on Project { runs { id tags } }",
        json!({"n": "loans", "b": false}),
    )
    .unwrap();
    assert_eq!(made["fields"][0]["args"], json!({"name": "loans", "entity": "e"}));
    assert_eq!(made["fields"][0]["key"], "p");
    let runs = &made["fields"][0]["fields"];
    assert_eq!((&runs[0]["list"], made["fields"][0].get("list")), (&json!(true), None));
    assert_eq!(runs.as_array().unwrap().len(), 1);
    assert_eq!(runs[0]["fields"].as_array().unwrap().len(), 2);
}

#[test]
fn conditions_name_the_types() {
    let made = plan("{ node { id ... on Run { tags } } }", json!({})).unwrap();
    assert_eq!(made["fields"][0]["fields"][1]["on"], json!(["Run"]));
}

#[test]
fn refuses_what_the_schema_does_not_have() {
    for (query, words) in [
        ("{ nothing }", "Cannot query field"),
        ("{ project(of: 1) { name } }", "no argument"),
        ("{ project }", "must have a selection"),
        ("{ project { name { a } } }", "cannot have a selection"),
        ("{ project(name: $x) { name } }", "not declared"),
        ("{ n(x: {c: 1}) }", "no field 'c'"),
        ("{ n(x: {a: \"1\"}) }", "whole number"),
        ("query($v: String!) { project(name: $v) { name } }", "required"),
        ("{ project { ...A } } fragment A on Project { ...B } fragment B on Project { ...A }", "contains itself"),
    ] {
        let fault = plan(query, json!({})).unwrap_err();
        assert!(fault.message.contains(words), "{query}: {}", fault.message);
    }
}

#[test]
fn names_requests_for_another_schema() {
    for query in ["{ other }", "query($v: Foreign!) { project { name } other(a: $v) { b } }"] {
        assert_eq!(plan(query, json!({"v": {}})).unwrap_err().code, "root", "{query}");
    }
    assert_eq!(plan("{ project { other } }", json!({})).unwrap_err().code, "validate");
}

#[test]
fn cost_is_limited() {
    let deep = format!("{{ project {{ {} id {} }} }}", "runs { project { ".repeat(20), "} }".repeat(20));
    let many = format!("{{ {} }}", (0..5000).map(|i| format!("a{i}: node {{ id }}")).collect::<String>());
    let bomb = (0..20).map(|i| format!("fragment F{i} on Query {{ ...F{0} ...F{0} }}", i + 1)).collect::<String>();
    let bomb = format!("{{ ...F0 }} {bomb} fragment F20 on Query {{ node {{ id }} }}");
    for query in [deep, many, bomb] {
        assert!(plan(&query, json!({})).is_err());
    }
}
