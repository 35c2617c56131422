#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::cli {

/// One chat completion.
struct ModelAnswer {
  std::string text;  ///< the content; calls of tools as a JSON list, after it if there are both
  std::string finishReason;
  std::string model;  ///< as the server named it
  std::int64_t inputTokens = 0, outputTokens = 0;
  std::optional<double> cost;  ///< where the server says it
};

/// Reads the body of /chat/completions. Throws Error{unavailable} for anything but a completion.
ModelAnswer readCompletion(std::string_view body);

/// The same from a stream of server-sent events, piece by piece as it comes. Bounded: an answer above 4 MiB, or one
/// event above 1 MiB, is an Error{unavailable}.
class CompletionStream {
 public:
  /// Takes the next bytes. Throws Error{unavailable} for an event that is not a chunk of a completion, or reports an
  /// error.
  void take(std::string_view bytes);
  /// Throws Error{unavailable} when the stream ended before the answer did.
  ModelAnswer finish();

 private:
  struct ToolCall {
    std::string id, name, arguments;
  };
  void line(std::string_view text);
  void event(std::string_view data);
  void choice(const json::object& choice);
  void toolCalls(const json::array& pieces);
  void grow(std::string& text, std::string_view piece);

  std::string buffer_, data_;
  ModelAnswer answer_;
  std::vector<ToolCall> calls_;
  std::size_t size_ = 0;
  bool done_ = false, any_ = false;
};

}  // namespace regesta::cli
