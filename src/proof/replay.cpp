#include "base/error.h"
#include "governance/binding.h"
#include "governance/decision.h"
#include "proof/statements.h"

namespace regesta::proof {
namespace {

/// A policy whose text was withheld, or is not there.
struct NoPolicy {};

governance::BoundPolicy policyIn(const Documents& documents, const std::string& subject) {
  for (const json::object* item : itemsOf(documents, "policies.json")) {
    if (memberText(*item, "policy") != subject) continue;
    std::string file = memberText(*item, "file");
    auto text = documents.texts.find(file);
    if (text == documents.texts.end()) break;
    return {.subject = subject,
            .digest = documents.digests.find(file)->second,
            .modules = governance::modulesFromContent(text->second),
            .error = {}};
  }
  throw NoPolicy{};
}

}  // namespace

std::size_t checkReplay(const Documents& documents, policy::Engine& engine, const Report& report) {
  std::size_t replayed = 0;
  for (const json::object* item : itemsOf(documents, "decisions.json")) {
    std::string file = memberText(*item, "file");
    auto body = documents.texts.find(file);
    if (body == documents.texts.end() || memberOf(*item, "redacted") == json::value(true)) continue;
    governance::Decision decision{.digest = memberText(*item, "digest"), .body = body->second};
    try {
      governance::Replayed result = governance::replayDecision(
          engine, decision, [&](const std::string& subject) { return policyIn(documents, subject); });
      ++replayed;
      for (const std::string& difference : result.differences)
        report(file, fmt::format("does not evaluate to the same result: {}", difference));
    } catch (const NoPolicy&) {  // the pack says that it was withheld
    } catch (const Error& failure) {
      report(file, fmt::format("cannot be evaluated again: {}", failure.what()));
    } catch (const std::exception&) {
      report(file, "is not a decision");
    }
  }
  return replayed;
}

}  // namespace regesta::proof
