#include "ledger/ask_witness.h"

#include "base/error.h"
#include "base/redact.h"
#include "base/text.h"
#include "ledger/consistency.h"

namespace regesta::ledger {
namespace {

using Kind = WitnessOutcome::Kind;

constexpr std::size_t shownBytes = 200;

/// Foreign text for logs: short, on one line.
std::string shown(std::string_view text) {
  std::string line(trim(text.substr(0, shownBytes)));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return isUtf8(line) ? redactText(line) : "(binary)";
}

WitnessOutcome ended(Kind kind, std::string why, std::int64_t size = 0) {
  return {.kind = kind, .line = {}, .size = size, .why = std::move(why)};
}

WitnessOutcome readCosignature(const Witness& witness, const std::string& note, std::int64_t size, std::int64_t oldest,
                               std::string_view body) {
  if (!body.ends_with('\n')) return ended(Kind::failed, "its reply is not a line of a signed note");
  auto parsed = parseNote(note.substr(0, note.rfind("\n\n") + 2) + std::string(body));
  if (!parsed) return ended(Kind::failed, "its reply is not cosignature lines: " + parsed.error());
  auto found = cosignaturesOf(*parsed, std::span(&witness.key, 1));
  if (!found) return ended(Kind::failed, found.error());
  if (found->empty())
    return ended(Kind::failed, fmt::format("its reply has no cosignature by the key {}", witness.key.text()));
  if (found->front().time < oldest)
    return ended(Kind::failed,
                 "its cosignature has an earlier time than allowed: its clock is wrong, or the reply is "
                 "an old one");
  return {.kind = Kind::cosigned, .line = found->front().line, .time = found->front().time, .size = size, .why = {}};
}

std::optional<std::int64_t> sizeIn(const WitnessReply& reply) {
  auto size = parseInteger(trim(reply.body));
  return size && *size >= 0 ? size : std::nullopt;
}

}  // namespace

WitnessOutcome askWitness(const Witness& witness, const std::string& note, std::int64_t seen, std::int64_t oldest,
                          const ProveConsistency& prove, const PostToWitness& post) {
  try {
    std::int64_t size = parseCheckpoint(parseNote(note).value().text).value().size;
    for (int attempt = 0; attempt < 2; ++attempt) {
      if (seen > size) return ended(Kind::ahead, fmt::format("it has seen a tree of {} entries", seen), seen);
      // From the empty tree the proof is empty, as from the same tree.
      std::vector<Hash> proof = seen > 0 && seen < size ? prove(seen, size) : std::vector<Hash>();
      WitnessReply reply = post(formatExtension({seen, std::move(proof), note}));
      switch (reply.status) {
        case 200:
          return readCosignature(witness, note, size, oldest, reply.body);
        case 409: {
          auto other = sizeIn(reply);
          if (!other) {
            // The same status says that the size is the same and the root is not.
            return ended(Kind::refused, "it has seen another tree of this size: " + shown(reply.body), seen);
          }
          if (*other == seen)
            return ended(Kind::refused, fmt::format("it has seen another tree of {} entries", seen), seen);
          seen = *other;
          continue;
        }
        case 422:
          return ended(Kind::refused,
                       fmt::format("the tree does not extend the one of {} entries that it has seen", seen), seen);
        case 403:
          return ended(Kind::refused, "it does not know the key of this log: " + shown(reply.body));
        case 404:
          return ended(Kind::failed, "it does not know this log: register the log's key with it");
        default:
          return ended(Kind::failed, fmt::format("it answered {}: {}", reply.status, shown(reply.body)));
      }
    }
    return ended(Kind::failed, "the size that it has seen changed in between");
  } catch (const std::exception& failure) {
    return ended(Kind::failed, failure.what());
  }
}

}  // namespace regesta::ledger
