#include "ledger/verify_tree.h"

#include "base/json.h"
#include "base/text.h"

namespace regesta::ledger {
namespace {

/// "entries 256 to 511"
std::string entriesBelow(int level, std::int64_t position, std::int64_t size) {
  std::int64_t begin = position << (8 * level), end = std::min(size, (position + 1) << (8 * level));
  return fmt::format("entries {} to {}", begin, end - 1);
}

}  // namespace

void Findings::add(std::int64_t index, std::string what) {
  if (report_.findings.size() < limit_) {
    report_.findings.push_back({index, std::move(what)});
  } else {
    ++report_.further;
  }
}

std::string entryName(std::int64_t index, std::string_view body) {
  json::error_code failure;
  json::value value = json::parse(body, failure);
  const json::object* entry = failure ? nullptr : value.if_object();
  auto member = [&](std::string_view name) -> std::string {
    const json::value* found = entry ? entry->if_contains(name) : nullptr;
    return found && found->is_string() ? shorten(found->get_string(), 120) : std::string();
  };
  std::string action = member("action"), subject = member("subject");
  if (action.empty()) return fmt::format("entry {}", index);
  return fmt::format("entry {} ({} on {})", index, action, subject);
}

std::string hashDiffers(std::int64_t index, std::string_view body, const Hash& computed, const Hash& stored) {
  return fmt::format("{}: its bytes hash to {}, the tree has {}", entryName(index, body), crypto::hex(computed),
                     crypto::hex(stored));
}

void TreeCheck::expect(const Checkpoint& checkpoint, std::string where) {
  expected_.emplace(checkpoint.size, std::pair(checkpoint, std::move(where)));
  if (checkpoint.size == 0) compareRoot();
}

void TreeCheck::append(const Hash& leaf) {
  std::vector<TileEdge::Change> completed;
  edge_.append(leaf, completed);
  for (const auto& change : completed) compareTile(change);
  compareRoot();
}

void TreeCheck::compareRoot() {
  auto [first, last] = expected_.equal_range(edge_.size());
  if (first == last) return;
  Hash root = edge_.root();
  for (auto it = first; it != last && !rootsDiffer_; ++it) {
    const auto& [checkpoint, where] = it->second;
    if (checkpoint.root == root) {
      lastGood_ = checkpoint.size;
      continue;
    }
    // Every later root differs too; the first one bounds where the fault is.
    rootsDiffer_ = true;
    findings_.add(
        -1,
        fmt::format("{} of {} entries has the root {}, the entries give {}: the log was altered at or after entry {}",
                    where, checkpoint.size, crypto::hex(checkpoint.root), crypto::hex(root), lastGood_));
  }
}

void TreeCheck::compareTile(const TileEdge::Change& change) {
  const auto& [tile, hashes] = change;
  auto stored = stored_(tile);
  if (!stored) {
    findings_.add(-1, fmt::format("{} is missing", tilePath(tile)));
    return;
  }
  if (stored->size() < hashes.size() || (exact_ && stored->size() > hashes.size())) {
    findings_.add(-1, fmt::format("{} has {} bytes instead of {}", tilePath(tile), stored->size(), hashes.size()));
    return;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(tile.width); ++i) {
    if (hashAt(hashes, i) == hashAt(*stored, i)) continue;
    std::int64_t position = tile.number * tileWidth + static_cast<std::int64_t>(i);
    // Level 0 is compared entry by entry elsewhere.
    if (tile.level > 0) {
      findings_.add(-1, fmt::format("{}: hash {} is {}, {} give {}", tilePath(tile), i, crypto::hex(hashAt(*stored, i)),
                                    entriesBelow(tile.level, position, INT64_MAX), crypto::hex(hashAt(hashes, i))));
    }
  }
}

void TreeCheck::finish() {
  for (const auto& partial : edge_.partials()) compareTile(partial);
  for (auto it = expected_.upper_bound(edge_.size()); it != expected_.end(); ++it) {
    findings_.add(-1,
                  fmt::format("{} covers {} entries, the log has only {}", it->second.second, it->first, edge_.size()));
  }
}

std::optional<Checkpoint> expectNote(TreeCheck& tree, Findings& findings, std::string_view note, const VerifierKey& key,
                                     const std::string& where) {
  auto checkpoint = openCheckpoint(note, key);
  if (!checkpoint) {
    findings.add(-1, fmt::format("{} does not verify: {}", where, checkpoint.error()));
    return std::nullopt;
  }
  tree.expect(*checkpoint, where);
  return *checkpoint;
}

void expectKeptCheckpoints(TreeCheck& tree, Findings& findings, const VerifyOptions& options, const VerifierKey& key) {
  for (std::size_t i = 0; i < options.kept.size(); ++i) {
    std::string where =
        options.kept.size() == 1 ? "the kept checkpoint" : fmt::format("the kept checkpoint number {}", i + 1);
    expectNote(tree, findings, options.kept[i], key, where);
  }
}

}  // namespace regesta::ledger
