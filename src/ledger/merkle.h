#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "crypto/hash.h"

/// The Merkle tree of RFC 6962 (RFC 9162 section 2.1), without storage.
namespace regesta::ledger {

using crypto::Hash;

Hash emptyRoot();
Hash leafHash(std::string_view entry);
Hash nodeHash(const Hash& left, const Hash& right);

/// The root of a growing tree in logarithmic memory: the roots of its complete subtrees, largest first.
class CompactRange {
 public:
  void append(const Hash& leaf);
  Hash root() const;
  std::int64_t size() const { return size_; }

 private:
  std::vector<Hash> subtrees_;
  std::int64_t size_ = 0;
};

/// Returns the root of a complete subtree: the 2^height leaves from leaf number * 2^height.
using NodeReader = std::function<Hash(int height, std::int64_t number)>;

Hash treeRoot(std::int64_t size, const NodeReader& nodes);
/// Needs 0 <= index < size.
std::vector<Hash> inclusionProof(std::int64_t index, std::int64_t size, const NodeReader& nodes);
/// Needs 0 <= from <= to. Empty for from = 0 and from = to.
std::vector<Hash> consistencyProof(std::int64_t from, std::int64_t to, const NodeReader& nodes);

/// True if `proof` shows that `leaf` has `index` in the tree of `size` leaves with that `root`.
bool verifyInclusion(const Hash& leaf, std::int64_t index, std::int64_t size, const std::vector<Hash>& proof,
                     const Hash& root);
/// True if `proof` shows that the tree of `to` leaves begins with the tree of `from` leaves.
bool verifyConsistency(std::int64_t from, std::int64_t to, const std::vector<Hash>& proof, const Hash& fromRoot,
                       const Hash& toRoot);

}  // namespace regesta::ledger
