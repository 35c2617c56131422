#include "ledger/checkpoint.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace regesta::ledger {
namespace {

using Failure = std::unexpected<std::string>;

}  // namespace

std::string formatCheckpoint(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, base64Encode(crypto::view(checkpoint.root)));
}

std::expected<Checkpoint, std::string> parseCheckpoint(std::string_view text) {
  if (!text.ends_with('\n')) return Failure("the checkpoint does not end in a newline");
  auto lines = split(text.substr(0, text.size() - 1), '\n');
  if (lines.size() < 3) return Failure("the checkpoint has fewer than three lines");
  if (std::ranges::any_of(lines, &std::string_view::empty)) return Failure("the checkpoint has an empty line");
  auto size = parseInteger(lines[1]);
  // One spelling of a number: no sign, no leading zeros.
  if (!size || *size < 0 || std::to_string(*size) != lines[1])
    return Failure("the checkpoint's second line is not a tree size");
  auto root = base64Decode(lines[2]);
  Checkpoint checkpoint{std::string(lines[0]), *size, {}};
  if (!root || root->size() != checkpoint.root.size()) return Failure("the checkpoint's third line is not a root hash");
  std::copy(root->begin(), root->end(), checkpoint.root.begin());
  return checkpoint;
}

std::string signCheckpoint(const Checkpoint& checkpoint, const crypto::KeyPair& key) {
  return signNote(formatCheckpoint(checkpoint), checkpoint.origin, key);
}

std::expected<Checkpoint, std::string> openCheckpoint(std::string_view note, const VerifierKey& key) {
  auto opened = openNote(note, key);
  if (!opened) return Failure(opened.error());
  auto checkpoint = parseCheckpoint(opened->text);
  if (checkpoint && checkpoint->origin != key.name) {
    return Failure(fmt::format("the checkpoint is of the log {}, not of {}", checkpoint->origin, key.name));
  }
  return checkpoint;
}

}  // namespace regesta::ledger
