#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ledger/witness_policy.h"

namespace regesta::ledger {

struct WitnessReply {
  int status = 0;
  std::string contentType, body;
};
/// Sends `body` to the witness's add-checkpoint. Throws Error{unavailable} if there is no reply.
using PostToWitness = std::function<WitnessReply(const std::string& body)>;
/// The consistency proof between two sizes of the log.
using ProveConsistency = std::function<std::vector<Hash>(std::int64_t from, std::int64_t to)>;

/// What came of asking one witness for its cosignature.
struct WitnessOutcome {
  enum class Kind {
    cosigned,
    ahead,    ///< it has seen a larger tree than the checkpoint
    refused,  ///< it does not accept the checkpoint as an extension of what it has seen
    failed,   ///< no reply, or one that is not according to the protocol
  } kind = Kind::failed;
  std::string line;       ///< its cosignature
  std::int64_t time = 0;  ///< seconds
  std::int64_t size = 0;  ///< of the tree that it has seen, if known
  std::string why;        ///< a sentence, unless it cosigned
};

/// Asks for a cosignature of the checkpoint `note` of a log by C2SP tlog-witness. `seen` is the size that the witness
/// is believed to have seen; if it names another one, it is asked once more. A cosignature counts only if it verifies
/// and is not older than `oldest` seconds. Does not throw.
WitnessOutcome askWitness(const Witness& witness, const std::string& note, std::int64_t seen, std::int64_t oldest,
                          const ProveConsistency& prove, const PostToWitness& post);

}  // namespace regesta::ledger
