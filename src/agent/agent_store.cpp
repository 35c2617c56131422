#include "agent/agent_store.h"

#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/limits_delivery.h"
#include "base/log.h"
#include "base/sync.h"
#include "crypto/hash.h"

namespace regesta::agent {
namespace {

constexpr std::string_view extension = ".json";

}  // namespace

Kept::Kept(delivery::Snapshot given) : snapshot(std::move(given)) {
  if (snapshot.rollout) chooser = std::make_unique<const rollout::Chooser>(*snapshot.rollout);
}

struct AgentStore::State {
  struct Entry {
    std::shared_ptr<const Kept> kept;
    std::string digest;  ///< of the text on disk
  };
  using Key = std::pair<std::string, std::string>;
  std::string folder;
  mutable Sync<std::map<Key, Entry>> entries;

  /// Names may be longer than a file's and hold anything: the digest of both names the file.
  std::string path(const Key& key) const {
    return fmt::format("{}/{}{}", folder, crypto::sha256Hex(key.first + '\0' + key.second).substr(0, 40), extension);
  }
  void load(const std::string& file) {
    try {
      std::optional<std::string> text = file::readFile(file, limits::agentSnapshot);
      if (!text) return;
      auto kept = std::make_shared<const Kept>(delivery::readSnapshot(*text));
      Key key{kept->snapshot.prompt, kept->snapshot.selector};
      (*entries.lock())[key] = {std::move(kept), crypto::sha256Hex(*text)};
    } catch (const Error& error) {
      log(LogLevel::warn, "a stored prompt cannot be read and was deleted", {{"file", file}, {"error", error.message}});
      file::removeFile(file);
    }
  }
};

AgentStore::AgentStore(std::string folder) : state_(std::make_shared<State>()) {
  state_->folder = std::move(folder);
  file::makeFolders(state_->folder);
  for (const auto& entry : std::filesystem::directory_iterator(state_->folder)) {
    std::string name = entry.path().filename().string();
    if (file::isTemporary(name))
      file::removeFile(entry.path().string());
    else if (name.ends_with(extension))
      state_->load(entry.path().string());
  }
}

std::shared_ptr<const Kept> AgentStore::find(std::string_view prompt, std::string_view selector) const {
  auto entries = state_->entries.lock();
  auto found = entries->find({std::string(prompt), std::string(selector)});
  return found == entries->end() ? nullptr : found->second.kept;
}

std::shared_ptr<const Kept> AgentStore::put(std::string_view text) {
  auto kept = std::make_shared<const Kept>(delivery::readSnapshot(text));
  State::Key key{kept->snapshot.prompt, kept->snapshot.selector};
  std::string digest = crypto::sha256Hex(text);
  {
    auto entries = state_->entries.lock();
    auto found = entries->find(key);
    if (found != entries->end() && found->second.digest == digest) return found->second.kept;
    if (found == entries->end() && entries->size() >= limits::agentSnapshots) return kept;
    (*entries)[key] = {kept, digest};
  }
  try {
    file::replaceFiles({{state_->path(key), std::string(text)}});
  } catch (const Error& error) {  // it still serves, from memory
    log(LogLevel::warn, "a prompt could not be stored on disk", {{"prompt", key.first}, {"error", error.message}});
  }
  return kept;
}

void AgentStore::drop(std::string_view prompt, std::string_view selector) {
  State::Key key{std::string(prompt), std::string(selector)};
  state_->entries.lock()->erase(key);
  if (file::removeFile(state_->path(key))) file::syncFolder(state_->folder);
}

std::vector<AgentStore::Name> AgentStore::names() const {
  std::vector<Name> names;
  auto entries = state_->entries.lock();
  for (const auto& [key, entry] : *entries) names.push_back({key.first, key.second, entry.kept->snapshot.fixed});
  return names;
}

}  // namespace regesta::agent
