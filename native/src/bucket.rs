//! A bucket of S3, Google Cloud Storage or Azure Blob Storage: requests, signatures, retries and credentials by the crate
//! `object_store`. HTTP and RSA are the caller's (libcurl and OpenSSL), so that there is one HTTP and TLS stack in the
//! program. Each call runs on the calling thread and returns when it is done.
mod crypto;

use crate::{bytes, give, RegestaBuffer, ERROR, OK, PANIC};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{
    BackoffConfig, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutPayload, RetryConfig,
};
use serde_json::{json, Value as Json};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::future::Future;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    data: *const u8,
    size: usize,
}

impl Slice {
    fn of(bytes: &[u8]) -> Slice {
        Slice { data: bytes.as_ptr(), size: bytes.len() }
    }
}

#[repr(C)]
pub struct Request {
    method: Slice,
    url: Slice,
    headers: Slice,
    body: Slice,
}

/// What the caller's side answers a request with.
#[derive(Default)]
pub struct Answer {
    status: u16,
    headers: Vec<u8>,
    body: Vec<u8>,
}

type Send = unsafe extern "C" fn(*mut c_void, *const Request, *mut Answer) -> i32;
type Sign = unsafe extern "C" fn(Slice, Slice, *mut Answer) -> i32;

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    send: Send,
    sign: Sign,
}

const SENT: i32 = 0;
const NOT_CONNECTED: i32 = 1;
const INTERRUPTED: i32 = 2;

thread_local! {
    static CONTEXT: Cell<*mut c_void> = const { Cell::new(std::ptr::null_mut()) };
    static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(&'static str);

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(*self))
    }
}

#[async_trait]
impl HttpService for Transport {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        self.exchange(&head, &body)
    }
}

impl Transport {
    fn exchange(&self, head: &http::request::Parts, body: &[u8]) -> Result<HttpResponse, HttpError> {
        let url = head.uri.to_string();
        let mut headers = Vec::new();
        for (name, value) in head.headers.iter().filter(|(name, _)| *name != http::header::CONTENT_LENGTH) {
            headers.extend_from_slice(name.as_str().as_bytes());
            headers.extend_from_slice(b": ");
            headers.extend_from_slice(value.as_bytes());
            headers.push(b'\n');
        }
        let request = Request {
            method: Slice::of(head.method.as_str().as_bytes()),
            url: Slice::of(url.as_bytes()),
            headers: Slice::of(&headers),
            body: Slice::of(body),
        };
        let mut answer = Answer::default();
        // SAFETY: the request outlives the call, and the context is the one of the call that this thread is in.
        match unsafe { (self.send)(CONTEXT.get(), &request, &mut answer) } {
            SENT => answer.into_response(),
            NOT_CONNECTED => Err(HttpError::new(HttpErrorKind::Connect, Failure("no connection"))),
            INTERRUPTED => Err(HttpError::new(HttpErrorKind::Interrupted, Failure("no answer"))),
            _ => Err(HttpError::new(HttpErrorKind::Unknown, Failure("the request cannot be sent"))),
        }
    }
}

impl Answer {
    fn into_response(self) -> Result<HttpResponse, HttpError> {
        let unreadable = || HttpError::new(HttpErrorKind::Decode, Failure("the answer is not HTTP"));
        let mut response = HttpResponse::new(self.body.into());
        *response.status_mut() = self.status.try_into().map_err(|_| unreadable())?;
        for line in self.headers.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let colon = line.iter().position(|byte| *byte == b':').ok_or_else(unreadable)?;
            let name = http::HeaderName::from_bytes(&line[..colon]).map_err(|_| unreadable())?;
            let value = http::HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).map_err(|_| unreadable())?;
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

pub struct Bucket {
    store: Box<dyn ObjectStore>,
}

fn retry(seconds: u64) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: 20,
        retry_timeout: Duration::from_secs(seconds),
    }
}

/// Settings in the names of the clouds' own environment variables, which they add to.
fn open(options: &Json, transport: Transport) -> object_store::Result<Bucket> {
    let text = |key: &str| options[key].as_str().unwrap_or_default();
    let (bucket, endpoint, region) = (text("bucket"), text("endpoint"), text("region"));
    let retry = retry(options["retry_seconds"].as_u64().unwrap_or(30));
    let crypto = Arc::new(crypto::Crypto(transport));
    let store: Box<dyn ObjectStore> = match text("scheme") {
        "s3" => {
            let mut builder = AmazonS3Builder::from_env();
            if builder.get_config_value(&AmazonS3ConfigKey::Checksum).is_none() {
                builder = builder.with_checksum_algorithm(Checksum::SHA256);
            }
            if !endpoint.is_empty() {
                builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
            }
            if !region.is_empty() {
                builder = builder.with_region(region);
            }
            let builder = builder.with_bucket_name(bucket).with_disable_bulk_delete(true).with_retry(retry);
            Box::new(builder.with_http_connector(transport).with_crypto_provider(crypto).build()?)
        }
        "gs" => {
            let mut builder = GoogleCloudStorageBuilder::from_env();
            if !endpoint.is_empty() {
                builder = builder.with_config(GoogleConfigKey::BaseUrl, endpoint);
            }
            let builder = builder.with_bucket_name(bucket).with_retry(retry);
            Box::new(builder.with_http_connector(transport).with_crypto_provider(crypto).build()?)
        }
        _ => {
            let mut builder = MicrosoftAzureBuilder::from_env();
            if !endpoint.is_empty() {
                builder = builder.with_config(AzureConfigKey::Endpoint, endpoint);
            }
            let builder = builder.with_container_name(bucket).with_retry(retry);
            Box::new(builder.with_http_connector(transport).with_crypto_provider(crypto).build()?)
        }
    };
    Ok(Bucket { store })
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with_borrow_mut(|slot| {
        let runtime = slot.get_or_insert_with(|| {
            Builder::new_current_thread().enable_time().build().expect("a runtime needs only memory")
        });
        runtime.block_on(future)
    })
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::NotFound { .. } => "missing",
        Error::AlreadyExists { .. } | Error::Precondition { .. } => "exists",
        _ => "failed",
    }
}

/// Runs a call with `context` for its requests; what failed goes to `fault`.
unsafe fn calling(
    context: *mut c_void,
    fault: *mut RegestaBuffer,
    call: impl FnOnce() -> object_store::Result<()>,
) -> i32 {
    let before = CONTEXT.replace(context);
    let done = catch_unwind(AssertUnwindSafe(call));
    CONTEXT.set(before);
    match done {
        Ok(Ok(())) => OK,
        Ok(Err(error)) => {
            give(fault, json!({"kind": kind(&error), "message": error.to_string()}).to_string());
            ERROR
        }
        Err(_) => {
            give(fault, json!({"kind": "failed", "message": "the client panicked"}).to_string());
            PANIC
        }
    }
}

unsafe fn path(key: Slice) -> object_store::Result<Path> {
    Ok(Path::parse(String::from_utf8_lossy(bytes(key.data, key.size)))?)
}

/// # Safety
/// `answer` is the one of the send or sign that is running; the slices are readable.
#[no_mangle]
pub unsafe extern "C" fn regesta_answer_set(answer: *mut Answer, status: i32, headers: Slice, body: Slice) {
    *answer = Answer {
        status: u16::try_from(status).unwrap_or_default(),
        headers: bytes(headers.data, headers.size).to_vec(),
        body: bytes(body.data, body.size).to_vec(),
    };
}

/// # Safety
/// `options` is readable, `bucket` and `fault` are writable; the functions of `transport` may be called from any thread.
#[no_mangle]
pub unsafe extern "C" fn regesta_bucket_open(
    options: Slice,
    transport: Transport,
    bucket: *mut *mut Bucket,
    fault: *mut RegestaBuffer,
) -> i32 {
    calling(std::ptr::null_mut(), fault, || {
        let options: Json = serde_json::from_slice(bytes(options.data, options.size)).unwrap_or_default();
        *bucket = Box::into_raw(Box::new(open(&options, transport)?));
        Ok(())
    })
}

/// # Safety
/// `bucket` came from regesta_bucket_open and is freed once.
#[no_mangle]
pub unsafe extern "C" fn regesta_bucket_free(bucket: *mut Bucket) {
    if !bucket.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(bucket))));
    }
}

/// # Safety
/// `bucket` is open; `key` and `content` are readable during the call.
#[no_mangle]
pub unsafe extern "C" fn regesta_bucket_put(
    bucket: *const Bucket,
    context: *mut c_void,
    key: Slice,
    content: Slice,
    create: i32,
    fault: *mut RegestaBuffer,
) -> i32 {
    calling(context, fault, || {
        // The content outlives the call, and no request outlives it.
        let content: &'static [u8] = bytes(content.data, content.size);
        let mode = if create != 0 { PutMode::Create } else { PutMode::Overwrite };
        let payload = PutPayload::from(Bytes::from_static(content));
        wait((*bucket).store.put_opts(&path(key)?, payload, mode.into())).map(|_| ())
    })
}

/// # Safety
/// `bucket` is open; `into` has room for `size` bytes; `count` is writable.
#[no_mangle]
pub unsafe extern "C" fn regesta_bucket_read(
    bucket: *const Bucket,
    context: *mut c_void,
    key: Slice,
    offset: u64,
    into: *mut u8,
    size: usize,
    count: *mut usize,
    fault: *mut RegestaBuffer,
) -> i32 {
    calling(context, fault, || {
        let range = Some(GetRange::Bounded(offset..offset.saturating_add(size as u64)));
        let key = path(key)?;
        let content = wait(async {
            let found = (*bucket).store.get_opts(&key, GetOptions { range, ..Default::default() }).await?;
            found.bytes().await
        })?;
        *count = content.len().min(size);
        std::ptr::copy_nonoverlapping(content.as_ptr(), into, *count);
        Ok(())
    })
}

/// # Safety
/// `bucket` is open and `key` readable.
#[no_mangle]
pub unsafe extern "C" fn regesta_bucket_remove(
    bucket: *const Bucket,
    context: *mut c_void,
    key: Slice,
    fault: *mut RegestaBuffer,
) -> i32 {
    calling(context, fault, || wait((*bucket).store.delete(&path(key)?)))
}

type Visit = unsafe extern "C" fn(*mut c_void, Slice, u64, i64) -> i32;

/// # Safety
/// `bucket` is open; `visit` is called with `visitor` on this thread.
#[no_mangle]
pub unsafe extern "C" fn regesta_bucket_list(
    bucket: *const Bucket,
    context: *mut c_void,
    prefix: Slice,
    visit: Visit,
    visitor: *mut c_void,
    fault: *mut RegestaBuffer,
) -> i32 {
    calling(context, fault, || {
        let prefix = path(prefix)?;
        wait(async {
            let mut found = (*bucket).store.list(Some(&prefix));
            while let Some(item) = found.next().await {
                let item = item?;
                let name = item.location.as_ref();
                if visit(visitor, Slice::of(name.as_bytes()), item.size, item.last_modified.timestamp_millis()) != OK {
                    break;
                }
            }
            Ok(())
        })
    })
}
