#pragma once
/* The C ABI of native/: policies (regorus), BLAKE3 and Jinja2 templates (minijinja). No function throws or unwinds: a Rust
 * panic comes back as REGESTA_PANIC. What regorus cannot survive (stack overflow, memory) ends the process, so text from
 * users is handled in worker processes only (src/policy/). */
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

/* BLAKE3 into out[32]. With a key of 32 bytes, or NULL for the plain hash. */
int regesta_blake3(const uint8_t* key, const uint8_t* data, size_t size, uint8_t* out);

#ifdef __cplusplus
}
#endif
