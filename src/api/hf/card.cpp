#include "api/hf/card.h"

#include "prompt/file/front_matter.h"

namespace regesta::api::hf {
namespace {

constexpr std::string_view readmeName = "README.md";
constexpr std::size_t readmeLength = 1024 * 1024;  // a longer one has no metadata

void addTags(const json::object& card, std::string_view member, std::string_view prefix,
             std::vector<std::string>& tags) {
  const json::value* value = card.if_contains(member);
  if (!value) return;
  auto add = [&](const json::value& item) {
    if (item.is_string()) tags.push_back(std::string(prefix) + std::string(item.get_string()));
  };
  if (value->is_array())
    for (const json::value& item : value->get_array()) add(item);
  else
    add(*value);
}

}  // namespace

Card readCard(std::string_view readme) {
  Card card;
  try {
    prompt::file::FrontMatter matter = prompt::file::readFrontMatter(readmeName, readme);
    if (matter.present) card.data = std::move(matter.members);
  } catch (const Error& fault) {
    card.fault = fault.message;
  }
  return card;
}

Card cardOf(const Call& call, db::Transaction& transaction, const registry::Commit& commit) {
  if (!commit.version) return {};
  std::optional<registry::VersionFile> file = registry::findVersionFile(transaction, *commit.version, readmeName);
  if (!file || file->size > static_cast<std::int64_t>(readmeLength)) return {};
  std::unique_ptr<blob::Reader> reader = call.core.blobs.open(file->digest);
  return reader ? readCard(blob::get(call.core.blobs, file->digest, readmeLength)) : Card{};
}

std::vector<std::string> tagsOf(const json::object& card) {
  std::vector<std::string> tags;
  for (auto [member, prefix] : {std::pair{"library_name", ""},
                                {"pipeline_tag", ""},
                                {"tags", ""},
                                {"language", ""},
                                {"license", "license:"},
                                {"datasets", "dataset:"},
                                {"base_model", "base_model:"}})
    addTags(card, member, prefix, tags);
  return tags;
}

Plain validateYaml(Call&, const ReadmeCheck& request) {
  Card card = readCard(request.content);
  http::Response response;
  JsonWriter writer(response.body);
  writer.object().key("errors").array();
  if (!card.fault.empty()) writer.object().key("message").text(card.fault).end();
  writer.end().key("warnings").array();
  if (card.fault.empty() && card.data.empty())
    writer.object().key("message").text("README.md has no metadata; give at least a license").end();
  writer.end().end();
  if (!card.fault.empty()) response.status = 400;
  return response;
}

}  // namespace regesta::api::hf
