#include "cli/dataset.h"

#include "cli/model/local_prompt.h"
#include "cli/version_create.h"

namespace regesta::cli {
namespace {

/// The outputs of a .dvc file, as files of a version. DVC has pushed them: the server knows them by their MD5.
json::array filesOfDvc(const std::string& file) {
  json::value value = readYamlFile(file);
  const json::value* outs = value.is_object() ? value.get_object().if_contains("outs") : nullptr;
  json::array files;
  if (outs && outs->is_array())
    for (const json::value& out : outs->get_array()) {
      if (!out.is_object()) continue;
      std::string md5 = memberText(out.get_object(), "md5"), path = memberText(out.get_object(), "path");
      if (!md5.empty() && !path.empty()) files.push_back(json::object{{"path", path}, {"digest", "md5:" + md5}});
    }
  if (files.empty()) throw error(Code::invalid, "{} has no 'outs' with 'md5' and 'path'; run `dvc add` first", file);
  return files;
}

int add(Session& session) {
  Reference ref = session.reference("NAME", "dataset");
  return createVersion(session, ref, {{"files", filesOfDvc(session.args.text("dvc"))}});
}

}  // namespace

Commands datasetCommands() {
  return {{.path = "dataset add",
           .summary = "register what DVC pushed as a version of a dataset",
           .operands = {{"NAME", "the dataset's name"}},
           .options = {{"dvc", "FILE", "the .dvc file; run `dvc push` first", 0, true},
                       {"semver", "X.Y.Z", "its SemVer"},
                       {"description", "TEXT", "description", 'm'},
                       {"tag", "KEY=VALUE", "a tag", 't', false, true}},
           .examples = {"regesta dataset add loans --dvc loans.csv.dvc --semver 1.0.0"},
           .run = add}};
}

}  // namespace regesta::cli
