#include "cli/verification.h"

#include <filesystem>

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::cli {

std::string keyText(const std::string& given) {
  if (ledger::parseVerifierKey(given)) return given;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(given, ignored)) return std::string(trim(readInput(given)));
  return given;
}

ledger::VerifierKey keyOf(const Arguments& args) {
  if (!args.has("key"))
    throw UsageError("--key is needed: the log's verifier key (name+id+base64), or a file that holds it");
  auto key = ledger::parseVerifierKey(keyText(args.text("key")));
  if (!key) throw UsageError("--key is not a verifier key: " + key.error());
  return *key;
}

std::vector<Option> witnessOptions() {
  return {{"witness", "KEY", "require cosignatures of this witness: its key (vkey), or a file with it", 0, false, true},
          {"require", "K", "number of witnesses that must have cosigned (default: all)"},
          {"policy", "FILE", "require the quorum of a witness policy (C2SP tlog-policy) instead"}};
}

std::optional<ledger::WitnessPolicy> witnessPolicyOf(const Arguments& args) {
  std::vector<std::string> given = args.all("witness");
  if (args.has("policy")) {
    if (!given.empty() || args.has("require")) throw UsageError("give --policy or --witness with --require, not both");
    auto policy = ledger::parseWitnessPolicy(readInput(args.text("policy")));
    if (!policy) throw UsageError("--policy: " + policy.error());
    return *std::move(policy);
  }
  if (given.empty()) {
    if (args.has("require")) throw UsageError("--require needs --witness KEY");
    return std::nullopt;
  }
  std::vector<ledger::WitnessKey> keys;
  for (const std::string& text : given) {
    std::error_code ignored;
    bool isFile = !ledger::parseWitnessKey(text) && std::filesystem::is_regular_file(text, ignored);
    auto key = ledger::parseWitnessKey(isFile ? std::string(trim(readInput(text))) : text);
    if (!key && !isFile && text.find('+') == std::string::npos)
      throw UsageError(fmt::format("--witness: the file {} does not exist", text));
    if (!key) throw UsageError("--witness: " + key.error());
    keys.push_back(*std::move(key));
  }
  std::int64_t required = static_cast<std::int64_t>(keys.size());
  if (args.has("require")) {
    auto number = parseInteger(args.text("require"));
    if (!number || *number < 1 || *number > required)
      throw UsageError(fmt::format("--require must be 1 to {}, the number of witnesses", required));
    required = *number;
  }
  return ledger::WitnessPolicy::anyOf(keys, static_cast<std::size_t>(required));
}

json::object cosignedJson(const ledger::Cosigned& cosigned) {
  json::object shown = checkpointJson(cosigned.checkpoint);
  shown["cosigned_at"] = formatTime(cosigned.time * 1000);
  shown["witnesses"] = json::array(cosigned.witnesses.begin(), cosigned.witnesses.end());
  return shown;
}

std::string cosignedText(const ledger::Cosigned& cosigned) {
  return fmt::format("cosigned by {} at {}", join(cosigned.witnesses, ", "), formatTime(cosigned.time * 1000));
}

json::object checkpointJson(const ledger::Checkpoint& checkpoint) {
  return {
      {"origin", checkpoint.origin}, {"size", checkpoint.size}, {"root", base64Encode(crypto::view(checkpoint.root))}};
}

int outcome(const Session& session, json::object result, const json::array& findings, const std::string& good) {
  bool ok = findings.empty();
  if (session.json()) {
    result["ok"] = ok;
    result["findings"] = findings;
    printJson(result);
    return ok ? Exit::done : Exit::unverified;
  }
  if (ok) {
    fmt::print("{} {}\n", paint("verified:", Colour::green), good);
    return Exit::done;
  }
  for (const json::value& value : findings) {
    const json::object& finding = value.as_object();
    std::string subject = member(finding, "subject");
    fmt::print("{} {}{}\n", paint("✗", Colour::red), subject.empty() ? "" : paint(subject, Colour::bold) + ": ",
               printable(member(finding, "what")));
  }
  fmt::print("{}\n",
             paint(fmt::format("verification failed: {} finding{}", findings.size(), findings.size() == 1 ? "" : "s"),
                   Colour::red));
  return Exit::unverified;
}

}  // namespace regesta::cli
