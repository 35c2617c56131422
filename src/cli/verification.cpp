#include "cli/verification.h"

#include <filesystem>

#include "base/encoding.h"
#include "base/text.h"

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
