#include "base/id.h"

#include <sys/random.h>

#include "base/encoding.h"
#include "base/error.h"

namespace regesta {

std::string randomBytes(std::size_t count) {
  std::string out(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    ssize_t got = getrandom(out.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    REGESTA_INVARIANT(got > 0);
    have += static_cast<std::size_t>(got);
  }
  return out;
}

std::string randomHex(std::size_t bytes) { return hexEncode(randomBytes(bytes)); }

}  // namespace regesta
