//! Regular expressions of users. The time to search is linear in the text (regex never backtracks), and the size of the
//! compiled program is bounded, so they may run in the server's own process.

use crate::{bytes, give, hook_panics, RegestaBuffer, ERROR, OK, PANIC};
use regex::bytes::{Regex, RegexBuilder};
use std::panic::{catch_unwind, AssertUnwindSafe};

const NEST_LIMIT: u32 = 50;

pub struct RegestaPattern(Regex);

/// The reason alone: regex draws the expression above it, over several lines.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("it is too large: compiled it takes more than {} KiB; use smaller counts", limit >> 10)
        }
        other => {
            let text = other.to_string();
            let last = text.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
            last.unwrap_or("it cannot be read").to_string()
        }
    }
}

/// # Safety
/// `expression` is `size` readable bytes; `pattern` and `message` are writable.
#[no_mangle]
pub unsafe extern "C" fn regesta_pattern_new(
    expression: *const u8,
    size: usize,
    program_limit: usize,
    pattern: *mut *mut RegestaPattern,
    message: *mut RegestaBuffer,
) -> i32 {
    hook_panics();
    let built = catch_unwind(AssertUnwindSafe(|| {
        let text = std::str::from_utf8(bytes(expression, size)).map_err(|_| "it is not UTF-8".to_string())?;
        RegexBuilder::new(text)
            .size_limit(program_limit)
            .dfa_size_limit(program_limit)
            .nest_limit(NEST_LIMIT)
            .build()
            .map_err(|error| reason(&error))
    }));
    match built {
        Ok(Ok(regex)) => {
            *pattern = Box::into_raw(Box::new(RegestaPattern(regex)));
            OK
        }
        Ok(Err(why)) => {
            give(message, why);
            ERROR
        }
        Err(_) => PANIC,
    }
}

/// # Safety
/// `pattern` came from regesta_pattern_new; `text` is `size` readable bytes.
#[no_mangle]
pub unsafe extern "C" fn regesta_pattern_found(pattern: *const RegestaPattern, text: *const u8, size: usize) -> i32 {
    catch_unwind(AssertUnwindSafe(|| i32::from((*pattern).0.is_match(bytes(text, size))))).unwrap_or(-1)
}

/// # Safety
/// `pattern` came from regesta_pattern_new and is freed once.
#[no_mangle]
pub unsafe extern "C" fn regesta_pattern_free(pattern: *mut RegestaPattern) {
    if !pattern.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(pattern))));
    }
}
