//! What Regesta takes from Rust, behind a small C ABI: see include/regesta_native.h.

mod bucket;
mod check;
mod content;
mod desugar;
mod engine;
mod explain;
mod extend;
mod fault;
mod graphql;
mod names;
mod pattern;
mod policy;
mod prepared;
mod scan;
mod schema;
mod scope;
mod syntax;
mod template;
mod walk;
mod wrap;
mod xet;
mod xorb;

use fault::Fault;
use prepared::{Conditions, Policies, Prepared};
use serde_json::{json, Value as Json};
use std::cell::RefCell;
use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Once;

const OK: i32 = 0;
const ERROR: i32 = 1;
const UNKNOWN: i32 = 2;
const PANIC: i32 = 3;

#[repr(C)]
pub struct RegestaBuffer {
    data: *mut u8,
    size: usize,
    capacity: usize,
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the panic's text for the caller instead of printing it.
fn hook_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            LAST_PANIC.with(|slot| *slot.borrow_mut() = info.to_string());
        }));
    });
}

/// # Safety
/// `data` points to `size` readable bytes, or `size` is 0.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 || data.is_null() {
        &[]
    } else {
        std::slice::from_raw_parts(data, size)
    }
}

fn give(out: *mut RegestaBuffer, text: String) {
    if out.is_null() {
        return;
    }
    let mut text = std::mem::ManuallyDrop::new(text.into_bytes());
    // SAFETY: the caller passes a valid place for one buffer; it owns the bytes until regesta_buffer_free.
    unsafe { *out = RegestaBuffer { data: text.as_mut_ptr(), size: text.len(), capacity: text.capacity() } };
}

/// # Safety
/// `text` points to `size` readable bytes. UTF-8; other bytes are not a name.
#[no_mangle]
pub unsafe extern "C" fn regesta_name_fault(text: *const u8, size: usize) -> i32 {
    let given = bytes(text, size);
    catch_unwind(|| std::str::from_utf8(given).map_or(names::INVISIBLE, names::fault_of)).unwrap_or(names::INVISIBLE)
}

/// # Safety
/// Both point to that many readable bytes of UTF-8.
#[no_mangle]
pub unsafe extern "C" fn regesta_names_look_alike(a: *const u8, a_size: usize, b: *const u8, b_size: usize) -> i32 {
    let (a, b) = (bytes(a, a_size), bytes(b, b_size));
    catch_unwind(|| match (std::str::from_utf8(a), std::str::from_utf8(b)) {
        (Ok(a), Ok(b)) => names::look_alike(a, b) as i32,
        _ => 0,
    })
    .unwrap_or(1)
}

/// # Safety
/// `text` points to `size` readable bytes of UTF-8; `out` to a place for one buffer. Other bytes give an empty text.
#[no_mangle]
pub unsafe extern "C" fn regesta_name_skeleton(text: *const u8, size: usize, out: *mut RegestaBuffer) {
    let given = bytes(text, size);
    give(
        out,
        catch_unwind(|| std::str::from_utf8(given).map_or(String::new(), names::skeleton_of)).unwrap_or_default(),
    );
}

/// # Safety
/// `buffer` came from this library and is freed once.
#[no_mangle]
pub unsafe extern "C" fn regesta_buffer_free(buffer: RegestaBuffer) {
    if !buffer.data.is_null() {
        drop(Vec::from_raw_parts(buffer.data, buffer.size, buffer.capacity));
    }
}

#[no_mangle]
pub extern "C" fn regesta_policies_new() -> *mut Policies {
    hook_panics();
    catch_unwind(|| Box::into_raw(Box::<Policies>::default())).unwrap_or(std::ptr::null_mut())
}

/// # Safety
/// `policies` came from regesta_policies_new and is freed once.
#[no_mangle]
pub unsafe extern "C" fn regesta_policies_free(policies: *mut Policies) {
    if !policies.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(policies))));
    }
}

/// # Safety
/// `policies` is alive and used by one thread at a time; the byte ranges are readable; `out` is writable.
#[no_mangle]
pub unsafe extern "C" fn regesta_policies_call(
    policies: *mut Policies,
    head: *const u8,
    head_size: usize,
    body: *const u8,
    body_size: usize,
    out: *mut RegestaBuffer,
) -> i32 {
    let called = catch_unwind(AssertUnwindSafe(|| {
        let Some(policies) = policies.as_mut() else {
            return Err(Fault::new("internal", "no policies"));
        };
        let head: Json = serde_json::from_slice(bytes(head, head_size))
            .map_err(|e| Fault::new("internal", format!("the head is not JSON: {e}")))?;
        let body = std::str::from_utf8(bytes(body, body_size))
            .map_err(|_| Fault::new("input_error", "the body is not UTF-8"))?;
        serve(policies, &head, body)
    }));
    match called {
        Ok(Ok(Some(answer))) => {
            give(out, answer.to_string());
            OK
        }
        Ok(Ok(None)) => UNKNOWN,
        Ok(Err(fault)) => {
            give(out, fault.to_json().to_string());
            ERROR
        }
        Err(_) => {
            give(out, LAST_PANIC.with(|slot| slot.borrow().clone()));
            PANIC
        }
    }
}

/// None: the policy is not loaded.
fn serve(policies: &mut Policies, head: &Json, body: &str) -> Result<Option<Json>, Fault> {
    let text = |name: &str| head.get(name).and_then(Json::as_str).unwrap_or_default();
    let number = |name: &str| head.get(name).and_then(Json::as_i64).unwrap_or_default();
    let conditions = Conditions { now_nanos: number("now"), millis: number("millis").unsigned_abs() };
    let parsed = || {
        serde_json::from_str::<Json>(body).map_err(|e| Fault::new("input_error", format!("the body is not JSON: {e}")))
    };
    let digest = text("policy");
    match text("do") {
        "load" => policies.load(digest, &parsed()?).map(|()| Some(json!({}))),
        "check" => check::check(&parsed()?).map(Some),
        "ast" => ast(&parsed()?).map(Some),
        "render" => {
            let request = parsed()?;
            let member = |name: &str| request.get(name).and_then(Json::as_str).unwrap_or_default();
            let strict = head.get("strict").and_then(Json::as_bool).unwrap_or(false);
            let depth = number("depth").unsigned_abs() as usize;
            template::render(member("template"), member("context"), number("fuel").unsigned_abs(), depth, strict)
                .map(|text| Some(json!({"text": text})))
        }
        verb @ ("decide" | "query" | "tests" | "test") => match policies.get(digest) {
            None => Ok(None),
            Some(prepared) => with_policy(verb, prepared, &conditions, head, body).map(Some),
        },
        other => Err(Fault::new("internal", format!("unknown request {other}"))),
    }
}

fn with_policy(
    verb: &str,
    prepared: &Prepared,
    conditions: &Conditions,
    head: &Json,
    body: &str,
) -> Result<Json, Fault> {
    let text = |name: &str| head.get(name).and_then(Json::as_str).unwrap_or_default();
    match verb {
        "decide" => policy::decide(prepared, conditions, body),
        "query" => policy::query(prepared, conditions, text("query"), head, body),
        "tests" => policy::list_tests(prepared),
        _ => policy::run_test(prepared, conditions, text("path")),
    }
}

fn ast(body: &Json) -> Result<Json, Fault> {
    let mut engine = engine::empty_engine(true)?;
    for source in engine::read_sources(body)? {
        engine.add_policy(source.name, source.text).map_err(|e| Fault::from_engine("rego_parse_error", &e))?;
    }
    serde_json::from_str(&engine.get_ast_as_json()?).map_err(|e| Fault::new("internal", e.to_string()))
}

/// # Safety
/// `key` is null or 32 readable bytes, `data` is `size` readable bytes, `out` is 32 writable bytes.
#[no_mangle]
pub unsafe extern "C" fn regesta_blake3(key: *const u8, data: *const u8, size: usize, out: *mut u8) -> i32 {
    let hashed = catch_unwind(AssertUnwindSafe(|| {
        let data = bytes(data, size);
        let key: Option<&[u8; 32]> = if key.is_null() { None } else { bytes(key, 32).try_into().ok() };
        let hash = match key {
            Some(key) => blake3::keyed_hash(key, data),
            None => blake3::hash(data),
        };
        std::ptr::copy_nonoverlapping(hash.as_bytes().as_ptr(), out, 32);
    }));
    if hashed.is_ok() {
        OK
    } else {
        PANIC
    }
}

/// Where a scan reads: bytes from `offset` into `into`; how many, or a negative number if the medium failed.
type ReadAt = unsafe extern "C" fn(context: *mut c_void, offset: u64, into: *mut u8, size: usize) -> i64;

struct Foreign {
    read: ReadAt,
    context: *mut c_void,
    size: u64,
}
impl scan::Source for Foreign {
    fn size(&self) -> u64 {
        self.size
    }
    fn read_some(&mut self, offset: u64, into: &mut [u8]) -> Option<usize> {
        // SAFETY: regesta_scan's caller promises that `read` takes these.
        let count = unsafe { (self.read)(self.context, offset, into.as_mut_ptr(), into.len()) };
        usize::try_from(count).ok().filter(|count| *count <= into.len())
    }
}

/// # Safety
/// `read` may be called with `context` until this returns; `name` is `name_size` readable bytes; `out` is writable.
#[no_mangle]
pub unsafe extern "C" fn regesta_scan(
    read: ReadAt,
    context: *mut c_void,
    size: u64,
    name: *const u8,
    name_size: usize,
    out: *mut RegestaBuffer,
) -> i32 {
    let name = String::from_utf8_lossy(bytes(name, name_size)).into_owned();
    let scanned = catch_unwind(AssertUnwindSafe(|| scan::scan(&mut Foreign { read, context, size }, &name)));
    match scanned {
        Ok(report) => {
            give(out, report.to_string());
            OK
        }
        Err(_) => {
            give(out, LAST_PANIC.with(|slot| slot.borrow().clone()));
            PANIC
        }
    }
}

/// # Safety
/// `text` points to `size` readable bytes. Null for a schema that cannot be read; `out` then has the reason.
#[no_mangle]
pub unsafe extern "C" fn regesta_graphql_schema(
    text: *const u8,
    size: usize,
    out: *mut RegestaBuffer,
) -> *mut graphql::Schema {
    hook_panics();
    let text = bytes(text, size);
    let read = catch_unwind(|| graphql::Schema::read(std::str::from_utf8(text).unwrap_or_default()));
    match read {
        Ok(Ok(schema)) => Box::into_raw(Box::new(schema)),
        Ok(Err(fault)) => {
            give(out, fault.message);
            std::ptr::null_mut()
        }
        Err(_) => std::ptr::null_mut(),
    }
}

/// # Safety
/// `schema` came from regesta_graphql_schema; `request` points to `size` readable bytes; `out` is writable.
#[no_mangle]
pub unsafe extern "C" fn regesta_graphql_plan(
    schema: *const graphql::Schema,
    request: *const u8,
    size: usize,
    out: *mut RegestaBuffer,
) -> i32 {
    let request = bytes(request, size);
    let planned = catch_unwind(AssertUnwindSafe(|| {
        let schema = schema.as_ref().ok_or_else(|| Fault::new("internal", "no schema"))?;
        let request: Json =
            serde_json::from_slice(request).map_err(|e| Fault::new("request", format!("the body is not JSON: {e}")))?;
        schema.plan(&request)
    }));
    match planned {
        Ok(Ok(plan)) => {
            give(out, plan.to_string());
            OK
        }
        Ok(Err(fault)) => {
            give(out, fault.to_json().to_string());
            ERROR
        }
        Err(_) => {
            give(out, LAST_PANIC.with(|slot| slot.borrow().clone()));
            PANIC
        }
    }
}
