#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/verdict.h"

namespace regesta::policy {

/// The verdict of an external OPA and the identifier under which its decision log has it; empty: it keeps none.
struct RemoteAnswer {
  Verdict verdict;
  std::string decisionId;
};

/// Asks OPA servers that the operator names to decide by their own policies, over OPA's Data API. Thread-safe.
class RemoteOpa {
 public:
  struct Options {
    std::vector<std::string> urls;  ///< those that may be asked: "https://opa.example:8181"
    std::string token;              ///< empty, or sent as a bearer token
    std::string caFile;             ///< empty: the system's
    int timeoutSeconds = 2;
  };
  explicit RemoteOpa(Options options);
  ~RemoteOpa();
  RemoteOpa(const RemoteOpa&) = delete;
  RemoteOpa& operator=(const RemoteOpa&) = delete;

  bool isAllowed(std::string_view url) const;
  /// The document at `path` ("bank/lending") for this input: an object with the sets deny, warn and require, or true
  /// (allow) or false. Anything else is a verdict with an error, which denies. Throws Error{unavailable} if OPA does
  /// not answer in time, answers with an error, or may not be asked.
  RemoteAnswer decide(std::string_view url, std::string_view path, std::string_view inputJson);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::policy
