#pragma once
/* The C ABI of native/: policies (regorus), BLAKE3, Xet chunks, regular expressions, Jinja2 templates (minijinja) and the
 * rules for names (Unicode). No function throws or unwinds: a Rust panic comes back as REGESTA_PANIC. What regorus cannot survive
 * (stack overflow, memory) ends the process, so policies and templates are handled in worker processes only
 * (src/policy/). */
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes owned by Rust; UTF-8 JSON or text. Give them back with regesta_buffer_free, once. */
typedef struct RegestaBuffer {
  uint8_t* data;
  size_t size;
  size_t capacity;
} RegestaBuffer;

enum {
  REGESTA_OK = 0,      /* out holds the answer */
  REGESTA_ERROR = 1,   /* out holds {"code","message","file","row","column","hint",…} */
  REGESTA_UNKNOWN = 2, /* no policy of that digest is loaded (any more): load it and ask again */
  REGESTA_PANIC = 3,   /* out holds the panic's message */
};

void regesta_buffer_free(RegestaBuffer buffer);

/* A set of prepared policies. Not thread-safe. */
typedef struct RegestaPolicies RegestaPolicies;
RegestaPolicies* regesta_policies_new(void);
void regesta_policies_free(RegestaPolicies* policies);

/* One request: `head` is a small JSON object, `body` what it works on. By head.do:
 *   load    head.policy (digest); body {"modules":[{"name","text"}],"data":{},"strict":true}
 *   decide  head.policy, now (ns), millis; body: the input's JSON. Answer {"deny":[],"warn":[],"require":[]}
 *   query   head.policy, now, millis, query, optional input_term; body: input or empty. Answer {"result":[…],"prints","nanos"}
 *   tests   head.policy. Answer {"tests":[{"package","name","path","file","row","column","todo"}]}
 *   test    head.policy, now, millis, path. Answer {"outcome","message","prints","nanos","coverage"}
 *   check   body {"modules":[…],"inputs":[paths],"opa_builtins":[names]}. Answer {"problems":[…],"packages":[…]}
 *   ast     body {"modules":[…]}. Answer: the syntax trees
 *   render  head.fuel, depth, strict; body {"template","context"}. Answer {"text"} */
int regesta_policies_call(RegestaPolicies* policies, const uint8_t* head, size_t headSize, const uint8_t* body,
                          size_t bodySize, RegestaBuffer* out);

/* What keeps UTF-8 text from being a name for people (src/names.rs has the rules); 0: nothing. */
enum {
  REGESTA_NAME_FINE = 0,
  REGESTA_NAME_INVISIBLE = 1,
  REGESTA_NAME_BLANK_EDGE = 2,
  REGESTA_NAME_NOT_NFC = 3,
  REGESTA_NAME_MARKS = 4,
  REGESTA_NAME_MIXED = 5,
  REGESTA_NAME_LOOKS_ASCII = 6,
};
int regesta_name_fault(const uint8_t* text, size_t size);
/* What a name looks like: names that are drawn alike have the same (UTS 39, skeleton). */
void regesta_name_skeleton(const uint8_t* text, size_t size, RegestaBuffer* out);
/* 1 when two different names differ in case only, or in letters that look the same. */
int regesta_names_look_alike(const uint8_t* a, size_t aSize, const uint8_t* b, size_t bSize);

/* BLAKE3 into out[32]. With a key of 32 bytes, or NULL for the plain hash. */
int regesta_blake3(const uint8_t* key, const uint8_t* data, size_t size, uint8_t* out);

/* The content store, in the Xet format (src/blob/xet.h). None of these objects is thread-safe; a hash is 32 bytes. */
typedef struct RegestaChunker RegestaChunker;
RegestaChunker* regesta_chunker_new(void);
void regesta_chunker_free(RegestaChunker* chunker);
/* How many of the next bytes belong to the current chunk; *cut: 1 when it ends after them. */
size_t regesta_chunker_next(RegestaChunker* chunker, const uint8_t* data, size_t size, int* cut);
void regesta_chunk_hash(const uint8_t* data, size_t size, uint8_t* out);
/* Over `count` chunk hashes, one after the other. */
void regesta_verification_hash(const uint8_t* hashes, size_t count, uint8_t* out);

/* The Merkle tree of a xorb or file: add each chunk's hash and length, then take the root and the hash of a file. */
typedef struct RegestaTree RegestaTree;
RegestaTree* regesta_tree_new(void);
void regesta_tree_free(RegestaTree* tree);
void regesta_tree_add(RegestaTree* tree, const uint8_t* hash, uint64_t length);
void regesta_tree_hashes(const RegestaTree* tree, uint8_t* root, uint8_t* file);

/* Records of a xorb: a header of 8 bytes and the chunk, compressed where that saves enough. */
typedef struct RegestaEncoder RegestaEncoder;
RegestaEncoder* regesta_encoder_new(void);
void regesta_encoder_free(RegestaEncoder* encoder);
/* Writes at most size + 8 bytes; returns how many, 0 on failure. */
size_t regesta_chunk_encode(RegestaEncoder* encoder, const uint8_t* data, size_t size, uint8_t* out);
/* The lengths of the record's body and of its chunk. REGESTA_ERROR: the bytes are not a header. */
int regesta_chunk_header(const uint8_t* record, size_t size, size_t* packed, size_t* length);
/* REGESTA_ERROR unless the whole record holds a chunk of exactly `length` bytes. */
int regesta_chunk_decode(const uint8_t* record, size_t size, uint8_t* out, size_t length);

/* A regular expression over bytes, found anywhere in a text in time linear in its length. Searching is thread-safe. */
typedef struct RegestaPattern RegestaPattern;
/* REGESTA_OK: `*pattern` is yours; REGESTA_ERROR: `message` holds the reason. `programLimit`: bytes once compiled. */
int regesta_pattern_new(const uint8_t* expression, size_t size, size_t programLimit, RegestaPattern** pattern,
                        RegestaBuffer* message);
/* 1: found, 0: not, -1: the search failed */
int regesta_pattern_found(const RegestaPattern* pattern, const uint8_t* text, size_t size);
void regesta_pattern_free(RegestaPattern* pattern);

/* A GraphQL schema, read once, and the plan of a request against it (src/graphql.rs), as JSON. Thread-safe. regesta_graphql_schema
   is null for a schema that cannot be read. regesta_graphql_plan: REGESTA_OK, or REGESTA_ERROR with {"code", "message"};
   code "root": Query or Mutation has no such field. */
typedef struct RegestaGraphql RegestaGraphql;
RegestaGraphql* regesta_graphql_schema(const uint8_t* text, size_t size, RegestaBuffer* fault);
int regesta_graphql_plan(const RegestaGraphql* schema, const uint8_t* request, size_t size, RegestaBuffer* out);

/* What one file would do to those who load it (src/scan/mod.rs), as JSON. `read` gives bytes from `offset` on: how many, or
   a negative number on failure. REGESTA_PANIC: `out` holds the reason. */
typedef int64_t (*RegestaReadAt)(void* context, uint64_t offset, uint8_t* into, size_t size);
int regesta_scan(RegestaReadAt read, void* context, uint64_t size, const uint8_t* name, size_t nameSize, RegestaBuffer* out);
/* A bucket of S3, Google Cloud Storage or Azure Blob Storage (src/blob/bucket.h). Thread-safe; each call runs on the calling thread. */
typedef struct RegestaSlice {
  const uint8_t* data;
  size_t size;
} RegestaSlice;
typedef struct RegestaRequest {
  RegestaSlice method, url, headers, body; /* headers: "name: value" and a line feed each */
} RegestaRequest;
typedef struct RegestaAnswer RegestaAnswer;
/* Copies what a send or sign answers; the body of sign's is the signature. */
void regesta_answer_set(RegestaAnswer* answer, int status, RegestaSlice headers, RegestaSlice body);
enum {
  REGESTA_SENT = 0,          /* there is an answer, of any status */
  REGESTA_NOT_CONNECTED = 1, /* nothing was sent; it may be tried again */
  REGESTA_INTERRUPTED = 2,   /* tried again when that is harmless */
  REGESTA_NOT_SENT = 3,      /* not tried again */
};
typedef struct RegestaTransport {
  /* Called on the thread of the call that was given `context`. */
  int (*send)(void* context, const RegestaRequest* request, RegestaAnswer* answer);
  /* RS256 with a PEM key; REGESTA_OK or REGESTA_ERROR. */
  int (*sign)(RegestaSlice pem, RegestaSlice text, RegestaAnswer* signature);
} RegestaTransport;

typedef struct RegestaBucket RegestaBucket;
/* `options`: {"scheme": "s3", "gs" or "az", "bucket", "endpoint", "region", "retry_seconds"}; the rest is in the environment variables
 * of the clouds' own tools. All of these: REGESTA_OK, or `fault` holds {"kind": "missing", "exists" or "failed", "message"}. */
int regesta_bucket_open(RegestaSlice options, RegestaTransport transport, RegestaBucket** bucket, RegestaBuffer* fault);
void regesta_bucket_free(RegestaBucket* bucket);
/* `create` 1: only if there is no such object. */
int regesta_bucket_put(const RegestaBucket* bucket, void* context, RegestaSlice key, RegestaSlice content, int create,
                       RegestaBuffer* fault);
int regesta_bucket_read(const RegestaBucket* bucket, void* context, RegestaSlice key, uint64_t offset, uint8_t* into, size_t size,
                        size_t* count, RegestaBuffer* fault);
int regesta_bucket_remove(const RegestaBucket* bucket, void* context, RegestaSlice key, RegestaBuffer* fault);
/* Visits key, size and time of modification (milliseconds) until `visit` answers other than REGESTA_OK. `visit` makes no other calls
 * here. */
int regesta_bucket_list(const RegestaBucket* bucket, void* context, RegestaSlice prefix,
                        int (*visit)(void* visitor, RegestaSlice key, uint64_t size, int64_t modifiedAt), void* visitor,
                        RegestaBuffer* fault);

#ifdef __cplusplus
}
#endif
