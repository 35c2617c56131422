#pragma once
#include <cstddef>
#include <string>

namespace regesta {

/// `bytes` random bytes from the system, as lower-case hexadecimal. 16 bytes make MLflow's 32-digit ids.
std::string randomHex(std::size_t bytes);
/// Random bytes from the system's generator (getrandom).
std::string randomBytes(std::size_t count);

}  // namespace regesta
