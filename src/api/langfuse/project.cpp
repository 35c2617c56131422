#include "api/langfuse/project.h"

namespace regesta::api::langfuse {
namespace {

struct Organization {
  std::string id = "regesta", name = "Regesta";
  static constexpr Field fields[] = {field<&Organization::id>("id"), field<&Organization::name>("name")};
};
struct Project {
  std::string id, name;
  Organization organization;
  TextMap metadata;
  static constexpr Field fields[] = {field<&Project::id>("id"), field<&Project::name>("name"),
                                     field<&Project::organization>("organization"),
                                     field<&Project::metadata>("metadata")};
};
struct Projects {
  std::vector<Project> data;
  static constexpr Field fields[] = {field<&Projects::data>("data")};
};
struct Health {
  std::string status = "OK", version;
  static constexpr Field fields[] = {field<&Health::status>("status"), field<&Health::version>("version")};
};

/// The project that these keys belong to.
Projects listProjects(Call& call, const Empty&) {
  return {{{.id = call.workspace, .name = call.workspace, .organization = {}, .metadata = {}}}};
}

Health health(Call& call, const Empty&) {
  call.core.store.read([](db::Transaction& transaction) { transaction.query("SELECT 1").next(); });
  return {.version = call.core.version};
}

const Route routes[] = {
    get("/api/public/projects", "Get the project of the API key", reads("projects"), listProjects),
    get("/api/public/health", "Check that the server is healthy", open(), health),
};

}  // namespace

std::span<const Route> projectRoutes() { return routes; }

}  // namespace regesta::api::langfuse
