#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

/// Prompts from a Regesta server or agent. C++17, no other header of Regesta, no third-party type.
namespace regesta {

/// How to reach the server, and how long an answer is good.
struct PromptClientOptions {
  std::string url = "http://127.0.0.1:4600";
  std::string token;      ///< sent as Bearer; empty: none
  std::string workspace;  ///< empty: the default one
  std::chrono::milliseconds timeout{2000};    ///< of one request
  std::chrono::milliseconds freshFor{1000};   ///< an answer is given again without a look at the server
  /// An older answer is still returned at once while a background thread fetches it again; 0: the caller waits instead.
  std::chrono::milliseconds refreshWithin{60'000};
  std::chrono::milliseconds staleIfError{86'400'000};  ///< how long an answer replaces one of a failing server
  std::size_t mostAnswers = 10'000;                    ///< kept; above, the one unused for longest goes
};

/// One version of a prompt. Immutable.
struct Prompt {
  std::string name;
  std::int64_t version = 0;
  std::string semver;    ///< empty: none
  std::string type;      ///< "text" or "chat"
  std::string text;      ///< a text prompt's template
  std::string messages;  ///< a chat prompt's messages, as JSON
  std::string variant;   ///< of the rollout that decided: "stable", "candidate", …; empty: none runs
  std::string why;       ///< in words
  std::string json;      ///< the whole answer
  std::string etag;
  bool stale = false;  ///< the server failed; this is the last good answer
};

/// There is no answer, also no older one. `status` is HTTP's, 0 when the server could not be reached.
class PromptError : public std::runtime_error {
 public:
  PromptError(int status, const std::string& message) : std::runtime_error(message), status(status) {}
  const int status;
};

/// Keeps what it was asked for, so that most calls take no network. Thread-safe; one is enough for a program.
class PromptClient {
 public:
  explicit PromptClient(PromptClientOptions options = {});
  ~PromptClient();
  PromptClient(const PromptClient&) = delete;
  PromptClient& operator=(const PromptClient&) = delete;

  /// The version that `alias` (or a number, SemVer or range) leads to for `key`: the user or session, which decides in a
  /// rollout and gets the same version every time. Throws PromptError.
  std::shared_ptr<const Prompt> get(std::string_view name, std::string_view alias = "production",
                                    std::string_view key = {});
  /// One version by number or SemVer; it never changes and is asked for once. Throws PromptError{400} for anything that
  /// may lead elsewhere tomorrow.
  std::shared_ptr<const Prompt> version(std::string_view name, std::string_view selector);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta
