#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct LedgerAnswer {
  std::int64_t size = 0;
  std::string origin, vkey, checkpoint;
  static constexpr Field fields[] = {field<&LedgerAnswer::size>("size"), field<&LedgerAnswer::origin>("origin"),
                                     field<&LedgerAnswer::vkey>("vkey"),
                                     field<&LedgerAnswer::checkpoint>("checkpoint")};
};
struct EntryAnswer {
  std::int64_t index = 0, id = 0;
  RawJson body;
  std::optional<std::string> salt;
  static constexpr Field fields[] = {
      field<&EntryAnswer::index>("index"), field<&EntryAnswer::id>("id"),
      field<&EntryAnswer::body>("body", about("the entry, as canonical JSON")),
      field<&EntryAnswer::salt>("salt", about("hexadecimal; the leaf in the tree has the SHA-256 of salt and body. "
                                              "Absent: the body itself is the leaf"))};
};
struct EntryQuery {
  std::int64_t from = 0, limit = 0;
  std::string subject, actor, since, until, order, pageToken;
  std::vector<std::string> action;
  std::int64_t pageSize = 0;
  static constexpr std::string_view orders[] = {"oldest", "newest"};
  static constexpr std::string_view documentation =
      "A page can be short and still have a next one: a filter looks at a limited number of entries per "
      "call.";
  static constexpr Field fields[] = {
      field<&EntryQuery::from>("from", atLeast(0)),
      field<&EntryQuery::limit>("limit", pageRule),
      field<&EntryQuery::subject>("subject", about("model/loan-risk#production, or a pattern with *")),
      field<&EntryQuery::actor>("actor", about("user:anna, or a pattern")),
      field<&EntryQuery::action>("action", about("alias.moved, or a pattern: alias.*; several: one of them")),
      field<&EntryQuery::since>("since", about("RFC 3339")),
      field<&EntryQuery::until>("until", about("RFC 3339")),
      field<&EntryQuery::order>("order", oneOf(orders) | about("which come first; absent: the oldest")),
      field<&EntryQuery::pageToken>("page_token"),
      field<&EntryQuery::pageSize>("page_size", pageRule)};
};
struct IndexPath {
  std::int64_t index = 0;
  static constexpr Field fields[] = {field<&IndexPath::index>("index", present | atLeast(0))};
};
struct VerifyFinding {
  std::int64_t index = 0;
  std::string subject, what;
  static constexpr Field fields[] = {field<&VerifyFinding::index>("index"), field<&VerifyFinding::subject>("subject"),
                                     field<&VerifyFinding::what>("what")};
};
struct VerifyAnswer {
  bool ok = false;
  std::int64_t entries = 0, compared = 0;
  std::vector<VerifyFinding> findings;
  static constexpr Field fields[] = {
      field<&VerifyAnswer::ok>("ok"), field<&VerifyAnswer::entries>("entries"),
      field<&VerifyAnswer::compared>("compared", about("rows of the database held against the ledger")),
      field<&VerifyAnswer::findings>("findings")};
};
struct TilePath {
  std::string path;
  static constexpr Field fields[] = {field<&TilePath::path>("path", required)};
};

LedgerAnswer ledgerState(Call& call, const Empty&);
/// In the order of the log, or newest first. A page may be short and still have a next one, because filters read a
/// limited number of entries per call.
Page<EntryAnswer> listEntries(Call& call, const EntryQuery& query);
EntryAnswer getEntry(Call& call, const IndexPath& path);
Plain getReceipt(Call& call, const IndexPath& path);
VerifyAnswer verifyLedger(Call& call, const Empty&);

/// With witnesses: the newest checkpoint that enough of them have cosigned.
Plain publicCheckpoint(Call& call, const Empty&);
Plain latestCheckpoint(Call& call, const Empty&);
Plain timestampedCheckpoint(Call& call, const Empty&);
Plain publicTimestamp(Call& call, const Empty&);
Plain publicKey(Call& call, const Empty&);
Plain publicTile(Call& call, const TilePath& path);

}  // namespace regesta::api::native
