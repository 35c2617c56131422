#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/tile.h"
#include "ledger/verify.h"

/// Shared by the verification of databases and folders.
namespace regesta::ledger {

/// Keeps the first findings and counts the rest.
class Findings {
 public:
  Findings(Report& report, std::size_t limit) : report_(report), limit_(limit) {}
  void add(std::int64_t index, std::string what);

 private:
  Report& report_;
  std::size_t limit_;
};

/// Recomputes the tree leaf by leaf. Compares every completed tile with the stored one, and the root with every signed
/// checkpoint of that size.
class TreeCheck {
 public:
  /// Returns the stored hashes of a tile; empty if there are none.
  using Stored = std::function<std::optional<std::string>(const Tile&)>;
  /// `exact`: a partial tile holds nothing beyond the tree.
  TreeCheck(Findings& findings, Stored stored, bool exact = false)
      : findings_(findings), stored_(std::move(stored)), exact_(exact) {}

  /// `where` says in a finding which checkpoint it is: "the signed checkpoint", "the kept checkpoint 2".
  void expect(const Checkpoint& checkpoint, std::string where);
  void append(const Hash& leaf);
  /// Compares the partial tiles and reports checkpoints that are ahead of the log.
  void finish();

 private:
  void compareRoot();
  void compareTile(const TileEdge::Change& change);

  Findings& findings_;
  Stored stored_;
  bool exact_;
  TileEdge edge_;
  std::multimap<std::int64_t, std::pair<Checkpoint, std::string>> expected_;
  std::int64_t lastGood_ = 0;
  bool rootsDiffer_ = false;
};

/// Opens a note and adds it to the tree's expected checkpoints; a note that does not verify is a finding.
std::optional<Checkpoint> expectNote(TreeCheck& tree, Findings& findings, std::string_view note, const VerifierKey& key,
                                     const std::string& where);
void expectKeptCheckpoints(TreeCheck& tree, Findings& findings, const VerifyOptions& options, const VerifierKey& key);

std::string hashDiffers(std::int64_t index, std::string_view body, const Hash& computed, const Hash& stored);

}  // namespace regesta::ledger
