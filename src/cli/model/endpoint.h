#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/model/answer.h"
#include "http/client.h"

namespace regesta::cli {

/// A server of models with OpenAI's HTTP API.
struct EndpointOptions {
  std::string url;             ///< of the API's root, with "/v1" where the server has it: http://127.0.0.1:8000/v1
  std::string key;             ///< sent as Bearer; may be empty
  std::string model;           ///< used instead of the prompt's; empty: the prompt's
  std::string graderModel;     ///< empty: the model that answers
  std::string embeddingModel;  ///< for "similar"
  bool stream = true;
  int timeoutSeconds = 120;                  ///< without a byte where the answer streams, else for all of it
  int tries = 5;                             ///< of one call, when the server is busy or away
  double inputPrice = -1, outputPrice = -1;  ///< for a million tokens; below 0: unknown
  std::function<bool()> stopped;             ///< true: give up now
};

/// One connection to the model's server. Not thread-safe: one per thread. Calls that meet 408, 429, a 5xx or no answer
/// are repeated, after Retry-After where the server says it, else after a growing pause. Throws Error{unavailable} when
/// the tries are used up or `stopped` said so, Error{invalid} with the server's words for any other refusal.
class ModelEndpoint {
 public:
  explicit ModelEndpoint(const EndpointOptions& options) : options_(options) {}

  /// `request`: the body of /chat/completions without "stream".
  ModelAnswer complete(const json::object& request);
  std::vector<double> embed(const std::string& text, const std::string& model);
  /// What an answer cost by the given prices, or as the server says; absent when neither is known.
  std::optional<double> costOf(const ModelAnswer& answer) const;
  const EndpointOptions& options() const { return options_; }

 private:
  http::ClientRequest request(std::string_view path, const json::object& body) const;
  ModelAnswer ask(const http::ClientRequest& call, bool stream);
  template <class Try>
  auto repeated(Try attempt);
  void pause(double seconds);

  const EndpointOptions& options_;
  http::Client client_;
};

/// Seconds that a server asks to wait: "retry-after-ms", or "Retry-After" as seconds or as a date; empty: it does not
/// say.
std::optional<double> retryAfter(const http::Headers& headers, std::int64_t nowMillis);

/// Cosine of the angle between two embeddings. Throws Error{unavailable} when they cannot be compared.
double cosine(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace regesta::cli
