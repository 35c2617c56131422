#include "api/s3/key.h"

#include "api/s3/fault.h"
#include "base/encoding.h"
#include "base/text.h"
#include "registry/tree.h"

namespace regesta::api::s3 {
namespace {

constexpr std::size_t keyLength = 1024;

}  // namespace

std::string newPathOfKey(std::string_view key) {
  if (key.size() > keyLength)
    throw fault("KeyTooLongError", "a key has at most {} bytes, this one {}", keyLength, key.size());
  std::string path;
  try {
    path = registry::safePath(key);
  } catch (const registry::PathError& wrong) {
    throw fault("InvalidArgument", "the key {}", wrong.rule);
  }
  if (path != key || path.empty())
    throw Fault(
        "InvalidArgument",
        "a key is the path of a file: it must not begin or end with '/' and has no empty, '.' or '..' segments");
  return path;
}

std::optional<std::string> pathOfKey(std::string_view key) {
  try {
    return newPathOfKey(key);
  } catch (const Fault&) {
    return std::nullopt;
  }
}

Source readSource(std::string_view header) {
  std::size_t question = header.find('?');
  if (question != header.npos && header.substr(question) != "?versionId=null")
    throw Fault("NotImplemented", "versions of objects are not supported; copy the object itself");
  auto plain = percentDecode(header.substr(0, question));
  if (!plain || !isUtf8(*plain)) throw Fault("InvalidArgument", "x-amz-copy-source is not percent-encoded UTF-8");
  std::string_view text = *plain;
  if (text.starts_with('/')) text.remove_prefix(1);
  std::size_t slash = text.find('/');
  if (slash == text.npos || slash == 0 || slash + 1 == text.size())
    throw Fault("InvalidArgument", "x-amz-copy-source must be BUCKET/KEY");
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

}  // namespace regesta::api::s3
