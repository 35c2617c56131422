#include "base/error.h"
#include "base/redact.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/import/http_source.h"
#include "cli/import/sql_source.h"

namespace regesta::cli {
namespace {

/// MLflow's clients write postgresql+psycopg2://…; libpq knows no drivers.
std::string withoutDriver(const std::string& url) {
  std::size_t colon = url.find("://"), plus = url.find('+');
  return plus < colon ? url.substr(0, plus) + url.substr(colon) : url;
}

}  // namespace

std::vector<std::pair<std::string, std::uint64_t>> Source::artifacts(const std::string&, const SourceItem&) {
  return {};
}

std::vector<json::object> Source::scores(std::size_t) { return {}; }

void Source::download(const std::string&, const SourceItem&, const std::string& path, const std::string&) {
  throw error(Code::notFound, "the source does not hand out {}", path);
}

std::unique_ptr<Source> openSqlSource(const std::string& url, const std::string& workspace, bool anySchema) {
  if (url.starts_with("postgres")) {
    std::string plain = withoutDriver(url);
    return std::make_unique<SqlSource>(db::openPostgres(plain, 2), redactUrl(plain), workspace, anySchema);
  }
  std::string file = sqliteFile(url);
  return std::make_unique<SqlSource>(db::openSqlite({.path = file, .readOnly = true}), "sqlite:///" + file, workspace,
                                     anySchema);
}

std::string sqliteFile(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:///";
  return url.starts_with(scheme) ? url.substr(scheme.size()) : url;
}

std::unique_ptr<Source> openSource(const std::string& url, const std::string& workspace, bool anySchema) {
  if (url.starts_with("mysql") || url.starts_with("mssql"))
    throw UsageError(
        "--from does not read MySQL and SQL Server databases: give the URL of the MLflow server that uses the "
        "database, "
        "for example --from http://127.0.0.1:5000");
  if (url.starts_with("http://") || url.starts_with("https://")) return std::make_unique<HttpSource>(url);
  std::size_t colon = url.find("://");
  if (colon != std::string::npos && !url.starts_with("sqlite:") && !url.starts_with("postgres"))
    throw UsageError(
        fmt::format("--from must be sqlite:///FILE, postgresql://… or http(s)://…, not {}://…", url.substr(0, colon)));
  return openSqlSource(url, workspace, anySchema);
}

}  // namespace regesta::cli
