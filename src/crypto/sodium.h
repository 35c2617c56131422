#pragma once

namespace regesta::crypto {

/// Readies libsodium once, from any thread. Every function of this room that uses it calls this first.
void initSodium();

}  // namespace regesta::crypto
