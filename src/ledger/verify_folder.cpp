#include "base/error.h"
#include "base/file.h"
#include "ledger/verify.h"
#include "ledger/verify_tree.h"

namespace regesta::ledger {
namespace {

constexpr std::uint64_t maximalFile = 17 * 1024 * 1024;  // 256 entries of 64 KiB and their lengths

/// The file of a tile; when the log has moved on, a partial one may be gone and the full one holds it.
std::optional<std::string> tileFile(const std::string& folder, Tile tile) {
  auto bytes = file::readFile(folder + "/" + tilePath(tile), maximalFile);
  if (bytes || tile.full()) return bytes;
  tile.width = tileWidth;
  return file::readFile(folder + "/" + tilePath(tile), maximalFile);
}

void checkBundle(const std::string& folder, const Tile& bundle, TreeCheck& tree, Findings& findings, Report& report) {
  std::int64_t begin = bundle.number * tileWidth;
  auto bytes = tileFile(folder, bundle);
  auto entries = bytes ? parseBundle(*bytes) : std::nullopt;
  std::string hashes = tileFile(folder, {0, bundle.number, bundle.width}).value_or("");
  std::size_t width = static_cast<std::size_t>(bundle.width);
  if (!bytes) findings.add(begin, fmt::format("{} is missing", tilePath(bundle)));
  if (bytes && (!entries || entries->size() < width))
    findings.add(begin, fmt::format("{} does not have {} complete entries", tilePath(bundle), width));
  for (std::size_t i = 0; i < width; ++i) {
    std::int64_t index = begin + static_cast<std::int64_t>(i);
    std::optional<Hash> stored, computed;
    if (hashes.size() >= (i + 1) * hashBytes) stored = hashAt(hashes, i);
    if (entries && i < entries->size()) computed = leafHash((*entries)[i]);
    if (stored && computed && *stored != *computed)
      findings.add(index, hashDiffers(index, (*entries)[i], *computed, *stored));
    if (computed) ++report.entries;
    tree.append(stored ? *stored : computed.value_or(Hash{}));
  }
}

}  // namespace

Report verifyFolder(const std::string& folder, const VerifierKey& key, const VerifyOptions& options) {
  Report report;
  Findings findings(report, options.findings);
  TreeCheck tree(findings, [&folder](const Tile& tile) { return tileFile(folder, tile); });
  auto note = file::readFile(folder + "/checkpoint", maximalFile);
  if (!note) throw error(Code::notFound, "there is no ledger in {}: it has no file named checkpoint", folder);
  auto checkpoint = expectNote(tree, findings, *note, key, "the signed checkpoint");
  if (!checkpoint) return report;
  report.checkpoint = *checkpoint;
  expectKeptCheckpoints(tree, findings, options, key);
  for (std::int64_t number = 0; int width = widthIn(entryLevel, number, checkpoint->size); ++number) {
    checkBundle(folder, {entryLevel, number, width}, tree, findings, report);
    if (options.progress) options.progress(number * tileWidth + width, checkpoint->size);
  }
  tree.finish();
  return report;
}

}  // namespace regesta::ledger
