#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/error.h"
#include "db/database.h"

namespace regesta::governance {

/// Permissions on objects that grants do not name: experiments by id, runs, logged models, artifact paths, blobs and
/// lineage nodes. Finds their owner and checks its name. For objects that do not exist, callers with a grant for every
/// name pass; all others get the same result as for hidden ones. Lives as long as the transaction.
class Scope {
 public:
  Scope(db::Transaction& transaction, const access::Identity& identity, std::string_view workspace)
      : transaction_(transaction), identity_(identity), workspace_(workspace) {}

  /// Whether the caller has a grant that is not restricted to some names.
  bool everything(access::Verb verb) const;
  bool name(access::Verb verb, std::string_view name) const;
  bool experiment(access::Verb verb, std::int64_t id) const;
  bool run(access::Verb verb, std::string_view runId) const;
  bool model(access::Verb verb, std::string_view modelId) const;
  /// A path of the artifact tree belongs to its experiment (tracking/owner.h).
  bool path(access::Verb verb, std::string_view path) const;
  /// The same for a folder and everything in it.
  bool subtree(access::Verb verb, std::string_view folder) const;
  /// Whether a parent of a readable folder: its name may be listed.
  bool leadsToReadable(std::string_view folder) const;
  /// Whether the caller may use this as the location of a new experiment's files.
  bool location(std::string_view folder, std::string_view defaultFolder) const;
  /// Whether the caller may read a blob: as a readable version's file or artifact, or as its uploader. Packs of Git
  /// repositories are never readable by digest, because they contain every prompt of a workspace.
  bool blob(std::string_view digest) const;
  /// "run/<id>", "logged-model/m-…", "model/loan-risk@3", "dataset/loans#<digest>".
  bool node(std::string_view node) const;

 private:
  db::Transaction& transaction_;
  const access::Identity& identity_;
  std::string workspace_;
};

/// Error{denied} without the names of the object and its owner, which the caller may not know.
/// `what`: "run", "experiment", "logged model", "path".
Error lacking(const access::Identity& identity, access::Verb verb, std::string_view workspace, std::string_view what);

/// The rule about objects that requests name by an id, for all fronts: what a caller may not read is answered as what
/// does not exist. `allows(verb)`: whether the caller has the permission on the object. `absent`: the front's error for
/// an object of this kind and id that does not exist; thrown if the caller may not even read it. Who may read it and
/// lacks `verb` gets Error{denied}.
template <class Allows, class Absent>
void requireVisible(const access::Identity& identity, access::Verb verb, std::string_view workspace,
                    std::string_view what, const Allows& allows, const Absent& absent) {
  if (allows(verb)) return;
  if (verb == access::Verb::read || !allows(access::Verb::read)) throw absent;
  throw lacking(identity, verb, workspace, what);
}

}  // namespace regesta::governance
