#include "ledger/kept.h"

#include "base/error.h"
#include "base/file.h"
#include "ledger/store.h"

namespace regesta::ledger {
namespace {

constexpr std::uint64_t longestNote = 1024 * 1024;

}  // namespace

const std::string_view afterRestore =
    "If the database was restored from a backup, restore a newer one: what people hold receipts for is missing from "
    "it. If the newer state is lost for good, stop the server and run 'regesta ledger accept-restore', which keeps "
    "the newer checkpoint as evidence and records both in the ledger";

std::optional<std::string> readKeptNote(const std::string& file, const VerifierKey& key) {
  if (file.empty()) return std::nullopt;
  auto note = file::readFile(file, longestNote);
  if (!note) return std::nullopt;
  if (auto opened = openCheckpoint(*note, key); !opened)
    throw error(Code::corrupt,
                "{} is not a checkpoint of this ledger: {}. It tells whether the database was put back to an earlier "
                "day: restore it, or if it is lost run 'regesta ledger accept-restore'",
                file, opened.error());
  return note;
}

void requireExtends(db::Transaction& transaction, std::int64_t size, const Checkpoint& earlier,
                    std::string_view where) {
  if (earlier.size > size)
    throw error(Code::corrupt, "{} covers {} entries but the database has only {}. {}", where, earlier.size, size,
                afterRestore);
  Hash root = treeRoot(earlier.size, storedNodes(transaction));
  if (root != earlier.root)
    throw error(Code::corrupt,
                "{} has the root {} for {} entries, the database {}: one of them was altered, or they are two "
                "histories of one log. Run 'regesta ledger verify'. {}",
                where, crypto::hex(earlier.root), earlier.size, crypto::hex(root), afterRestore);
}

}  // namespace regesta::ledger
