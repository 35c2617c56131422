#include "git/objects.h"

#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "base/error.h"
#include "git/libgit2.h"

namespace regesta::git {
namespace {

template <auto Free>
struct Releases {
  void operator()(auto* thing) const { Free(thing); }
};
using Odb = std::unique_ptr<git_odb, Releases<git_odb_free>>;
using Repository = std::unique_ptr<git_repository, Releases<git_repository_free>>;
using Builder = std::unique_ptr<git_packbuilder, Releases<git_packbuilder_free>>;

constexpr ssize_t cacheBytes = 16 * 1024 * 1024;
constexpr int memoryPriority = 999, packPriority = 1;

git_oid raw(const Id& id) {
  git_oid oid;
  std::memcpy(oid.id, id.bytes.data(), id.bytes.size());
  return oid;
}

Id idOf(const git_oid& oid) { return Id::fromRaw({reinterpret_cast<const char*>(oid.id), sizeof oid.id}); }

std::optional<Type> typeOf(git_object_t type) {
  switch (type) {
    case GIT_OBJECT_COMMIT:
      return Type::commit;
    case GIT_OBJECT_TREE:
      return Type::tree;
    case GIT_OBJECT_BLOB:
      return Type::blob;
    case GIT_OBJECT_TAG:
      return Type::tag;
    default:
      return std::nullopt;
  }
}

git_object_t libraryType(Type type) {
  constexpr git_object_t types[] = {GIT_OBJECT_COMMIT, GIT_OBJECT_TREE, GIT_OBJECT_BLOB, GIT_OBJECT_TAG};
  return types[static_cast<int>(type)];
}

void check(int result, const char* what) {
  if (result < 0) throw error(Code::internal, "git: {}: {}", what, lastFault());
}

}  // namespace

Id hashOf(Type type, std::string_view data) {
  startLibrary();
  git_oid oid;
  check(git_odb_hash(&oid, data.data(), data.size(), libraryType(type)), "hash");
  return idOf(oid);
}

void startLibrary() {
  static const bool started = [] {
    REGESTA_INVARIANT(git_libgit2_init() > 0);
    for (int level :
         {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL})
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, cacheBytes);
    return true;
  }();
  (void)started;
}

std::string lastFault() {
  const git_error* fault = git_error_last();
  return fault && fault->message ? fault->message : "unknown fault";
}

struct Objects::Inside {
  Odb odb;
  Repository repository;
  git_odb_backend* memory = nullptr;  // owned by odb
  std::vector<Listed> written;
};

Objects::Objects(const std::vector<std::string>& packs) : inside_(std::make_unique<Inside>()) {
  startLibrary();
  git_odb* odb = nullptr;
  check(git_odb_new(&odb), "object database");
  inside_->odb.reset(odb);
  check(git_mempack_new(&inside_->memory), "memory");
  check(git_odb_add_backend(odb, inside_->memory, memoryPriority), "memory");
  git_repository* repository = nullptr;
  check(git_repository_wrap_odb(&repository, odb), "repository");
  inside_->repository.reset(repository);
  for (const std::string& path : packs) addPack(path);
}

Objects::~Objects() = default;

void Objects::addPack(const std::string& path) {
  REGESTA_INVARIANT(path.ends_with(".pack"));
  std::string index = path.substr(0, path.size() - 5) + ".idx";
  git_odb_backend* backend = nullptr;
  if (git_odb_backend_one_pack(&backend, index.c_str()) < 0)
    throw error(Code::unavailable, "{} cannot be opened: {}", path, lastFault());
  check(git_odb_add_backend(inside_->odb.get(), backend, packPriority), "pack");
}

bool Objects::has(const Id& id) const {
  git_oid oid = raw(id);
  return git_odb_exists_ext(inside_->odb.get(), &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

std::optional<Type> Objects::typeOf(const Id& id) const {
  git_oid oid = raw(id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (!has(id) || git_odb_read_header(&size, &type, inside_->odb.get(), &oid) < 0) return std::nullopt;
  return git::typeOf(type);
}

Object Objects::read(const Id& id) const {
  if (!has(id)) throw error(Code::notFound, "the Git object {} does not exist", id.str());
  git_oid oid = raw(id);
  git_odb_object* found = nullptr;
  if (git_odb_read(&found, inside_->odb.get(), &oid) < 0)
    throw error(Code::corrupt, "the Git object {} cannot be read: {}", id.str(), lastFault());
  std::unique_ptr<git_odb_object, Releases<git_odb_object_free>> held(found);
  auto type = git::typeOf(git_odb_object_type(found));
  if (!type) throw error(Code::corrupt, "the Git object {} has no known type", id.str());
  return {*type, {static_cast<const char*>(git_odb_object_data(found)), git_odb_object_size(found)}};
}

Commit Objects::commit(const Id& id) const {
  Object object = read(id);
  if (object.type != Type::commit) throw Invalid(id.str(), "is not a commit");
  return parseCommit(object.data);
}

std::vector<Entry> Objects::tree(const Id& id) const {
  Object object = read(id);
  if (object.type != Type::tree) throw Invalid(id.str(), "is not a tree");
  return parseTree(object.data);
}

std::string Objects::blob(const Id& id) const {
  Object object = read(id);
  if (object.type != Type::blob) throw Invalid(id.str(), "is not a file");
  return std::move(object.data);
}

std::optional<Id> Objects::peel(const Id& id) const {
  Id at = id;
  for (int depth = 0; depth < 8; ++depth) {
    Object object = read(at);
    if (object.type == Type::commit) return at;
    if (object.type != Type::tag) return std::nullopt;
    at = parseTag(object.data).target;
  }
  return std::nullopt;
}

Id Objects::write(Type type, std::string_view data, std::string path) {
  git_oid oid;
  check(git_odb_hash(&oid, data.data(), data.size(), libraryType(type)), "write");
  Id id = idOf(oid);
  if (has(id)) return id;
  check(git_odb_write(&oid, inside_->odb.get(), data.data(), data.size(), libraryType(type)), "write");
  inside_->written.push_back({id, std::move(path)});
  return id;
}

std::string Objects::packWritten() {
  // Not the library's own dump of its memory: that one packs every file of every tree again.
  std::string bytes;
  if (!inside_->written.empty()) pack(inside_->written, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

void Objects::pack(const std::vector<Listed>& objects, const std::function<void(std::string_view)>& sink) const {
  git_packbuilder* made = nullptr;
  check(git_packbuilder_new(&made, inside_->repository.get()), "pack");
  Builder builder(made);
  git_packbuilder_set_threads(made, 1);
  for (const Listed& object : objects) {
    git_oid oid = raw(object.id);
    check(git_packbuilder_insert(made, &oid, object.path.empty() ? nullptr : object.path.c_str()), "pack");
  }
  struct Out {
    const std::function<void(std::string_view)>& sink;
    std::exception_ptr fault;
  } out{sink, nullptr};
  // An exception must not fly through the library's frames.
  auto take = [](void* bytes, std::size_t size, void* payload) -> int {
    auto& to = *static_cast<Out*>(payload);
    try {
      to.sink({static_cast<const char*>(bytes), size});
      return 0;
    } catch (...) {
      to.fault = std::current_exception();
      return -1;
    }
  };
  int result = git_packbuilder_foreach(made, take, &out);
  if (out.fault) std::rethrow_exception(out.fault);
  check(result, "pack");
}

}  // namespace regesta::git
