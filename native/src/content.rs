//! The C ABI of the content store: chunks, their hashes and records.
use crate::xet::{self, Chunker, Hash, Tree};
use crate::{bytes, xorb, OK, PANIC};
use std::panic::{catch_unwind, AssertUnwindSafe};

const ERROR: i32 = crate::ERROR;

fn guarded<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

unsafe fn hash_at(at: *const u8) -> Hash {
    bytes(at, 32).try_into().unwrap_or([0; 32])
}

unsafe fn put_hash(hash: Hash, out: *mut u8) {
    std::ptr::copy_nonoverlapping(hash.as_ptr(), out, hash.len());
}

#[no_mangle]
pub extern "C" fn regesta_chunker_new() -> *mut Chunker {
    Box::into_raw(Box::new(Chunker::new()))
}

/// # Safety
/// `chunker` came from regesta_chunker_new and is freed once.
#[no_mangle]
pub unsafe extern "C" fn regesta_chunker_free(chunker: *mut Chunker) {
    if !chunker.is_null() {
        drop(Box::from_raw(chunker));
    }
}

/// # Safety
/// `chunker` is alive and used by one thread; `data` is `size` readable bytes; `cut` is writable.
#[no_mangle]
pub unsafe extern "C" fn regesta_chunker_next(
    chunker: *mut Chunker,
    data: *const u8,
    size: usize,
    cut: *mut i32,
) -> usize {
    let (taken, ends) = guarded((0, false), || (*chunker).next(bytes(data, size)));
    *cut = i32::from(ends);
    taken
}

/// # Safety
/// `data` is `size` readable bytes, `out` 32 writable ones.
#[no_mangle]
pub unsafe extern "C" fn regesta_chunk_hash(data: *const u8, size: usize, out: *mut u8) {
    put_hash(xet::chunk_hash(bytes(data, size)), out);
}

/// # Safety
/// `hashes` is `count` hashes of 32 readable bytes, `out` 32 writable ones.
#[no_mangle]
pub unsafe extern "C" fn regesta_verification_hash(hashes: *const u8, count: usize, out: *mut u8) {
    put_hash(xet::verification_hash(bytes(hashes, count * 32)), out);
}

#[no_mangle]
pub extern "C" fn regesta_tree_new() -> *mut Tree {
    Box::into_raw(Box::default())
}

/// # Safety
/// `tree` came from regesta_tree_new and is freed once.
#[no_mangle]
pub unsafe extern "C" fn regesta_tree_free(tree: *mut Tree) {
    if !tree.is_null() {
        drop(Box::from_raw(tree));
    }
}

/// # Safety
/// `tree` is alive and used by one thread; `hash` is 32 readable bytes.
#[no_mangle]
pub unsafe extern "C" fn regesta_tree_add(tree: *mut Tree, hash: *const u8, length: u64) {
    (*tree).add(hash_at(hash), length);
}

/// # Safety
/// `tree` is alive; `root` and `file` are 32 writable bytes each.
#[no_mangle]
pub unsafe extern "C" fn regesta_tree_hashes(tree: *const Tree, root: *mut u8, file: *mut u8) {
    let hash = (*tree).root();
    put_hash(hash, root);
    put_hash(if hash == [0; 32] { hash } else { xet::file_hash(&hash) }, file);
}

#[no_mangle]
pub extern "C" fn regesta_encoder_new() -> *mut xorb::Encoder {
    Box::into_raw(Box::default())
}

/// # Safety
/// `encoder` came from regesta_encoder_new and is freed once.
#[no_mangle]
pub unsafe extern "C" fn regesta_encoder_free(encoder: *mut xorb::Encoder) {
    if !encoder.is_null() {
        drop(Box::from_raw(encoder));
    }
}

/// # Safety
/// `encoder` is alive and used by one thread; `data` is `size` readable bytes; `out` has room for `size` + 8.
#[no_mangle]
pub unsafe extern "C" fn regesta_chunk_encode(
    encoder: *mut xorb::Encoder,
    data: *const u8,
    size: usize,
    out: *mut u8,
) -> usize {
    let room = std::slice::from_raw_parts_mut(out, size + xorb::HEADER);
    guarded(0, || (*encoder).encode(bytes(data, size), room))
}

/// # Safety
/// `record` is `size` readable bytes; `packed` and `length` are writable.
#[no_mangle]
pub unsafe extern "C" fn regesta_chunk_header(
    record: *const u8,
    size: usize,
    packed: *mut usize,
    length: *mut usize,
) -> i32 {
    if size < xorb::HEADER {
        return ERROR;
    }
    let Some(header) = xorb::read_header(bytes(record, size)) else { return ERROR };
    *packed = header.packed;
    *length = header.length;
    OK
}

/// # Safety
/// `record` is `size` readable bytes, `out` `length` writable ones.
#[no_mangle]
pub unsafe extern "C" fn regesta_chunk_decode(record: *const u8, size: usize, out: *mut u8, length: usize) -> i32 {
    let into = std::slice::from_raw_parts_mut(out, length);
    guarded(PANIC, || if size > 0 && xorb::decode(bytes(record, size), into) { OK } else { ERROR })
}
