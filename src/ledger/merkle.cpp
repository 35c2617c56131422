#include "ledger/merkle.h"

#include <bit>
#include <string>

#include "base/error.h"

namespace regesta::ledger {
namespace {

std::int64_t largestPowerBelow(std::int64_t size) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(size - 1)));
}
int log2(std::int64_t power) { return std::countr_zero(static_cast<std::uint64_t>(power)); }

/// Root of leaves [begin, end), where `begin` is a multiple of the largest power of two within the range.
Hash rangeRoot(std::int64_t begin, std::int64_t end, const NodeReader& nodes) {
  std::int64_t size = end - begin;
  if (std::has_single_bit(static_cast<std::uint64_t>(size))) return nodes(log2(size), begin / size);
  std::int64_t left = largestPowerBelow(size);
  return nodeHash(nodes(log2(left), begin / left), rangeRoot(begin + left, end, nodes));
}

/// PATH(m, D[begin:end]) of RFC 6962 section 2.1.1, with m counted from `begin`.
void appendPath(std::int64_t index, std::int64_t begin, std::int64_t end, const NodeReader& nodes,
                std::vector<Hash>& out) {
  if (end - begin <= 1) return;
  std::int64_t middle = begin + largestPowerBelow(end - begin);
  if (index < middle) {
    appendPath(index, begin, middle, nodes, out);
    out.push_back(rangeRoot(middle, end, nodes));
  } else {
    appendPath(index, middle, end, nodes, out);
    out.push_back(rangeRoot(begin, middle, nodes));
  }
}

/// SUBPROOF(m, D[begin:end], whole) of RFC 6962 section 2.1.2.
void appendSubproof(std::int64_t from, std::int64_t begin, std::int64_t end, bool whole, const NodeReader& nodes,
                    std::vector<Hash>& out) {
  if (from == end) {
    if (!whole) out.push_back(rangeRoot(begin, end, nodes));
    return;
  }
  std::int64_t middle = begin + largestPowerBelow(end - begin);
  if (from <= middle) {
    appendSubproof(from, begin, middle, whole, nodes, out);
    out.push_back(rangeRoot(middle, end, nodes));
  } else {
    appendSubproof(from, middle, end, false, nodes, out);
    out.push_back(rangeRoot(begin, middle, nodes));
  }
}

}  // namespace

Hash emptyRoot() { return crypto::sha256(""); }

Hash leafHash(std::string_view entry) {
  std::string bytes;
  bytes.reserve(entry.size() + 1);
  bytes.push_back('\x00');
  bytes.append(entry);
  return crypto::sha256(bytes);
}

Hash nodeHash(const Hash& left, const Hash& right) {
  std::array<char, 65> bytes;
  bytes[0] = '\x01';
  std::copy(left.begin(), left.end(), bytes.begin() + 1);
  std::copy(right.begin(), right.end(), bytes.begin() + 33);
  return crypto::sha256({bytes.data(), bytes.size()});
}

void CompactRange::append(const Hash& leaf) {
  subtrees_.push_back(leaf);
  ++size_;
  for (std::int64_t rest = size_; rest % 2 == 0; rest /= 2) {
    Hash right = subtrees_.back();
    subtrees_.pop_back();
    subtrees_.back() = nodeHash(subtrees_.back(), right);
  }
}

Hash CompactRange::root() const {
  if (subtrees_.empty()) return emptyRoot();
  Hash root = subtrees_.back();
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = nodeHash(subtrees_[i], root);
  return root;
}

Hash treeRoot(std::int64_t size, const NodeReader& nodes) {
  return size == 0 ? emptyRoot() : rangeRoot(0, size, nodes);
}

std::vector<Hash> inclusionProof(std::int64_t index, std::int64_t size, const NodeReader& nodes) {
  REGESTA_INVARIANT(index >= 0 && index < size);
  std::vector<Hash> proof;
  appendPath(index, 0, size, nodes, proof);
  return proof;
}

std::vector<Hash> consistencyProof(std::int64_t from, std::int64_t to, const NodeReader& nodes) {
  REGESTA_INVARIANT(from >= 0 && from <= to);
  std::vector<Hash> proof;
  if (from > 0 && from < to) appendSubproof(from, 0, to, true, nodes, proof);
  return proof;
}

// RFC 9162 section 2.1.3.2.
bool verifyInclusion(const Hash& leaf, std::int64_t index, std::int64_t size, const std::vector<Hash>& proof,
                     const Hash& root) {
  if (index < 0 || index >= size) return false;
  std::int64_t number = index, last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return false;
    if (number % 2 == 1 || number == last) {
      hash = nodeHash(sibling, hash);
      while (number % 2 == 0 && number != 0) number /= 2, last /= 2;
    } else {
      hash = nodeHash(hash, sibling);
    }
    number /= 2;
    last /= 2;
  }
  return last == 0 && hash == root;
}

// RFC 9162 section 2.1.4.2.
bool verifyConsistency(std::int64_t from, std::int64_t to, const std::vector<Hash>& proof, const Hash& fromRoot,
                       const Hash& toRoot) {
  if (from < 0 || from > to) return false;
  if (from == to) return proof.empty() && fromRoot == toRoot;
  if (from == 0) return proof.empty() && fromRoot == emptyRoot();
  if (proof.empty()) return false;
  std::size_t at = 0;
  std::int64_t number = from - 1, last = to - 1;
  while (number % 2 == 1) number /= 2, last /= 2;
  // A complete first tree is a node of the second one and does not appear in the proof.
  Hash first = number == 0 ? fromRoot : proof[at++];
  Hash second = first;
  for (; at < proof.size(); ++at) {
    if (last == 0) return false;
    if (number % 2 == 1 || number == last) {
      first = nodeHash(proof[at], first);
      second = nodeHash(proof[at], second);
      while (number % 2 == 0 && number != 0) number /= 2, last /= 2;
    } else {
      second = nodeHash(second, proof[at]);
    }
    number /= 2;
    last /= 2;
  }
  return last == 0 && first == fromRoot && second == toRoot;
}

}  // namespace regesta::ledger
