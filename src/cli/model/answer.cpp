#include "cli/model/answer.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::cli {
namespace {

constexpr std::size_t mostBytes = 4 * 1024 * 1024;
constexpr std::size_t mostEvent = 1024 * 1024;
constexpr std::size_t mostCalls = 128;

const json::value* memberOf(const json::value& value, std::string_view name) {
  return value.is_object() ? value.get_object().if_contains(name) : nullptr;
}

std::string textOf(const json::value& value, std::string_view name) {
  const json::value* found = memberOf(value, name);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

void readUsage(ModelAnswer& answer, const json::value& root) {
  const json::value* usage = memberOf(root, "usage");
  if (!usage || !usage->is_object()) return;
  auto number = [&](std::string_view name) -> std::optional<double> {
    const json::value* found = memberOf(*usage, name);
    if (!found || !found->is_number()) return std::nullopt;
    return found->to_number<double>();
  };
  answer.inputTokens = static_cast<std::int64_t>(number("prompt_tokens").value_or(0));
  answer.outputTokens = static_cast<std::int64_t>(number("completion_tokens").value_or(0));
  answer.cost = number("cost");
}

json::value callJson(std::string_view id, std::string_view name, std::string_view arguments) {
  return json::object{
      {"id", id}, {"type", "function"}, {"function", json::object{{"name", name}, {"arguments", arguments}}}};
}

void addCalls(ModelAnswer& answer, const json::array& calls) {
  if (calls.empty()) return;
  if (!answer.text.empty()) answer.text += '\n';
  answer.text += writeJson(calls);
}

[[noreturn]] void noCompletion(std::string_view body) {
  throw error(Code::unavailable, "the model's server answered no chat completion: {}", shorten(trim(body), 200));
}

}  // namespace

ModelAnswer readCompletion(std::string_view body) {
  boost::system::error_code broken;
  json::value root = json::parse(body, broken);
  const json::value* choices = broken ? nullptr : memberOf(root, "choices");
  if (!choices || !choices->is_array() || choices->get_array().empty()) noCompletion(body);
  const json::value& first = choices->get_array()[0];
  const json::value* message = memberOf(first, "message");
  if (!message || !message->is_object()) noCompletion(body);
  ModelAnswer answer;
  answer.text = textOf(*message, "content");
  answer.finishReason = textOf(first, "finish_reason");
  answer.model = textOf(root, "model");
  if (const json::value* calls = memberOf(*message, "tool_calls"); calls && calls->is_array())
    addCalls(answer, calls->get_array());
  readUsage(answer, root);
  return answer;
}

void CompletionStream::take(std::string_view bytes) {
  buffer_.append(bytes);
  std::size_t from = 0;
  for (std::size_t end; (end = buffer_.find('\n', from)) != std::string::npos; from = end + 1) {
    std::string_view text(buffer_.data() + from, end - from);
    if (text.ends_with('\r')) text.remove_suffix(1);
    line(text);
  }
  buffer_.erase(0, from);
  if (buffer_.size() > mostEvent) throw Error(Code::unavailable, "the model's server sent an event without an end");
}

/// Lines of the event stream format: "data: …", comments, and the empty line that ends an event.
void CompletionStream::line(std::string_view text) {
  if (text.empty()) {
    if (!data_.empty()) event(std::exchange(data_, {}));
    return;
  }
  if (!text.starts_with("data:")) return;
  text.remove_prefix(5);
  if (text.starts_with(' ')) text.remove_prefix(1);
  if (!data_.empty()) data_ += '\n';
  data_ += text;
  if (data_.size() > mostEvent) throw Error(Code::unavailable, "the model's server sent an event without an end");
}

void CompletionStream::event(std::string_view data) {
  if (done_) return;
  if (data == "[DONE]") {
    done_ = true;
    return;
  }
  boost::system::error_code broken;
  json::value root = json::parse(data, broken);
  if (broken || !root.is_object()) noCompletion(data);
  if (const json::value* fault = memberOf(root, "error"); fault && !fault->is_null()) {
    std::string message = textOf(*fault, "message");
    throw error(Code::unavailable, "the model's server failed: {}", message.empty() ? writeJson(*fault) : message);
  }
  any_ = true;
  if (std::string model = textOf(root, "model"); !model.empty()) answer_.model = std::move(model);
  readUsage(answer_, root);
  const json::value* choices = memberOf(root, "choices");
  if (!choices || !choices->is_array() || choices->get_array().empty()) return;
  if (const json::value& first = choices->get_array()[0]; first.is_object()) choice(first.get_object());
}

void CompletionStream::choice(const json::object& choice) {
  json::value whole(choice);
  if (std::string reason = textOf(whole, "finish_reason"); !reason.empty()) answer_.finishReason = std::move(reason);
  const json::value* delta = choice.if_contains("delta");
  if (!delta) return;
  grow(answer_.text, textOf(*delta, "content"));
  if (const json::value* calls = memberOf(*delta, "tool_calls"); calls && calls->is_array())
    toolCalls(calls->get_array());
}

void CompletionStream::toolCalls(const json::array& pieces) {
  for (const json::value& piece : pieces) {
    const json::value* index = memberOf(piece, "index");
    std::size_t at = index && index->is_int64() && index->get_int64() >= 0
                         ? static_cast<std::size_t>(index->get_int64())
                         : calls_.size();
    if (at >= mostCalls) throw Error(Code::unavailable, "the model's server sent too many tool calls");
    if (at >= calls_.size()) calls_.resize(at + 1);
    ToolCall& call = calls_[at];
    grow(call.id, textOf(piece, "id"));
    if (const json::value* function = memberOf(piece, "function")) {
      grow(call.name, textOf(*function, "name"));
      grow(call.arguments, textOf(*function, "arguments"));
    }
  }
}

void CompletionStream::grow(std::string& text, std::string_view piece) {
  size_ += piece.size();
  if (size_ > mostBytes) throw error(Code::unavailable, "the model's answer is larger than {} bytes", mostBytes);
  text += piece;
}

ModelAnswer CompletionStream::finish() {
  if (!buffer_.empty()) line(std::exchange(buffer_, {}));
  if (!data_.empty()) event(std::exchange(data_, {}));
  if (!any_ || (!done_ && answer_.finishReason.empty()))
    throw Error(Code::unavailable, "the model's answer ended in the middle");
  json::array calls;
  for (const ToolCall& call : calls_) calls.push_back(callJson(call.id, call.name, call.arguments));
  addCalls(answer_, calls);
  return std::move(answer_);
}

}  // namespace regesta::cli
