#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/pointer_move.h"
#include "cli/prompt_files.h"
#include "prompt/import.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;
using prompt::PromptFile;

/// Only files below the configuration's own folder.
std::optional<std::string> readBeside(const fs::path& folder, const std::string& path) {
  fs::path whole = fs::weakly_canonical(folder / path), root = fs::weakly_canonical(folder);
  std::string inside = fs::relative(whole, root).generic_string();
  if (inside.starts_with("..") || !fs::is_regular_file(whole)) return std::nullopt;
  return readInput(whole.string());
}

std::vector<PromptFile> readExport(const Session& session, const std::string& source, const std::string& path) {
  if (source == "folder") {
    std::vector<PromptFile> files;
    for (LocalPrompt& local : readPromptFiles({path})) files.push_back(std::move(local.file));
    return files;
  }
  std::string bytes = readInput(path);
  if (source == "langfuse") return prompt::importLangfuse(bytes);
  if (source == "promptlayer") return prompt::importPromptLayer(bytes);
  if (source == "openai") return prompt::importOpenAi(bytes, session.args.text("name"));
  if (source == "promptfoo") {
    fs::path folder = path == "-" ? fs::path(".") : fs::absolute(path).parent_path();
    return prompt::importPromptfoo(path, bytes, [&](const std::string& other) { return readBeside(folder, other); });
  }
  throw UsageError(
      fmt::format("SOURCE {} is unknown; there are langfuse, promptlayer, openai, promptfoo and folder", source));
}

/// Where code asks for OpenAI's reusable prompts, so that one knows what to move.
int scan(Session& session, const std::string& folder) {
  json::array items;
  auto look = [&](const fs::path& path) {
    std::error_code failed;
    if (fs::file_size(path, failed) > 4 * 1024 * 1024 || failed) return;
    for (const prompt::PromptId& found : prompt::promptIdsIn(readInput(path.string()))) {
      if (!session.json()) fmt::print("{}:{}: {}\n", path.string(), found.line, found.id);
      items.push_back(json::object{{"file", path.string()}, {"line", found.line}, {"id", found.id}});
    }
  };
  if (fs::is_regular_file(folder)) {
    look(folder);
  } else {
    fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied);
    for (auto at = fs::begin(walk); at != fs::end(walk); ++at) {
      std::string name = at->path().filename().string();
      if (at->is_directory() && (name.starts_with('.') || name == "node_modules")) at.disable_recursion_pending();
      if (at->is_regular_file()) look(at->path());
    }
  }
  if (session.json()) printJson(json::object{{"items", items}});
  return Exit::done;
}

/// Existing aliases stay where they are unless asked: an import must not move what is in production.
void moveAliases(Session& session, const PromptFile& file, const json::object& made) {
  if (!session.args.flag("aliases")) return;
  Reference ref{"prompt", file.name, "", ""};
  for (const std::string& alias : file.aliases) {
    json::object outcome = moveAlias(session, ref, alias, member(made, "version"));
    if (!session.json()) fmt::print("{}\n", moveText(ref, alias, outcome));
  }
}

int import(Session& session) {
  std::string source = session.args.text("SOURCE"), path = session.args.text("FILE");
  if (session.args.flag("scan")) return scan(session, path);
  std::size_t stored = 0, unchanged = 0, failed = 0;
  json::array items;
  for (const PromptFile& file : readExport(session, source, path)) {
    if (session.args.has("dir")) {
      fs::path target = fs::path(session.args.text("dir")) / prompt::promptFilePath(file.name, file.semver);
      fs::create_directories(target.parent_path());
      std::ofstream out(target, std::ios::binary | std::ios::trunc);
      out << prompt::writePromptFile(file);
      if (!out.flush()) throw error(Code::invalid, "cannot write {}", target.string());
      if (!session.json()) fmt::print("{}\n", target.string());
      ++stored;
      continue;
    }
    try {
      json::object body = promptBody(file);
      body["unless_known"] = true;
      json::object made = session.api().post(route({"prompts", file.name, "versions"}), body).as_object();
      bool fresh = member(made, "created") == "true";
      ++(fresh ? stored : unchanged);
      if (!session.json())
        fmt::print("{} prompt/{}@{} ({})\n", fresh ? "stored" : "unchanged", file.name, member(made, "version"),
                   member(made, "semver"));
      items.push_back(json::object{{"name", file.name}, {"version", made.at("version")}, {"created", fresh}});
      moveAliases(session, file, made);
    } catch (const Error& fault) {
      if (fault.code == Code::unavailable || fault.code == Code::unauthenticated) throw;
      ++failed;
      if (!session.json()) fmt::print(stderr, "prompt/{}: {}\n", file.name, printable(fault.message));
      items.push_back(json::object{{"name", file.name}, {"error", fault.message}});
    }
  }
  session.said(
      json::object{{"items", std::move(items)}, {"stored", stored}, {"unchanged", unchanged}, {"failed", failed}},
      fmt::format("{} stored, {} unchanged, {} failed", stored, unchanged, failed));
  return failed == 0 ? Exit::done : Exit::failed;
}

}  // namespace

Commands promptImportCommands() {
  return {{.path = "prompt import",
           .summary = "import prompts from another product's export",
           .operands = {{"SOURCE", "langfuse, promptlayer, openai, promptfoo or folder"},
                        {"FILE", "the export, - for stdin; a folder for folder and --scan"}},
           .options = {{"name", "NAME", "openai: the name of a prompt without one"},
                       {"aliases", "", "also move the aliases of the export"},
                       {"dir", "DIR", "write files instead of using a server"},
                       {"scan", "", "openai: list uses of reusable prompts (pmpt_…) in code"}},
           .examples = {"regesta prompt import langfuse prompts.json",
                        "regesta prompt import promptfoo promptfooconfig.yaml",
                        "regesta prompt import openai - --name support", "regesta prompt import openai src --scan"},
           .run = import,
           .more = "Importing the same export again changes nothing."}};
}

}  // namespace regesta::cli
