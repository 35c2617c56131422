#pragma once
#include <cstddef>
#include <cstdint>

/// The limits of the gateway's configuration. Separate from base/limits.h, which most files of the program include.
namespace regesta::limits {

inline constexpr std::int64_t gatewayItems = 1000;         // of one kind in a workspace
inline constexpr std::size_t gatewayText = 1024;           // bytes of a name, an id or a user
inline constexpr std::size_t gatewayBody = 256 * 1024;     // bytes of one item's configuration, and of a secret
inline constexpr std::size_t gatewayEndpointParts = 1000;  // models, bindings, tags and guardrails of an endpoint

}  // namespace regesta::limits
