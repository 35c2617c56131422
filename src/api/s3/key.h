#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace regesta::api::s3 {

/// The path in the artifact tree that a key names; nothing for a key that no file can have: one that is not a normal
/// path (registry/tree.h), such as "a//b", "a/../b" or "a/".
std::optional<std::string> pathOfKey(std::string_view key);
/// The same for a key that something is to be stored under. Throws Fault{KeyTooLongError, InvalidArgument}.
std::string newPathOfKey(std::string_view key);

/// A file as CopyObject names it. Throws Fault{InvalidArgument}.
struct Source {
  std::string bucket, key;
};
Source readSource(std::string_view header);

}  // namespace regesta::api::s3
