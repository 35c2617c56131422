#include "ledger/merkle.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace regesta::ledger {
namespace {

Hash hashOf(std::string_view hex) {
  std::string bytes = *hexDecode(hex);
  Hash hash;
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

/// The tree by its definition: MTH of RFC 6962 section 2.1, slow and obvious.
Hash definition(const std::vector<Hash>& leaves, std::size_t begin, std::size_t end) {
  if (begin == end) return emptyRoot();
  if (end - begin == 1) return leaves[begin];
  std::size_t k = 1;
  while (k * 2 < end - begin) k *= 2;
  return nodeHash(definition(leaves, begin, begin + k), definition(leaves, begin + k, end));
}

struct Tree {
  explicit Tree(int size) {
    for (int i = 0; i < size; ++i) leaves.push_back(leafHash(std::to_string(i)));
  }
  Hash root(std::int64_t size) const { return definition(leaves, 0, static_cast<std::size_t>(size)); }
  NodeReader nodes() const {
    return [this](int height, std::int64_t number) {
      std::size_t width = std::size_t{1} << height, begin = static_cast<std::size_t>(number) * width;
      EXPECT_LE(begin + width, leaves.size()) << "a proof asks only for complete subtrees";
      return definition(leaves, begin, begin + width);
    };
  }
  std::vector<Hash> leaves;
};

// The vectors that the Go, Java and C++ implementations of Certificate Transparency share.
TEST(Merkle, RootVectors) {
  const char* leaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  CompactRange range;
  EXPECT_EQ(crypto::hex(range.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (int i = 0; i < 8; ++i) {
    range.append(leafHash(*hexDecode(leaves[i])));
    EXPECT_EQ(crypto::hex(range.root()), roots[i]);
  }
  // PATH(0, D[8]) of the same vectors.
  std::vector<Hash> path = {hashOf("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
                            hashOf("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
                            hashOf("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4")};
  EXPECT_TRUE(verifyInclusion(leafHash(""), 0, 8, path, hashOf(roots[7])));
  EXPECT_FALSE(verifyInclusion(leafHash(""), 1, 8, path, hashOf(roots[7])));
}

TEST(Merkle, CompactRangeAndTreeRootFollowTheDefinition) {
  Tree tree(130);
  CompactRange range;
  for (int size = 0; size <= 130; ++size) {
    EXPECT_EQ(range.root(), tree.root(size)) << size;
    EXPECT_EQ(treeRoot(size, tree.nodes()), tree.root(size)) << size;
    if (size < 130) range.append(tree.leaves[static_cast<std::size_t>(size)]);
  }
}

/// Every way to spoil a proof a little.
std::vector<std::vector<Hash>> spoiled(const std::vector<Hash>& proof) {
  std::vector<std::vector<Hash>> all;
  for (std::size_t i = 0; i < proof.size(); ++i) {
    all.push_back(proof);
    all.back()[i][i % 32] ^= 0x10;
    all.push_back(proof);
    all.back().erase(all.back().begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back(proof);
    all.back().insert(all.back().begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
  }
  all.push_back(proof);
  all.back().push_back(Hash{});
  return all;
}

TEST(Merkle, EveryInclusionProofVerifiesAndNoSpoiledOneDoes) {
  Tree tree(71);
  for (std::int64_t size = 1; size <= 71; ++size) {
    Hash root = tree.root(size);
    for (std::int64_t index = 0; index < size; ++index) {
      auto proof = inclusionProof(index, size, tree.nodes());
      const Hash& leaf = tree.leaves[static_cast<std::size_t>(index)];
      EXPECT_TRUE(verifyInclusion(leaf, index, size, proof, root)) << index << " of " << size;
      EXPECT_FALSE(verifyInclusion(leafHash("another"), index, size, proof, root));
      EXPECT_FALSE(verifyInclusion(leaf, index ^ 1, size, proof, root)) << index << " of " << size;
      EXPECT_FALSE(verifyInclusion(leaf, index, size, proof, tree.root(size - 1)));
      EXPECT_FALSE(verifyInclusion(leaf, -1, size, proof, root));
      EXPECT_FALSE(verifyInclusion(leaf, size, size, proof, root));
      for (const auto& bad : spoiled(proof))
        EXPECT_FALSE(verifyInclusion(leaf, index, size, bad, root)) << index << " of " << size;
    }
  }
}

TEST(Merkle, EveryConsistencyProofVerifiesAndNoSpoiledOneDoes) {
  Tree tree(71);
  for (std::int64_t to = 0; to <= 71; ++to) {
    Hash toRoot = tree.root(to);
    for (std::int64_t from = 0; from <= to; ++from) {
      Hash fromRoot = tree.root(from);
      auto proof = consistencyProof(from, to, tree.nodes());
      EXPECT_TRUE(verifyConsistency(from, to, proof, fromRoot, toRoot)) << from << " to " << to;
      EXPECT_FALSE(verifyConsistency(from, to, proof, leafHash("x"), toRoot)) << from << " to " << to;
      if (from > 0) {
        EXPECT_FALSE(verifyConsistency(from, to, proof, fromRoot, leafHash("x")));
        EXPECT_FALSE(from < to && verifyConsistency(to, from, proof, toRoot, fromRoot));
      }
      for (const auto& bad : spoiled(proof))
        EXPECT_FALSE(verifyConsistency(from, to, bad, fromRoot, toRoot)) << from << " to " << to;
    }
  }
  EXPECT_FALSE(verifyConsistency(-1, 3, {}, emptyRoot(), tree.root(3)));
}

TEST(Merkle, HostileSizesEndQuickly) {
  std::vector<Hash> proof(63, Hash{});
  EXPECT_FALSE(verifyInclusion(Hash{}, INT64_MAX - 1, INT64_MAX, proof, Hash{}));
  EXPECT_FALSE(verifyConsistency(INT64_MAX - 1, INT64_MAX, proof, Hash{}, Hash{}));
  EXPECT_FALSE(verifyConsistency(1, INT64_MAX, proof, Hash{}, Hash{}));
}

}  // namespace
}  // namespace regesta::ledger
