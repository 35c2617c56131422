#pragma once
#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/checkpoint.h"
#include "ledger/cosignature.h"

namespace regesta::ledger {

struct Witness {
  std::string name;  ///< in the policy
  WitnessKey key;
  std::string url;  ///< prefix of the submission endpoint; empty: verified only
};

/// Which witnesses are trusted, and which of them must cosign a checkpoint: the trust policy of C2SP tlog-policy. Pure.
class WitnessPolicy {
 public:
  struct Group {
    std::string name;
    std::size_t required = 0;
    std::vector<std::string> members;  ///< of witnesses and earlier groups
  };

  /// `required` of these keys. Throws nothing; `required` above their number is never satisfied.
  static WitnessPolicy anyOf(const std::vector<WitnessKey>& keys, std::size_t required);

  const std::vector<Witness>& witnesses() const { return witnesses_; }
  const std::vector<WitnessKey>& keys() const { return keys_; }
  bool empty() const { return witnesses_.empty(); }
  /// False: no cosignature is required.
  bool hasQuorum() const { return !quorum_.empty(); }
  /// `cosigners` are positions in keys().
  bool isSatisfiedBy(const std::set<std::size_t>& cosigners) const;
  /// "2 of 3 witnesses".
  std::string description() const;

 private:
  friend std::expected<WitnessPolicy, std::string> parseWitnessPolicy(std::string_view text);
  std::vector<Witness> witnesses_;
  std::vector<WitnessKey> keys_;
  std::vector<Group> groups_;
  std::string quorum_;
};

/// Reads the text form: lines "witness NAME KEY [URL]", "group NAME any|all|K MEMBER…" and "quorum NAME|none". Lines
/// "log KEY [URL]", comments (#) and blank lines are ignored. The unexpected value names the line.
std::expected<WitnessPolicy, std::string> parseWitnessPolicy(std::string_view text);

/// A checkpoint with enough cosignatures.
struct Cosigned {
  Checkpoint checkpoint;
  std::int64_t time = 0;               ///< seconds: the policy was satisfied from this cosignature on
  std::vector<std::string> witnesses;  ///< names of the keys
};
/// The checkpoint if `key` has signed the note and its cosignatures satisfy the policy; otherwise the fault.
std::expected<Cosigned, std::string> openCosigned(std::string_view note, const VerifierKey& key,
                                                  const WitnessPolicy& policy);
/// The same without the log's signature: what the witnesses vouch for, regardless of the signer.
std::expected<Cosigned, std::string> readCosigned(std::string_view note, const WitnessPolicy& policy);

}  // namespace regesta::ledger
