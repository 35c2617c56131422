#include "connect/teams/teams.h"

#include <algorithm>

#include "base/text.h"

namespace regesta::connect::teams {
namespace {

json::object textBlock(std::string_view text, bool heading) {
  // Untrusted text: Teams reads Markdown in a TextBlock, a TextRun is plain.
  json::object run{{"type", "TextRun"}, {"text", shorten(text, 500)}};
  if (heading) {
    run["size"] = "large";
    run["weight"] = "bolder";
  }
  return {{"type", "RichTextBlock"}, {"inlines", json::array{std::move(run)}}};
}

std::string urlOf(const Draft& draft) {
  for (const Block& block : draft.body)
    if (block.kind == Block::Kind::link) return block.url;
  return {};
}

}  // namespace

Teams::Teams(const Connection& connection, const Secrets& secrets, const http::Egress& egress)
    : path_(secrets.token.substr(std::min(connection.url.size(), secrets.token.size()))),
      call_(egress, "Teams", connection.url, "") {}

Ticket Teams::create(const Draft& draft) {
  std::string url = urlOf(draft);
  json::object card{
      {"type", "AdaptiveCard"},
      {"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
      {"version", "1.4"},
      {"body", json::array{textBlock(draft.title, true), textBlock("A change waits for a review in Regesta.", false)}},
      {"actions", json::array{json::object{{"type", "Action.OpenUrl"}, {"title", "Review in Regesta"}, {"url", url}}}}};
  call_.send(
      "POST", path_,
      json::object{{"type", "message"},
                   {"attachments", json::array{json::object{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                                            {"contentUrl", nullptr},
                                                            {"content", std::move(card)}}}}});
  return {draft.label, "message in Teams", url};
}

}  // namespace regesta::connect::teams
