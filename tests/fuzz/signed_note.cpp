// Signed notes, verifier keys and checkpoints from anybody. What parses is written back as it came, and nothing that a
// fuzzer makes up carries a signature.
// rooms: ledger
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ledger/checkpoint.h"

using namespace regesta::ledger;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const VerifierKey key{"example.com/fuzz", regesta::crypto::keyPairFromSeed(std::string(32, 's')).publicKey};
  if (auto parsed = parseVerifierKey(bytes)) require(*parseVerifierKey(parsed->text()) == *parsed);
  require(!openNote(bytes, key) && !openCheckpoint(bytes, key));
  auto note = parseNote(bytes);
  if (note) {
    require(bytes.starts_with(note->text) && note->text.ends_with('\n') && !note->signatures.empty());
    bytes = note->text;
  }
  if (auto checkpoint = parseCheckpoint(bytes)) {
    require(checkpoint->size >= 0 && bytes.starts_with(formatCheckpoint(*checkpoint)));
  }
  return 0;
}
