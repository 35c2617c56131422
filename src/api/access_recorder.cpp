#include "api/access_recorder.h"

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/workspace.h"

namespace regesta::api {
namespace {

/// What a request asked for.
struct Asked {
  std::string_view front, action = "read";
  std::string kind, name, selector, path;
  std::int64_t version = 0;  ///< its row, if the request names nothing else
};

class Query {
 public:
  explicit Query(const http::Request& request) : pairs_(http::parseQuery(request.query)) {}
  std::string operator[](std::string_view name) const {
    for (const auto& [key, value] : pairs_)
      if (key == name) return value;
    return {};
  }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

std::string orElse(std::string text, std::string_view fallback) { return text.empty() ? std::string(fallback) : text; }

bool begins(std::string_view pattern, std::string_view with) { return pattern.starts_with(with); }

Asked askedNatively(std::string_view pattern, const http::Request& request) {
  constexpr std::string_view version = "/api/v1/assets/{kind}/{name}/versions/{selector}";
  auto variable = [&](std::string_view name) { return std::string(request.variable(name)); };
  if (begins(pattern, version)) {
    std::string_view rest = pattern.substr(version.size());
    bool download = begins(rest, "/files/") || rest == "/download" || rest == "/pack";
    return {"native",         download ? "download" : "read", variable("kind"),
            variable("name"), variable("selector"),           variable("path")};
  }
  if (pattern == "/api/v1/prompts/{name}/versions/{selector}")
    return {"native", "read", "prompt", variable("name"), variable("selector"), {}};
  if (pattern == "/api/v1/prompts/{name}/resolve")
    return {"native", "read", "prompt", variable("name"), orElse(Query(request)["alias"], "production"), {}};
  if (pattern == "/api/v1/blobs/{digest}") return {"native", "download", {}, "blob/" + variable("digest"), {}, {}};
  return {};
}

Asked askedOfMlflow(std::string_view pattern, const http::Request& request) {
  bool artifact = pattern.ends_with("/model-versions/get-artifact");
  if (artifact || pattern.ends_with("/model-versions/get") || pattern.ends_with("/model-versions/get-download-uri")) {
    Query query(request);
    return {"mlflow", artifact ? "download" : "read", "model", query["name"], query["version"], query["path"]};
  }
  if (pattern.ends_with("/registered-models/alias")) {
    Query query(request);
    return {"mlflow", "read", "model", query["name"], query["alias"], {}};
  }
  if (pattern.find("/mlflow-artifacts/") != std::string_view::npos)
    return {"mlflow", "download", {}, "artifacts/" + std::string(request.variable("path")), {}, {}};
  return {};
}

Asked askedOfHub(std::string_view pattern, const http::Request& request) {
  std::size_t resolve = pattern.find("/resolve/{revision}"), revision = pattern.find("/revision/{revision}");
  if (resolve == std::string_view::npos && revision == std::string_view::npos) return {};
  bool dataset = begins(pattern, "/hf/datasets/") || request.variable("type") == "datasets";
  std::string selector(request.variable("revision"));
  if (selector == "main") selector = "latest";
  return {"hf",
          resolve == std::string_view::npos ? "read" : "download",
          dataset ? "dataset" : "model",
          std::string(request.variable("repo")),
          std::move(selector),
          std::string(request.variable("path"))};
}

/// Fronts whose paths name no version: the path itself is kept.
Asked askedByPath(std::string_view pattern, const http::Request& request) {
  constexpr std::pair<std::string_view, std::string_view> fronts[] = {
      {"/s3/", "s3"}, {"/lfs/", "lfs"}, {"/dvc/", "dvc"}, {"/v2/", "oci"}, {"/hf/", "hf"}, {"/git/", "git"}};
  for (const auto& [prefix, front] : fronts)
    if (begins(pattern, prefix)) return {front, "download", {}, request.rawPath.substr(1), {}, {}};
  return {};
}

/// W&B's addresses name the row of a version: as a number, or in the id that its clients have.
Asked askedOfWandb(std::string_view pattern, const http::Request& request) {
  std::string_view named = request.variable("version");
  std::optional<std::string> id;
  if (pattern.starts_with("/artifactsV2/")) id = base64Decode(request.variable("artifact"));
  constexpr std::string_view prefix = "Artifact:";
  if (id && id->starts_with(prefix)) named = std::string_view(*id).substr(prefix.size());
  Asked asked{"wandb", pattern.starts_with("/files/manifest/") ? "read" : "download", {}, {}, {}, {}};
  asked.path = request.variable(pattern.starts_with("/artifactsV2/") ? "name" : "path");
  asked.version = parseInteger(named).value_or(0);
  asked.name = request.rawPath.substr(1);
  return asked;
}

Asked askedFor(const http::AccessEntry& entry, const http::Request& request) {
  std::string_view pattern = entry.pattern;
  if (begins(pattern, "/ofrep/v1/evaluate/flags/"))
    return {"ofrep", "read", "prompt", std::string(request.variable("key")), "production", {}};
  if (entry.method == "POST" && pattern == "/hf/cas/{workspace}/v1/reconstructions")
    return askedByPath(pattern, request);
  if (entry.method != "GET") return {};
  if (begins(pattern, "/artifactsV2/") || begins(pattern, "/files/artifact/") || begins(pattern, "/files/manifest/"))
    return askedOfWandb(pattern, request);
  if (begins(pattern, "/api/v1/")) return askedNatively(pattern, request);
  if (begins(pattern, "/api/public/v2/prompts/{name")) {
    Query query(request);
    std::string version = query["version"];
    return {"langfuse",
            "read",
            "prompt",
            std::string(request.variable("name")),
            version.empty() ? orElse(query["label"], "production") : version,
            {}};
  }
  if (begins(pattern, "/dvc/{workspace}/files/{kind}/{name}/{number}/"))
    return {"dvc",
            "download",
            std::string(request.variable("kind")),
            std::string(request.variable("name")),
            std::string(request.variable("number")),
            std::string(request.variable("path"))};
  if (begins(pattern, "/hf/"))
    if (Asked asked = askedOfHub(pattern, request); !asked.front.empty()) return asked;
  if (begins(pattern, "/api/2.0/mlflow") || begins(pattern, "/ajax-api/2.0/mlflow") ||
      begins(pattern, "/model-versions/"))
    return askedOfMlflow(pattern, request);
  return askedByPath(pattern, request);
}

std::string workspaceOf(const http::Request& request) {
  for (std::string_view name : {"workspace", "bucket"})
    if (std::string_view value = request.variable(name); !value.empty()) return std::string(value);
  for (std::string_view name : {"X-Regesta-Workspace", "X-MLFLOW-WORKSPACE"})
    if (auto value = request.headers.get(name); value && !value->empty()) return std::string(*value);
  return std::string(registry::defaultWorkspace);
}

bool isServed(int status) { return status == 200 || status == 206 || status == 302 || status == 307; }

}  // namespace

void noteAccess(registry::AccessLogger& logger, const http::AccessEntry& entry, const http::Request& request) noexcept {
  try {
    if (!isServed(entry.status) || !logger.isOn()) return;
    Asked asked = askedFor(entry, request);
    if (asked.front.empty() || asked.name.empty()) return;
    registry::AccessEntry noted;
    noted.workspace = workspaceOf(request);
    if (asked.version == 0 && !logger.wants(noted.workspace)) return;
    noted.at = nowMillis();
    noted.actor = entry.actor;
    noted.front = asked.front;
    noted.action = asked.action;
    noted.path = asked.path;
    noted.bytes = static_cast<std::int64_t>(entry.bytes);
    if (asked.version != 0) {
      noted.name = asked.name;
      return logger.noteRow(std::move(noted), asked.version);
    }
    noted.name = asked.kind.empty() ? asked.name : fmt::format("{}/{}@{}", asked.kind, asked.name, asked.selector);
    logger.note(std::move(noted), std::move(asked.kind), std::move(asked.name), std::move(asked.selector));
  } catch (...) {
    // Losing an entry must not fail the request.
  }
}

}  // namespace regesta::api
