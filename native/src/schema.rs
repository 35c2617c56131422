//! Which members `input` has. A path is dotted: "candidate.metrics.*.value" (`*`: any key), "evidence.[].kind" (`[]`: any
//! item of an array or set), "candidate.tags.**" (anything below).

use std::collections::BTreeMap;

#[derive(Default)]
struct Node {
    members: BTreeMap<String, Node>,
}

#[derive(Default)]
pub struct Schema {
    root: Node,
}

pub struct Wrong {
    pub message: String,
    pub hint: String,
}

impl Schema {
    pub fn new(paths: &[String]) -> Self {
        let mut schema = Schema::default();
        for path in paths {
            let mut node = &mut schema.root;
            for step in path.split('.') {
                node = node.members.entry(step.to_string()).or_default();
            }
        }
        schema
    }

    /// Follows the steps of a reference below input; None is a step that only evaluation knows.
    pub fn check(&self, steps: &[Option<String>]) -> Result<(), Wrong> {
        if self.root.members.is_empty() {
            return Ok(());
        }
        let mut node = &self.root;
        let mut walked = "input".to_string();
        for step in steps {
            if node.members.contains_key("**") {
                return Ok(());
            }
            if node.members.is_empty() {
                return Err(Wrong { message: format!("{walked} has no members"), hint: String::new() });
            }
            let many = node.members.get("*").or_else(|| node.members.get("[]"));
            let next = match step {
                Some(name) => node.members.get(name).or_else(|| node.members.get("*")),
                None => many,
            };
            match (next, step) {
                (Some(found), _) => node = found,
                (None, None) => return Ok(()),
                (None, Some(name)) => return Err(node.unknown(&walked, name)),
            }
            match step {
                Some(name) => walked = format!("{walked}.{name}"),
                None => walked.push_str("[_]"),
            }
        }
        Ok(())
    }
}

impl Node {
    fn unknown(&self, walked: &str, name: &str) -> Wrong {
        let names = self.members.keys().filter(|k| *k != "*" && *k != "[]").cloned();
        let hint = match nearest(name, names.clone()) {
            Some(near) => format!("did you mean {walked}.{near}?"),
            None if self.members.contains_key("[]") => format!("{walked} is a list: use {walked}[_].{name}"),
            None => format!("{walked} has {}", names.collect::<Vec<_>>().join(", ")),
        };
        Wrong { message: format!("{walked} has no member {name}"), hint }
    }
}

/// The candidate that differs by the fewest letters (two swapped ones count once), when that is at most a third of the word.
pub fn nearest(word: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates.map(|c| (distance(word, &c), c)).filter(|(d, _)| *d <= allowed).min().map(|(_, c)| c)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                rows[i][j] = i + j;
                continue;
            }
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            rows[i][j] = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                rows[i][j] = rows[i][j].min(rows[i - 2][j - 2] + 1);
            }
        }
    }
    rows[a.len()][b.len()]
}
