#include "crypto/sodium.h"

#include <sodium.h>

#include "base/error.h"

namespace regesta::crypto {

void initSodium() {
  static const bool ready = sodium_init() >= 0;
  REGESTA_INVARIANT(ready);
}

}  // namespace regesta::crypto
