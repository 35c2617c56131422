#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/action.h"

namespace regesta::governance {

/// The facts behind decisions, from the ledger: authors and digests of versions, approvals, evidence, policy texts. A
/// decision with other facts was made on rows that someone inserted for the move and then removed.
class DecisionFacts {
 public:
  /// A tag or, with key 0, the description: the beginnings of their SHA-256; value 0: none any more.
  struct Text {
    std::int64_t at = 0;  ///< number of the entry
    std::uint64_t key = 0, value = 0;
  };
  struct Made {
    std::string digest, author;
    std::vector<Text> texts = {};  ///< as they were set, one after another
  };
  using Versions = std::map<std::int64_t, Made>;

  /// Takes entries in order, before the decisions that follow them.
  void take(const json::object& entry);
  /// The versions of an asset by its present name; they stay valid when it is renamed or deleted.
  std::shared_ptr<const Versions> versionsOf(const std::string& workspace, const std::string& asset) const;
  /// Number of entries taken.
  std::int64_t count() const { return count_; }
  /// A fact of the decision that no entry before `until` has, or evidence that was there when the decision was made
  /// and that it does not have; empty: none. `versions`: of the asset that moved. `digest`: the decision's.
  std::string faultOf(const json::object& decision, const std::string& digest, const std::string& workspace,
                      const Versions& versions, std::int64_t until) const;
  /// Why an allowed decision should not have allowed: a violation that no waiver in force then covers, or something
  /// missing, without the entry of a break-glass move. Empty: it should.
  std::string faultOfResult(const json::object& decision, std::string_view digest, const std::string& workspace,
                            std::int64_t until) const;

 private:
  struct Given {
    std::int64_t at = 0;
    std::string actor, decision, comment, onBehalfOf;
    std::set<std::string, std::less<>> roles;
  };
  struct Proof {
    std::int64_t at = 0, version = 0;
    const Versions* asset = nullptr;
    std::string type, digest, by;
    json::value verified;
  };
  struct Granted {
    std::int64_t at = 0, revokedAt = 0;  ///< 0: not revoked
    json::object scope;
  };
  struct Request {
    std::string requestedBy;
    std::vector<Given> approvals;
  };
  void takeVersion(const std::string& workspace, std::string_view subject, const std::string& actor,
                   const json::object& data);
  void takeText(registry::Action action, const std::string& workspace, std::string_view subject,
                const json::object& data);
  void rename(const std::string& workspace, const std::string& subject, const json::object& data);
  /// When a decision was made, and the last entry that can confirm its facts; both count entries.
  struct Span {
    std::int64_t made = 0, until = 0;
  };
  void takeEvidence(const std::string& workspace, const std::string& subject, const std::string& actor,
                    const json::object& data);
  std::string faultOfVersion(const json::value& described, const Versions& versions, Span span) const;
  std::string hiddenEvidence(const json::array& shown, const Versions& versions, std::int64_t number,
                             std::int64_t made) const;
  void takeWaiver(registry::Action action, const std::string& workspace, const std::string& subject,
                  const json::object& data);
  bool isWaived(const json::object& decision, const json::object& evaluation, const json::object& violation,
                const std::string& workspace, std::int64_t until) const;
  std::string faultOfInput(const json::object& input, const std::string& workspace, const Versions& versions,
                           Span span) const;

  std::int64_t count_ = 0;
  std::map<std::string, std::shared_ptr<Versions>> assets_;  ///< by workspace and subject
  std::vector<std::shared_ptr<Versions>> gone_;              ///< evidence still names them
  std::map<std::string, Request> requests_;                  ///< by workspace and subject
  std::map<std::int64_t, Proof> evidence_;
  std::map<std::pair<const Versions*, std::int64_t>, std::vector<std::int64_t>> evidenceOn_;  ///< ids, by version
  std::map<std::string, std::int64_t> cited_;  ///< by digest of a decision: its first entry, written with it
  std::map<std::string, Granted> waivers_;     ///< by workspace and subject
  std::map<std::string, std::int64_t, std::less<>> brokeGlass_;  ///< by decision
  std::set<std::string> policies_;  ///< "policy/fair@2 digest", under every name that the policy had
};

}  // namespace regesta::governance
