#include "ledger/receipt.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "ledger/leaf.h"

namespace regesta::ledger {
namespace {

using Failure = std::unexpected<std::string>;
constexpr std::string_view firstLine = "c2sp.org/tlog-proof@v1\n";
constexpr std::size_t longestProof = 63;

/// The next line without its newline; empty optional when there is no whole line left.
std::optional<std::string_view> takeLine(std::string_view& rest) {
  auto end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string formatReceipt(const Receipt& receipt) {
  std::string text(firstLine);
  if (!receipt.extra.empty()) text += fmt::format("extra {}\n", base64Encode(receipt.extra));
  text += fmt::format("index {}\n", receipt.index);
  for (const Hash& hash : receipt.proof) text += base64Encode(crypto::view(hash)) + "\n";
  return text + "\n" + receipt.note;
}

std::expected<Receipt, std::string> parseReceipt(std::string_view text) {
  if (!text.starts_with(firstLine)) return Failure("the receipt does not begin with c2sp.org/tlog-proof@v1");
  text.remove_prefix(firstLine.size());
  Receipt receipt;
  auto line = takeLine(text);
  if (line && line->starts_with("extra ")) {
    auto extra = base64Decode(line->substr(6));
    if (!extra) return Failure("the receipt's extra line is not base64");
    receipt.extra = std::move(*extra);
    line = takeLine(text);
  }
  if (!line || !line->starts_with("index ")) return Failure("the receipt has no index line");
  auto index = parseInteger(line->substr(6));
  if (!index || *index < 0 || std::to_string(*index) != line->substr(6))
    return Failure("the receipt's index is not a number");
  receipt.index = *index;
  for (line = takeLine(text); line && !line->empty(); line = takeLine(text)) {
    auto bytes = base64Decode(*line);
    if (!bytes || bytes->size() != sizeof(Hash)) return Failure("a line of the receipt's proof is not a hash");
    if (receipt.proof.size() == longestProof) return Failure("the receipt's proof is too long");
    std::copy(bytes->begin(), bytes->end(), receipt.proof.emplace_back().begin());
  }
  if (!line) return Failure("the receipt ends before its checkpoint");
  receipt.note = text;
  return receipt;
}

std::expected<Checkpoint, std::string> verifyReceipt(std::string_view text, std::string_view entry,
                                                     const VerifierKey& key) {
  auto receipt = parseReceipt(text);
  if (!receipt) return Failure(receipt.error());
  auto checkpoint = openCheckpoint(receipt->note, key);
  if (!checkpoint) return checkpoint;
  if (receipt->index >= checkpoint->size) {
    return Failure(
        fmt::format("the receipt is for entry {} but its checkpoint covers only {}", receipt->index, checkpoint->size));
  }
  if (!verifyInclusion(leafHash(readDisclosure(entry).leaf), receipt->index, checkpoint->size, receipt->proof,
                       checkpoint->root)) {
    return Failure(fmt::format("the entry's bytes are not what the log has at index {}", receipt->index));
  }
  return checkpoint;
}

}  // namespace regesta::ledger
