#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/import/importer.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

/// Where MLflow keeps artifacts next to an SQLite file unless told otherwise.
std::vector<std::string> defaultRoots(const std::string& url) {
  std::vector<std::string> roots;
  if (url.find("://") != std::string::npos && !url.starts_with("sqlite:")) return roots;
  fs::path folder = fs::absolute(sqliteFile(url)).parent_path();
  for (const char* name : {"mlruns", "mlartifacts"})
    if (fs::is_directory(folder / name)) roots.push_back((folder / name).string());
  return roots;
}

void writeReport(const std::string& file, const ImportReport& report) {
  std::ofstream out(file, std::ios::binary);
  out << writeJson(report.toJson()) << '\n';
  out.close();
  if (!out) throw error(Code::unavailable, "the report {} cannot be written", file);
}

int finish(Session& session, const ImportReport& report) {
  if (auto file = session.args.maybe("report")) writeReport(*file, report);
  if (session.json())
    printJson(report.toJson());
  else
    report.print();
  return report.failed() ? Exit::unverified : Exit::done;
}

int importLangfuse(Session& session) {
  std::unique_ptr<Source> source = openLangfuse(session.args.text("from"));
  std::string name = session.args.maybe("name").value_or("");
  if (name.empty()) name = source->identity();
  return finish(session, Importer(session.api(), *source, ArtifactRoots({}), name).run());
}

int importMlflow(Session& session) {
  const std::string& from = session.args.text("from");
  std::vector<std::string> named = session.args.all("artifacts");
  ArtifactRoots roots(named.empty() ? defaultRoots(from) : named);
  std::string workspace = session.args.maybe("from-workspace").value_or("default");
  std::unique_ptr<Source> source = openSource(from, workspace, session.args.flag("any-schema"));
  std::string name = session.args.maybe("name").value_or("");
  if (name.empty()) name = source->identity() + (workspace == "default" ? "" : "-" + workspace);
  return finish(session, Importer(session.api(), *source, roots, name).run());
}

}  // namespace

Commands importCommands() {
  return {{.path = "import mlflow",
           .summary = "import everything from an MLflow server",
           .options = {{"from", "URL", "MLflow's database, sqlite:///FILE or postgresql://…, or the URL of its server",
                        0, true},
                       {"artifacts", "DIR",
                        "folder with the artifacts; default: mlruns and mlartifacts next to the "
                        "SQLite file",
                        0, false, true},
                       {"name", "NAME", "name of the source in the ledger; default: computed from the source"},
                       {"from-workspace", "NAME", "workspace of MLflow to import; default: default"},
                       {"any-schema", "", "import the known tables of a database of a newer MLflow"},
                       {"report", "FILE", "write the report as JSON"}},
           .examples = {"regesta import mlflow --from sqlite:///mlflow.db",
                        "regesta import mlflow --from postgresql://mlflow@db/mlflow --artifacts /srv/mlartifacts"},
           .run = importMlflow,
           .more = "Ids, times, history and versions are kept. Running it again imports what is new, also after an "
                   "interrupted import. Exits with 5 if something was refused or differs from the source."},
          {.path = "import langfuse",
           .summary = "import prompts, traces and scores from a Langfuse server",
           .options = {{"from", "URL", "of the Langfuse server", 0, true},
                       {"name", "NAME", "name of the source in the ledger; default: computed from the source"},
                       {"report", "FILE", "write the report as JSON"}},
           .examples = {"regesta import langfuse --from https://cloud.langfuse.com"},
           .run = importLangfuse,
           .more = "Reads the project of LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY. Versions, labels, ids and times "
                   "are kept. Running it again imports what is new. Exits with 5 if something was refused or differs "
                   "from the source."}};
}

}  // namespace regesta::cli
