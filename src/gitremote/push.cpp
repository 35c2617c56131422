// How a push is taken: unpack, check, apply, move aliases.
#include <algorithm>

#include "base/error.h"
#include "git/mapped_file.h"
#include "git/walk.h"
#include "gitremote/fault.h"
#include "gitremote/push_aliases.h"
#include "gitremote/push_apply.h"
#include "gitremote/repository.h"

namespace regesta::gitremote {
namespace {

/// The pack's objects where only this push sees them.
class Unpacked {
 public:
  Unpacked(PackCache& cache, const RepositoryState& state, const Push& push)
      : folder_(cache.work()), known_(cache.open(state.packs)), objects_(cache.open(state.packs)) {
    if (!push.packFile.empty()) unpack(push.packFile);
    std::vector<git::Id> tips;
    for (const PushedRef& ref : push.refs)
      if (!ref.to.isNone()) tips.push_back(ref.to);
    std::unordered_set<git::Id> seen = git::checkNew(*objects_, *known_, tips);
    // What nothing refers to was not looked at, and a later push could build on it.
    if (pack_)
      for (const git::Id& id : pack_->ids)
        if (!seen.contains(id) && !known_->has(id)) throw Invalid(id.str(), "is in the pack, but nothing refers to it");
  }

  const git::Objects& objects() const { return *objects_; }
  /// Stores the pack as a blob; call before the transaction that names it.
  PushPack store(blob::BlobStore& blobs) const {
    if (!pack_) return {};
    blob::Stored stored = blob::put(blobs, bytes_->bytes());
    return {stored.digest, stored.size, pack_->ids.size()};
  }
  const std::optional<git::IndexedPack>& pack() const { return pack_; }

 private:
  void unpack(const std::string& file) {
    bytes_ = std::make_unique<git::MappedFile>(file);
    if (git::scanPack(bytes_->bytes()).objects == 0) return;
    pack_ = git::indexPack(bytes_->bytes(), folder_->path());
    objects_->addPack(pack_->path);
  }

  std::unique_ptr<WorkFolder> folder_;
  std::unique_ptr<git::MappedFile> bytes_;
  std::optional<git::IndexedPack> pack_;
  std::unique_ptr<git::Objects> known_, objects_;
};

PushOutcome refuseAll(const Push& push, std::vector<std::string> lines, std::string_view reason) {
  PushOutcome outcome;
  outcome.lines = std::move(lines);
  outcome.faults.assign(push.refs.size(), std::string(reason));
  return outcome;
}

/// A ref that names an alias points to the alias's version: it moves after the alias has moved, or is refused.
void keepClaims(registry::Store& store, const access::Identity& identity, const Push& push, const CheckedPush& checked,
                const std::set<std::string>& granted, PushOutcome& outcome) {
  std::vector<RefMove> claims;
  for (std::size_t i = 0; i < checked.moves.size(); ++i) {
    const RefMove& move = checked.moves[i];
    if (!checked.claims.contains(move.name)) continue;
    if (granted.contains(move.name))
      claims.push_back(move);
    else
      outcome.faults[i] = "the alias did not move, see above";
  }
  if (claims.empty()) return;
  try {
    store.change(identity.actor, [&](registry::Change& change) { applyClaims(change, push.workspace, claims); });
  } catch (const Error& fault) {
    if (fault.code != Code::conflict) throw;
    for (std::size_t i = 0; i < checked.moves.size(); ++i)
      if (checked.claims.contains(checked.moves[i].name) && outcome.faults[i].empty())
        outcome.faults[i] = "fetch first";
  }
}

}  // namespace

PushOutcome Repositories::push(const access::Identity& identity, const Push& push) {
  identity.require(access::Verb::write, push.workspace);
  RepositoryState state =
      store_.read([&](db::Transaction& transaction) { return readRepository(transaction, push.workspace); });
  std::optional<Unpacked> unpacked;
  try {
    unpacked.emplace(cache_, state, push);
  } catch (const Error& fault) {
    if (isOurs(fault)) throw;
    PushOutcome outcome = refuseAll(push, {}, "unpacker error");
    outcome.unpackFault = fault.message;
    return outcome;
  }
  CheckedPush checked = checkPush(store_, unpacked->objects(), identity, state, push);
  moveThroughGate(store_, gate_, identity, push, checked);
  PushOutcome outcome{.faults = checked.faults, .lines = checked.plan.notes};
  std::ranges::move(checked.plan.faults, std::back_inserter(outcome.lines));
  if (checked.refused()) {
    for (std::string& fault : outcome.faults)
      if (fault.empty()) fault = "not pushed, because the rest of the push is refused";
    return outcome;
  }
  PushPack pack = unpacked->store(blobs_);
  bool onlyClaims = pack.digest.empty() && checked.claims.size() == checked.moves.size();
  try {
    std::vector<std::string> made;
    if (!onlyClaims)
      made = store_.change(identity.actor, [&](registry::Change& change) {
        return applyPush(change, identity, unpacked->objects(), state, checked, pack);
      });
    std::ranges::move(made, std::back_inserter(outcome.lines));
  } catch (PushRejected& rejected) {
    if (rejected.lines.empty()) return refuseAll(push, std::move(outcome.lines), "fetch first");
    std::ranges::move(rejected.lines, std::back_inserter(outcome.lines));
    return refuseAll(push, std::move(outcome.lines), "the files break rules, see above");
  }
  if (unpacked->pack()) cache_.adopt(*unpacked->pack(), pack.digest);
  std::set<std::string> granted =
      moveAliases(store_, gate_, identity, push, checked.plan.requestedAliases, outcome.lines);
  keepClaims(store_, identity, push, checked, granted, outcome);
  return outcome;
}

}  // namespace regesta::gitremote
