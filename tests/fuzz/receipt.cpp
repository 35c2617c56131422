// Receipts (C2SP tlog-proof) from anybody: what parses is written back byte for byte, and none verifies.
// rooms: ledger
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ledger/receipt.h"

using namespace regesta::ledger;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const VerifierKey key{"example.com/fuzz", regesta::crypto::keyPairFromSeed(std::string(32, 's')).publicKey};
  require(!verifyReceipt(bytes, "entry", key));
  auto receipt = parseReceipt(bytes);
  if (!receipt) return 0;
  // An empty extra line is legal and says nothing, so it is not written back.
  if (!bytes.starts_with("c2sp.org/tlog-proof@v1\nextra \n")) require(formatReceipt(*receipt) == bytes);
  // No proof that the fuzzer makes leads from a leaf to an arbitrary root, whatever index and size it claims.
  Hash root = leafHash("root");
  for (std::int64_t treeSize : {receipt->index + 1, INT64_MAX}) {
    require(!verifyInclusion(leafHash("entry"), receipt->index, treeSize, receipt->proof, root));
    require(!verifyConsistency(receipt->index, treeSize, receipt->proof, leafHash("from"), root));
  }
  return 0;
}
