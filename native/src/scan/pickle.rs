//! Pickles, which run what they import when they are loaded. Their operations are followed with a stack of what is known,
//! as the unpickler would follow them, so that names cannot hide behind other values.
use super::imports::judge;
use super::opcode::{next, Act, Value};
use super::source::{Source, Stream};
use super::{is_pickle_name, rest, Report, Severity};
use std::collections::{BTreeSet, HashMap};

const MOST_STACK: usize = 1_000_000;
const MOST_IMPORTS: usize = 1000;

#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    memo: HashMap<u64, Value>,
    imports: BTreeSet<(String, String)>,
    hidden: bool, // a name that is computed, or an extension code
    calls: u64,
}

#[derive(PartialEq)]
enum End {
    Stop,
    Fault,
    Limit,
}

impl Machine {
    fn pop(&mut self) -> Option<Value> {
        self.stack.pop()
    }
    fn drop(&mut self, count: usize) -> Option<()> {
        self.stack.len().checked_sub(count).map(|left| self.stack.truncate(left))
    }
    fn pop_to_mark(&mut self) -> Option<()> {
        let mark = self.stack.iter().rposition(|value| *value == Value::Mark)?;
        self.stack.truncate(mark);
        Some(())
    }
    fn import(&mut self, module: Value, name: Value) {
        match (module, name) {
            (Value::Text(module), Value::Text(name)) => {
                if self.imports.len() < MOST_IMPORTS {
                    self.imports.insert((module, name));
                } else {
                    self.hidden = true;
                }
            }
            _ => self.hidden = true,
        }
        self.stack.push(Value::Other);
    }

    /// None: the unpickler would fail here.
    fn apply(&mut self, act: Act) -> Option<()> {
        match act {
            Act::Push(value) => self.stack.push(value),
            Act::Mark => self.stack.push(Value::Mark),
            Act::Combine(count) => {
                self.drop(count)?;
                self.stack.push(Value::Other);
            }
            Act::ToMark(more, leaves) => {
                self.pop_to_mark()?;
                self.drop(more)?;
                if leaves {
                    self.stack.push(Value::Other);
                }
            }
            Act::Pop => {
                self.pop()?;
            }
            Act::Dup => self.stack.push(self.stack.last()?.clone()),
            Act::Get(at) => self.stack.push(self.memo.get(&at)?.clone()),
            Act::Put(at) => {
                self.memo.insert(at, self.stack.last()?.clone());
            }
            Act::Memoize => {
                self.memo.insert(self.memo.len() as u64, self.stack.last()?.clone());
            }
            Act::Import(module, name, marked) => {
                if marked {
                    self.pop_to_mark()?;
                    self.calls += 1;
                }
                self.import(Value::Text(module), Value::Text(name));
            }
            Act::ImportFromStack => {
                let (name, module) = (self.pop()?, self.pop()?);
                self.import(module, name);
            }
            Act::Extension => {
                self.hidden = true;
                self.stack.push(Value::Other);
            }
            Act::Call(arguments) => {
                self.drop(arguments + 1)?;
                self.stack.push(Value::Other);
                self.calls += 1;
            }
            Act::CallMark => {
                self.pop_to_mark()?;
                self.stack.push(Value::Other);
                self.calls += 1;
            }
            Act::Stop | Act::Nothing => {}
        }
        Some(())
    }

    fn run(&mut self, stream: &mut Stream, report: &mut Report) -> End {
        let mut steps = 0u64;
        loop {
            steps += 1;
            if steps.is_multiple_of(4096) && !report.may_read(0)
                || self.stack.len() > MOST_STACK
                || self.memo.len() > MOST_STACK
            {
                report.give_up("a pickle is too large to follow");
                return End::Limit;
            }
            let Some(act) = next(stream) else { return End::Fault };
            let stops = matches!(act, Act::Stop);
            if self.apply(act).is_none() {
                return End::Fault;
            }
            if stops {
                return End::Stop;
            }
        }
    }
}

fn tell(machine: &Machine, place: &str, report: &mut Report) {
    let mut seen = Vec::new();
    for (module, name) in &machine.imports {
        seen.push(format!("{module}.{name}"));
        match judge(module, name) {
            Some(Severity::Critical) => report.add(
                Severity::Critical,
                "pickle.import",
                format!("loading this pickle can run {module}.{name}"),
                place,
            ),
            Some(severity) => report.add(
                severity,
                "pickle.unknown-import",
                format!("loading this pickle imports {module}.{name}, which is not known to be harmless"),
                place,
            ),
            None => {}
        }
    }
    if machine.hidden {
        report.add(
            Severity::Critical,
            "pickle.hidden-import",
            "this pickle computes the name of what it imports".to_string(),
            place,
        );
    }
    if place.is_empty() && !seen.is_empty() {
        seen.truncate(50);
        report.fact("imports", seen);
    }
}

/// Several pickles may follow each other, as in PyTorch's former format, and arrays may be between their operations, as
/// joblib writes them: what was seen up to there counts.
pub fn scan(source: &mut dyn Source, name: &str, place: &str, report: &mut Report) -> &'static str {
    let expected = is_pickle_name(name);
    let mut stream = Stream::new(source, 0);
    let (mut found, mut first) = (false, true);
    loop {
        let mut machine = Machine::default();
        let end = machine.run(&mut stream, report);
        let imports = !machine.imports.is_empty() || machine.hidden;
        // Most texts begin like a pickle: without an end, and without an import, it is none.
        if end == End::Stop || (imports && (expected || machine.calls > 0)) {
            found = true;
            tell(&machine, place, report);
        }
        if end != End::Stop {
            if first && expected && !found {
                report.add(
                    Severity::Warning,
                    "pickle.unreadable",
                    "its name says that it is a pickle, but it cannot be read as one".to_string(),
                    place,
                );
            }
            let at = stream.at();
            if found || expected {
                rest::search(source, at, place, report);
            }
            break;
        }
        first = false;
    }
    if found {
        "pickle"
    } else {
        "unknown"
    }
}
