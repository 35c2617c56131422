#include "api/hf/front.h"

#include "api/hf/card.h"
#include "api/hf/commit.h"
#include "api/hf/info.h"
#include "api/hf/lfs.h"
#include "api/hf/refs.h"
#include "api/hf/repos.h"
#include "api/hf/resolve.h"
#include "api/hf/tree.h"
#include "api/hf/xet.h"

namespace regesta::api::hf {
namespace {

using access::Verb;

constexpr std::size_t commitLimit = 2048UL * 1024 * 1024;  // a client sends small files of up to 100 MB in a commit
constexpr std::string_view repositories = "repositories of this name";

template <Verb verb, RepoAnswer answer>
std::shared_ptr<http::StreamHandler> makeRepo(Core& core) {
  return std::make_shared<RepoRoute>(core, verb, answer);
}
template <PlainAnswer answer>
std::shared_ptr<http::StreamHandler> makePlain(Core& core) {
  return std::make_shared<PlainRoute>(core, answer);
}

template <Verb verb, RepoAnswer answer>
StreamRoute repoRoute(std::string_view method, std::string_view pattern, std::string_view summary) {
  return {.method = method,
          .pattern = pattern,
          .summary = summary,
          .access = verb == Verb::read ? reads(repositories) : writes(repositories),
          .make = makeRepo<verb, answer>,
          .bodyLimit = method == "GET" ? 1 : jsonLimit,
          .door = repoDoor<verb>};
}

template <PlainAnswer answer>
StreamRoute plainRoute(std::string_view method, std::string_view pattern, std::string_view summary) {
  bool read = method == "GET";
  return {.method = method,
          .pattern = pattern,
          .summary = summary,
          .access = read ? reads(repositories) : writes(repositories),
          .make = makePlain<answer>,
          .bodyLimit = read ? 1 : jsonLimit,
          .door = signedInDoor};
}

StreamRoute resolveRoute(std::string_view pattern, std::string_view summary) {
  return {.method = "GET",
          .pattern = pattern,
          .summary = summary,
          .access = reads(repositories),
          .make = makeStream<resolveFile>,
          .door = repoDoor<Verb::read>};
}

/// Git LFS below models and datasets. A batch asks for reading; for an upload it asks for writing, too.
template <bool dataset>
std::vector<StreamRoute> lfsRoutes() {
  struct Texts {
    std::string_view batch, verify, object;
    std::string_view start, check, upload, download;
  };
  constexpr Texts texts = dataset ? Texts{"/hf/datasets/{workspace}/{repo}.git/info/lfs/objects/batch",
                                          "/hf/datasets/{workspace}/{repo}.git/info/lfs/objects/verify",
                                          "/hf/datasets/{workspace}/{repo}.git/info/lfs/objects/{oid}",
                                          "Start a transfer of LFS objects of a dataset repository",
                                          "Verify an uploaded LFS object of a dataset repository",
                                          "Upload an LFS object to a dataset repository",
                                          "Download an LFS object of a dataset repository"}
                                  : Texts{"/hf/{workspace}/{repo}.git/info/lfs/objects/batch",
                                          "/hf/{workspace}/{repo}.git/info/lfs/objects/verify",
                                          "/hf/{workspace}/{repo}.git/info/lfs/objects/{oid}",
                                          "Start a transfer of LFS objects of a model repository",
                                          "Verify an uploaded LFS object of a model repository",
                                          "Upload an LFS object to a model repository",
                                          "Download an LFS object of a model repository"};
  return {repoRoute<Verb::read, lfsBatchOfRepo>("POST", texts.batch, texts.start),
          repoRoute<Verb::write, lfsVerifyOfRepo>("POST", texts.verify, texts.check),
          {.method = "PUT",
           .pattern = texts.object,
           .summary = texts.upload,
           .access = writes("repositories of this name, or by a link that was given to a writer"),
           .make = makeStream<uploadLfsOfRepo>,
           .bodyLimit = uploadLimit,
           .door = uploadDoor},
          {.method = "GET",
           .pattern = texts.object,
           .summary = texts.download,
           .access = reads(repositories),
           .make = makeStream<downloadLfsOfRepo>,
           .door = repoDoor<Verb::read>}};
}

std::vector<StreamRoute> hubRoutes() {
  constexpr auto read = Verb::read, write = Verb::write;
  return {
      plainRoute<createRepo>("POST", "/hf/api/repos/create", "Create a repository"),
      plainRoute<deleteRepo>("DELETE", "/hf/api/repos/delete", "Delete a repository"),
      plainRoute<moveRepo>("POST", "/hf/api/repos/move", "Rename a repository"),
      plainRoute<listRepos>("GET", "/hf/api/{type}", "List repositories"),

      repoRoute<read, repoInfo>("GET", "/hf/api/{type}/{workspace}/{repo}", "Get a repository"),
      repoRoute<read, repoInfo>("GET", "/hf/api/{type}/{workspace}/{repo}/revision/{revision}",
                                "Get a repository at a revision"),
      repoRoute<write, changeSettings>("PUT", "/hf/api/{type}/{workspace}/{repo}/settings",
                                       "Update the settings of a repository"),
      repoRoute<read, authCheck>("GET", "/hf/api/{type}/{workspace}/{repo}/auth-check", "Check access to a repository"),
      repoRoute<read, listTree>("GET", "/hf/api/{type}/{workspace}/{repo}/tree/{revision}",
                                "List the files of a revision"),
      repoRoute<read, listTree>("GET", "/hf/api/{type}/{workspace}/{repo}/tree/{revision}/{path...}",
                                "List the files of a folder"),
      repoRoute<read, pathsInfo>("POST", "/hf/api/{type}/{workspace}/{repo}/paths-info/{revision}",
                                 "Get files by their paths"),
      repoRoute<read, listRefs>("GET", "/hf/api/{type}/{workspace}/{repo}/refs", "List branches and tags"),
      repoRoute<read, listCommits>("GET", "/hf/api/{type}/{workspace}/{repo}/commits/{revision}", "List commits"),
      repoRoute<write, createBranch>("POST", "/hf/api/{type}/{workspace}/{repo}/branch/{name}", "Create a branch"),
      repoRoute<write, deleteBranch>("DELETE", "/hf/api/{type}/{workspace}/{repo}/branch/{name}", "Delete a branch"),
      repoRoute<write, createTag>("POST", "/hf/api/{type}/{workspace}/{repo}/tag/{name}", "Create a tag"),
      repoRoute<write, deleteTag>("DELETE", "/hf/api/{type}/{workspace}/{repo}/tag/{name}", "Delete a tag"),
      repoRoute<write, preupload>("POST", "/hf/api/{type}/{workspace}/{repo}/preupload/{revision}",
                                  "Check how files are to be uploaded"),
      repoRoute<read, xetReadToken>("GET", "/hf/api/{type}/{workspace}/{repo}/xet-read-token/{revision}",
                                    "Get a token to read content by Xet"),
      repoRoute<write, xetWriteToken>("GET", "/hf/api/{type}/{workspace}/{repo}/xet-write-token/{revision}",
                                      "Get a token to store content by Xet"),
      {.method = "POST",
       .pattern = "/hf/api/{type}/{workspace}/{repo}/commit/{revision}",
       .summary = "Add a commit to a branch",
       .access = writes(repositories),
       .make = makeStream<postCommit>,
       .bodyLimit = commitLimit,
       .door = repoDoor<write>},

      resolveRoute("/hf/{workspace}/{repo}/resolve/{revision}/{path...}", "Download a file of a model repository"),
      resolveRoute("/hf/datasets/{workspace}/{repo}/resolve/{revision}/{path...}",
                   "Download a file of a dataset repository"),

      // Clients write names without a namespace as they are.
      repoRoute<read, repoInfo>("GET", "/hf/api/{type}/{repo}", "Get a repository of the default workspace"),
      repoRoute<read, repoInfo>("GET", "/hf/api/{type}/{repo}/revision/{revision}",
                                "Get a repository of the default workspace at a revision"),
      repoRoute<read, listTree>("GET", "/hf/api/{type}/{repo}/tree/{revision}",
                                "List the files of a revision in the default workspace"),
      resolveRoute("/hf/{repo}/resolve/{revision}/{path...}", "Download a file of a model of the default workspace"),
      resolveRoute("/hf/datasets/{repo}/resolve/{revision}/{path...}",
                   "Download a file of a dataset of the default workspace"),
  };
}

}  // namespace

Front front() {
  static const std::vector<StreamRoute> streams = [] {
    std::vector<StreamRoute> all = hubRoutes();
    for (const auto& more : {lfsRoutes<false>(), lfsRoutes<true>()}) all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  static constexpr std::string_view below[] = {"/hf/"};
  static const Route routes[] = {
      get("/hf/api/whoami-v2", "Get the caller as Hub clients expect it", waiting(signedIn()), whoami),
      post("/hf/api/validate-yaml", "Check the metadata of a README.md", signedIn(), validateYaml),
  };
  return {.dialect = dialect(), .routes = routes, .prefixes = below, .streams = streams};
}

}  // namespace regesta::api::hf
