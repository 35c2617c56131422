#include "cli/credentials.h"

#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"

namespace regesta::cli {
namespace {

constexpr std::string_view defaultUrl = "http://127.0.0.1:4600";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string firstOf(std::initializer_list<std::string> candidates) {
  for (const std::string& candidate : candidates)
    if (!candidate.empty()) return candidate;
  return {};
}

}  // namespace

std::string Connection::authorization() const {
  if (!token.empty()) return "Bearer " + token;
  if (!user.empty()) return "Basic " + base64Encode(user + ":" + password);
  return {};
}

std::string credentialsFile() {
  std::string folder = environment("XDG_CONFIG_HOME");
  if (folder.empty()) {
    std::string home = environment("HOME");
    if (home.empty())
      throw error(Code::invalidState,
                  "HOME is not set, so there is no place for credentials; use REGESTA_URL and REGESTA_TOKEN");
    folder = home + "/.config";
  }
  return folder + "/regesta/credentials";
}

std::optional<Connection> storedConnection() {
  if (environment("HOME").empty() && environment("XDG_CONFIG_HOME").empty()) return std::nullopt;
  auto text = file::readFile(credentialsFile(), 64 * 1024);
  if (!text) return std::nullopt;
  json::value value;
  try {
    value = parseJson(*text);
  } catch (const Error& fault) {
    throw error(Code::corrupt, "{} cannot be read ({}); run `regesta login` to replace it", credentialsFile(),
                fault.message);
  }
  if (!value.is_object())
    throw error(Code::corrupt, "{} is not a credentials file; run `regesta login` to replace it", credentialsFile());
  const json::object& object = value.get_object();
  Connection connection;
  connection.url = memberText(object, "url");
  connection.token = memberText(object, "token");
  connection.user = memberText(object, "user");
  connection.password = memberText(object, "password");
  return connection;
}

void storeConnection(const Connection& connection) {
  json::object object = {{"url", connection.url}};
  if (!connection.token.empty()) object["token"] = connection.token;
  if (!connection.user.empty()) object["user"] = connection.user;
  if (!connection.password.empty()) object["password"] = connection.password;
  std::string target = credentialsFile();
  file::makeFolders(std::filesystem::path(target).parent_path());
  std::string unfinished = fmt::format("{}.{}", target, randomHex(4));
  file::Handle handle = file::createFile(unfinished);
  if (fchmod(handle.get(), 0600) != 0)  // before the secret is in it
    throw error(Code::unavailable, "the access rights of {} cannot be set", unfinished);
  file::writeAll(handle, unfinished, json::serialize(object) + "\n");
  file::syncFile(handle, unfinished);
  file::renameFile(unfinished, target);
  file::settle(target);
}

bool forgetConnection() {
  std::string file = credentialsFile();
  if (!file::removeFile(file)) return false;
  file::settle(file);
  return true;
}

Connection effectiveConnection(const std::string& urlFlag, const std::string& workspaceFlag) {
  Connection stored = storedConnection().value_or(Connection{});
  Connection connection;
  connection.url = withoutSlash(firstOf({urlFlag, environment("REGESTA_URL"), stored.url, std::string(defaultUrl)}));
  connection.workspace = firstOf({workspaceFlag, environment("REGESTA_WORKSPACE")});
  connection.caFile = environment("REGESTA_CA_FILE");
  connection.token = environment("REGESTA_TOKEN");
  if (connection.token.empty()) {
    connection.user = environment("REGESTA_USER");
    connection.password = environment("REGESTA_PASSWORD");
  }
  if (connection.authorization().empty() && connection.url == withoutSlash(stored.url)) {
    connection.token = stored.token;
    connection.user = stored.user;
    connection.password = stored.password;
  }
  if (!connection.url.starts_with("http://") && !connection.url.starts_with("https://"))
    throw error(Code::invalid, "the server's URL must start with http:// or https://, not \"{}\"", connection.url);
  return connection;
}

}  // namespace regesta::cli
