//! Functions that policies call and regorus does not have, has wrongly, or that must not reach outside the decision.
//! An extension is looked up before the built-in of the same name.

use anyhow::{anyhow, bail, Result};
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use base64::Engine as _;
use hmac::{Hmac, Mac};
use regorus::{Engine, Value};
use sha2::Digest;
use std::cell::{Cell, RefCell};

thread_local! {
    static NOW: Cell<i64> = const { Cell::new(0) };
    static SEED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static STRICT: Cell<bool> = const { Cell::new(true) };
}

/// Sets what makes the next evaluation repeatable: the clock, and the seed of everything random.
pub fn begin(now_nanos: i64, seed: &[u8], strict: bool) {
    NOW.set(now_nanos);
    SEED.with(|slot| *slot.borrow_mut() = blake3::hash(seed).as_bytes().to_vec());
    STRICT.set(strict);
}

type Function = fn(&[Value]) -> Result<Value>;

const FUNCTIONS: &[(&str, u8, Function)] = &[
    ("array.flatten", 1, array_flatten),
    ("count", 1, count),
    ("crypto.hmac.equal", 2, hmac_equal),
    ("crypto.hmac.md5", 2, |a| hmac_hex::<Hmac<md5::Md5>>("crypto.hmac.md5", a)),
    ("crypto.hmac.sha1", 2, |a| hmac_hex::<Hmac<sha1::Sha1>>("crypto.hmac.sha1", a)),
    ("crypto.hmac.sha256", 2, |a| hmac_hex::<Hmac<sha2::Sha256>>("crypto.hmac.sha256", a)),
    ("crypto.hmac.sha512", 2, |a| hmac_hex::<Hmac<sha2::Sha512>>("crypto.hmac.sha512", a)),
    ("crypto.md5", 1, |a| Ok(hex(&md5::Md5::digest(text("crypto.md5", a, 0)?)).into())),
    ("crypto.sha1", 1, |a| Ok(hex(&sha1::Sha1::digest(text("crypto.sha1", a, 0)?)).into())),
    ("crypto.sha256", 1, |a| Ok(hex(&sha2::Sha256::digest(text("crypto.sha256", a, 0)?)).into())),
    ("http.send", 1, |_| bail!("http.send is refused: decisions must not depend on the network")),
    ("io.jwt.decode", 1, |a| jwt_decode(text("io.jwt.decode", a, 0)?, 0)),
    ("json.is_valid", 1, json_is_valid),
    ("net.lookup_ip_addr", 1, |_| bail!("net.lookup_ip_addr is refused: decisions must not depend on the network")),
    ("opa.runtime", 0, |_| Ok(Value::new_object())),
    ("rand.intn", 2, rand_intn),
    ("strings.count", 2, strings_count),
    ("strings.replace_n", 2, replace_n),
    ("strings.split_n", 3, split_n),
    ("time.now_ns", 0, |_| Ok(Value::from(NOW.get()))),
    ("upper", 1, upper),
    ("uuid.rfc4122", 1, uuid_rfc4122),
];

/// Name and number of arguments of every extension.
pub fn names() -> impl Iterator<Item = (&'static str, u8)> {
    FUNCTIONS.iter().map(|(name, arguments, _)| (*name, *arguments))
}

pub fn add_to(engine: &mut Engine) -> Result<()> {
    for (name, arguments, function) in FUNCTIONS {
        engine.add_extension(
            (*name).to_string(),
            *arguments,
            // OPA's rule: an error of a function means undefined, unless strict errors are asked for.
            Box::new(move |given: Vec<Value>| match function(&given) {
                Err(_) if !STRICT.get() => Ok(Value::Undefined),
                other => other,
            }),
        )?;
    }
    Ok(())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Set(_) => "set",
        Value::Object(_) => "object",
        Value::Undefined => "undefined",
    }
}

fn text<'a>(function: &str, arguments: &'a [Value], index: usize) -> Result<&'a str> {
    match arguments.get(index) {
        Some(Value::String(s)) => Ok(s),
        Some(other) => bail!("{function}: operand {} must be string but got {}", index + 1, kind(other)),
        None => bail!("{function}: operand {} is missing", index + 1),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn hmac_hex<M: Mac + hmac::digest::KeyInit>(name: &str, arguments: &[Value]) -> Result<Value> {
    let (message, key) = (text(name, arguments, 0)?, text(name, arguments, 1)?);
    let mut mac = <M as Mac>::new_from_slice(key.as_bytes()).map_err(|e| anyhow!("{name}: {e}"))?;
    mac.update(message.as_bytes());
    Ok(hex(&mac.finalize().into_bytes()).into())
}

fn hmac_equal(arguments: &[Value]) -> Result<Value> {
    let (a, b) = (text("crypto.hmac.equal", arguments, 0)?, text("crypto.hmac.equal", arguments, 1)?);
    let difference = a.bytes().zip(b.bytes()).fold(a.len() ^ b.len(), |acc, (x, y)| acc | usize::from(x ^ y));
    Ok(Value::from(difference == 0))
}

fn array_flatten(arguments: &[Value]) -> Result<Value> {
    let Some(Value::Array(items)) = arguments.first() else {
        bail!("array.flatten: operand 1 must be array but got {}", arguments.first().map_or("nothing", kind));
    };
    let mut flat: Vec<Value> = Vec::new();
    for item in items.iter() {
        match item {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(Value::from(flat))
}

/// Characters, where regorus counts UTF-16 units.
fn count(arguments: &[Value]) -> Result<Value> {
    let n = match arguments.first() {
        Some(Value::String(s)) => s.chars().count(),
        Some(Value::Array(a)) => a.iter().count(),
        Some(Value::Set(s)) => s.len(),
        Some(Value::Object(o)) => o.len(),
        other => bail!(
            "count: operand 1 must be one of {{array, object, set, string}} but got {}",
            other.map_or("nothing", kind)
        ),
    };
    Ok(Value::from(n))
}

fn strings_count(arguments: &[Value]) -> Result<Value> {
    let (haystack, needle) = (text("strings.count", arguments, 0)?, text("strings.count", arguments, 1)?);
    let n = if needle.is_empty() { haystack.chars().count() + 1 } else { haystack.matches(needle).count() };
    Ok(Value::from(n))
}

/// The first n parts, or the last ones for a negative n.
fn split_n(arguments: &[Value]) -> Result<Value> {
    let (whole, separator) = (text("strings.split_n", arguments, 0)?, text("strings.split_n", arguments, 1)?);
    let limit = match arguments.get(2) {
        Some(number @ Value::Number(_)) => {
            number.as_i64().map_err(|_| anyhow!("strings.split_n: operand 3 must be integer number"))?
        }
        other => bail!("strings.split_n: operand 3 must be number but got {}", other.map_or("nothing", kind)),
    };
    let parts: Vec<&str> = if separator.is_empty() {
        whole.char_indices().map(|(at, c)| &whole[at..at + c.len_utf8()]).collect()
    } else {
        whole.split(separator).collect()
    };
    let most = usize::try_from(limit.unsigned_abs()).unwrap_or(usize::MAX).min(parts.len());
    let kept = if limit < 0 { &parts[parts.len() - most..] } else { &parts[..most] };
    Ok(Value::from(kept.iter().map(|p| Value::from(*p)).collect::<Vec<_>>()))
}

/// Go's strings.NewReplacer over the sorted keys: one pass, the first key that fits at a place wins.
fn replace_n(arguments: &[Value]) -> Result<Value> {
    let Some(Value::Object(patterns)) = arguments.first() else {
        bail!("strings.replace_n: operand 1 must be object but got {}", arguments.first().map_or("nothing", kind));
    };
    let whole = text("strings.replace_n", arguments, 1)?;
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (key, value) in patterns.iter_sorted() {
        match (key, value) {
            (Value::String(key), Value::String(value)) => pairs.push((key, value)),
            _ => bail!("strings.replace_n: operand 1 must have strings for keys and values"),
        }
    }
    let (mut out, mut rest, mut after_empty) = (String::new(), whole, false);
    loop {
        let found = pairs.iter().find(|(key, _)| rest.starts_with(key) && !(after_empty && key.is_empty()));
        after_empty = found.is_some_and(|(key, _)| key.is_empty());
        if let Some((key, value)) = found {
            out.push_str(value);
            rest = &rest[key.len()..];
            continue;
        }
        let Some(next) = rest.chars().next() else { return Ok(Value::from(out)) };
        out.push(next);
        rest = &rest[next.len_utf8()..];
    }
}

/// Letter by letter as Go does: what has no single upper-case letter (ß) stays.
fn upper(arguments: &[Value]) -> Result<Value> {
    let raised: String = text("upper", arguments, 0)?
        .chars()
        .map(|c| {
            let mut all = c.to_uppercase();
            match (all.next(), all.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        })
        .collect();
    Ok(Value::from(raised))
}

fn json_is_valid(arguments: &[Value]) -> Result<Value> {
    Ok(Value::from(match arguments.first() {
        Some(Value::String(s)) => serde_json::from_str::<serde_json::Value>(s).is_ok(),
        _ => false,
    }))
}

fn seeded(purpose: &str, key: &str) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    SEED.with(|seed| hasher.update(&seed.borrow()));
    for part in [purpose, key] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}

/// The same number for the same input, key and bound: decisions can be replayed.
fn rand_intn(arguments: &[Value]) -> Result<Value> {
    let key = text("rand.intn", arguments, 0)?;
    let bound = match arguments.get(1) {
        Some(number @ Value::Number(_)) => number.as_i64()?.unsigned_abs(),
        other => bail!("rand.intn: operand 2 must be number but got {}", other.map_or("nothing", kind)),
    };
    if bound == 0 {
        return Ok(Value::from(0u64));
    }
    let hash = seeded(&format!("rand.intn {bound}"), key);
    let mut wide = [0u8; 16];
    wide.copy_from_slice(&hash.as_bytes()[..16]);
    Ok(Value::from((u128::from_le_bytes(wide) % u128::from(bound)) as u64))
}

fn uuid_rfc4122(arguments: &[Value]) -> Result<Value> {
    let hash = seeded("uuid.rfc4122", text("uuid.rfc4122", arguments, 0)?);
    let mut b = [0u8; 16];
    b.copy_from_slice(&hash.as_bytes()[..16]);
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    let h = hex(&b);
    Ok(format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..]).into())
}

/// Header, payload and signature of a token, unverified, as OPA's io.jwt.decode. A nested token is opened.
fn jwt_decode(token: &str, depth: usize) -> Result<Value> {
    if depth > 4 {
        bail!("io.jwt.decode: tokens are nested too deeply");
    }
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        bail!("io.jwt.decode: encoded JWT must have exactly 3 sections, found {}", parts.len());
    };
    let open = |part: &str| {
        let bare = part.trim_end_matches('=');
        URL_SAFE_NO_PAD
            .decode(bare)
            .or_else(|_| STANDARD_NO_PAD.decode(bare))
            .map_err(|e| anyhow!("io.jwt.decode: {e}"))
    };
    let header = Value::from_json_str(std::str::from_utf8(&open(header)?)?)?;
    if header[&Value::from("enc")] != Value::Undefined {
        bail!("io.jwt.decode: JWT is a JWE object, which is not supported");
    }
    let payload = String::from_utf8(open(payload)?)?;
    if matches!(&header[&Value::from("cty")], Value::String(cty) if cty.eq_ignore_ascii_case("JWT")) {
        return jwt_decode(payload.trim_matches('"'), depth + 1);
    }
    let payload = Value::from_json_str(&payload)?;
    if !matches!(payload, Value::Object(_)) {
        bail!("io.jwt.decode: the payload is not an object");
    }
    Ok(Value::from(vec![header, payload, Value::from(hex(&open(signature)?))]))
}
