//! Jinja2 templates by minijinja, with the filters that differ from Python's replaced.

use crate::fault::Fault;
use crate::wrap;
use minijinja::value::{Kwargs, Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value as Json;

/// serde's numbers are maps inside (arbitrary precision), so the tree is converted by hand.
fn convert(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(b) => Value::from(*b),
        Json::Number(n) => match (n.as_i64(), n.as_u64(), n.to_string().parse::<i128>()) {
            (Some(i), _, _) => Value::from(i),
            (_, Some(u), _) => Value::from(u),
            (_, _, Ok(wide)) => Value::from(wide),
            _ => Value::from(n.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => Value::from(items.iter().map(convert).collect::<Vec<_>>()),
        Json::Object(members) => Value::from_pairs(members.iter().map(|(k, v)| (k.as_str(), convert(v)))),
    }
}

pub fn render(template: &str, context: &str, fuel: u64, depth: usize, strict: bool) -> Result<String, Fault> {
    let context: Json = serde_json::from_str(context)
        .map_err(|e| Fault::new("input_error", format!("the context is not JSON: {e}")))?;
    if !context.is_object() {
        return Err(Fault::new("input_error", "the context must be a JSON object"));
    }
    let mut env = Environment::new();
    env.set_fuel(Some(fuel));
    env.set_recursion_limit(depth);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_undefined_behavior(if strict { UndefinedBehavior::Strict } else { UndefinedBehavior::Lenient });
    env.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    minijinja_contrib::add_to_environment(&mut env);
    env.add_filter("tojson", to_json);
    env.add_filter("e", escape);
    env.add_filter("escape", escape);
    env.add_filter("center", center);
    env.add_filter("truncate", truncate);
    env.add_filter("wordwrap", wordwrap);
    env.set_formatter(|out, state, value| match python_float(value) {
        Some(text) => out.write_str(&text).map_err(Error::from),
        None => minijinja::escape_formatter(out, state, value),
    });
    env.template_from_str(template).and_then(|t| t.render(convert(&context))).map_err(|e| fault(&e))
}

fn fault(error: &Error) -> Fault {
    let mut message = error.kind().to_string();
    if let Some(detail) = error.detail() {
        message = format!("{message}: {detail}");
    }
    let remediation = match error.kind() {
        ErrorKind::UnknownFilter | ErrorKind::UnknownFunction => "the server's Jinja2 has no such filter or function",
        ErrorKind::TemplateNotFound => "templates cannot include or extend others",
        ErrorKind::OutOfFuel => "the template does too much",
        _ => "",
    };
    let mut fault = Fault::new("template_error", message);
    fault.row = error.line().unwrap_or(0) as u32;
    fault.hint = remediation.to_string();
    fault
}

/// Python's repr of a float where minijinja's differs: 1e+20, 1e-07. None leaves the value to minijinja.
fn python_float(value: &Value) -> Option<String> {
    if value.kind() != ValueKind::Number || value.is_integer() {
        return None;
    }
    let number = f64::try_from(value.clone()).ok()?;
    if !number.is_finite() {
        return Some(if number.is_nan() {
            "nan".into()
        } else if number > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        });
    }
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        return None;
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let power: i32 = exponent.parse().ok()?;
    Some(format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs()))
}

/// Python's json.dumps(sort_keys=True) with the HTML-unsafe characters escaped, as Jinja2's filter.
fn to_json(value: &Value, indent: Option<usize>, options: Kwargs) -> Result<Value, Error> {
    let indent = match indent {
        Some(n) => Some(n),
        None => options.get::<Option<usize>>("indent")?,
    };
    options.assert_all_used()?;
    let mut out = String::new();
    write_json(&mut out, value, indent.map(|n| n.min(16)), 0)?;
    Ok(Value::from_safe_string(out))
}

fn write_json(out: &mut String, value: &Value, indent: Option<usize>, level: usize) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => match python_float(value) {
            Some(text) => out.push_str(&text.replace("nan", "NaN").replace("inf", "Infinity")),
            None => out.push_str(&value.to_string()),
        },
        ValueKind::String => write_string(out, value.as_str().unwrap_or_default()),
        ValueKind::Map => {
            let mut members: Vec<(String, Value)> = Vec::new();
            for key in value.try_iter()? {
                members.push((key.to_string(), value.get_item(&key)?));
            }
            members.sort_by(|a, b| a.0.cmp(&b.0));
            let count = members.len();
            out.push('{');
            for (index, (key, member)) in members.into_iter().enumerate() {
                separate(out, index, indent, level + 1);
                write_string(out, &key);
                out.push_str(": ");
                write_json(out, &member, indent, level + 1)?;
            }
            close(out, '}', count, indent, level);
        }
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            let mut count = 0;
            for item in value.try_iter()? {
                separate(out, count, indent, level + 1);
                write_json(out, &item, indent, level + 1)?;
                count += 1;
            }
            close(out, ']', count, indent, level);
        }
        _ => return Err(Error::new(ErrorKind::BadSerialization, format!("a {} has no JSON form", value.kind()))),
    }
    Ok(())
}

fn separate(out: &mut String, index: usize, indent: Option<usize>, level: usize) {
    if index > 0 {
        out.push(',');
    }
    match indent {
        Some(width) => {
            out.push('\n');
            out.push_str(&" ".repeat(width * level));
        }
        None if index > 0 => out.push(' '),
        None => {}
    }
}

fn close(out: &mut String, bracket: char, count: usize, indent: Option<usize>, level: usize) {
    if let (Some(width), true) = (indent, count > 0) {
        out.push('\n');
        out.push_str(&" ".repeat(width * level));
    }
    out.push(bracket);
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\'' => out.push_str(&format!("\\u{:04x}", c as u32)),
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

fn escape(value: &Value) -> Value {
    if value.is_safe() {
        return value.clone();
    }
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            _ => out.push(c),
        }
    }
    Value::from_safe_string(out)
}

/// Python's str.center: an odd space goes to the left when the width is odd.
fn center(value: String, width: Option<usize>) -> Result<String, Error> {
    let width = width.unwrap_or(80);
    if width > 10_000 {
        return Err(Error::new(ErrorKind::InvalidOperation, "center: the width is too large"));
    }
    let length = value.chars().count();
    let missing = width.saturating_sub(length);
    let left = missing / 2 + (missing & width & 1);
    Ok(format!("{}{value}{}", " ".repeat(left), " ".repeat(missing - left)))
}

/// Positional arguments by name: what Python's signature says.
fn by_name(given: &Rest<Value>, names: &[&'static str], options: Kwargs) -> Result<Kwargs, Error> {
    let mut all: Vec<(String, Value)> = Vec::new();
    for name in options.args() {
        all.push((name.to_string(), options.get::<Value>(name)?));
    }
    for (value, name) in given.iter().zip(names) {
        all.push(((*name).to_string(), value.clone()));
    }
    Ok(all.into_iter().collect())
}

fn truncate(state: &mut minijinja::State, value: &Value, given: Rest<Value>, options: Kwargs) -> Result<Value, Error> {
    let named = by_name(&given, &["length", "killwords", "end", "leeway"], options)?;
    minijinja_contrib::filters::truncate(state, value, named)
}

fn wordwrap(value: &Value, given: Rest<Value>, options: Kwargs) -> Result<Value, Error> {
    let named = by_name(&given, &["width", "break_long_words", "wrapstring", "break_on_hyphens"], options)?;
    let width = named.get::<Option<usize>>("width")?.unwrap_or(79);
    if width == 0 {
        return Err(Error::new(ErrorKind::InvalidOperation, "wordwrap: width must be at least 1"));
    }
    let wrapstring = named.get::<Option<String>>("wrapstring")?;
    let options = wrap::Options {
        width,
        break_long_words: named.get::<Option<bool>>("break_long_words")?.unwrap_or(true),
        break_on_hyphens: named.get::<Option<bool>>("break_on_hyphens")?.unwrap_or(true),
        wrapstring: wrapstring.as_deref().unwrap_or("\n"),
    };
    named.assert_all_used()?;
    Ok(Value::from(wrap::wrap(value.as_str().unwrap_or_default(), &options)))
}
