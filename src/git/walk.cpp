#include "git/walk.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/limits.h"

namespace regesta::git {
namespace {

/// Marks every commit that `from` reaches. Where `edges` holds a commit, its parents are not looked at.
void reach(const Objects& objects, const std::vector<Id>& from, const std::unordered_set<Id>& edges,
           std::unordered_set<Id>& marked) {
  std::vector<Id> todo = from;
  while (!todo.empty()) {
    Id id = todo.back();
    todo.pop_back();
    if (!marked.insert(id).second || edges.contains(id)) continue;
    for (const Id& parent : objects.commit(id).parents) todo.push_back(parent);
  }
}

/// Gathers what hangs below trees, each object once.
class Gatherer {
 public:
  explicit Gatherer(const Objects& objects) : objects_(objects) {}

  /// The reader has this tree whole.
  void has(const Id& tree) { visit(tree, "", false); }
  void wants(const Id& tree) { visit(tree, "", true); }
  void wantsFile(const Id& blob) {
    if (seen_.insert(blob).second) files_.push_back({blob, {}});
  }
  void append(std::vector<Listed>& to) {
    std::ranges::move(trees_, std::back_inserter(to));
    std::ranges::move(files_, std::back_inserter(to));
  }

 private:
  void visit(const Id& tree, const std::string& path, bool wanted) {
    if (!seen_.insert(tree).second) return;
    if (wanted) trees_.push_back({tree, path});
    for (const Entry& entry : objects_.tree(tree)) {
      std::string below = path.empty() ? entry.name : path + "/" + entry.name;
      if (entry.isFolder())
        visit(entry.id, below, wanted);
      else if (seen_.insert(entry.id).second && wanted)
        files_.push_back({entry.id, std::move(below)});
    }
  }

  const Objects& objects_;
  std::unordered_set<Id> seen_;
  std::vector<Listed> trees_, files_;
};

}  // namespace

bool isAncestor(const Objects& objects, const Id& ancestor, const Id& of) {
  std::unordered_set<Id> seen;
  std::vector<Id> todo{of};
  while (!todo.empty()) {
    Id id = todo.back();
    todo.pop_back();
    if (id == ancestor) return true;
    if (!seen.insert(id).second) continue;
    for (const Id& parent : objects.commit(id).parents) todo.push_back(parent);
  }
  return false;
}

std::vector<Listed> missing(const Objects& objects, const Need& need) {
  std::unordered_set<Id> there;
  reach(objects, need.haves, need.boundary, there);
  Gatherer gatherer(objects);
  std::vector<Listed> listed;
  std::unordered_set<Id> seen, edges;
  std::vector<Id> todo = need.wants, wantedTrees;
  while (!todo.empty()) {
    Id id = todo.back();
    todo.pop_back();
    if (there.contains(id)) {
      edges.insert(id);
      continue;
    }
    if (!seen.insert(id).second) continue;
    Object object = objects.read(id);
    if (object.type == Type::commit) {
      listed.push_back({id, {}});
      Commit commit = parseCommit(object.data);
      wantedTrees.push_back(commit.tree);
      if (need.shallow.contains(id)) continue;
      for (const Id& parent : commit.parents) todo.push_back(parent);
    } else if (object.type == Type::tag) {
      listed.push_back({id, {}});
      todo.push_back(parseTag(object.data).target);
    } else if (object.type == Type::tree) {
      wantedTrees.push_back(id);
    } else {
      gatherer.wantsFile(id);
    }
  }
  for (const auto& [tag, commit] : need.tags)
    if (seen.contains(commit) && seen.insert(tag).second) listed.push_back({tag, {}});
  // The trees next to what is wanted hold nearly everything that need not be sent again.
  for (const Id& have : need.haves) edges.insert(have);
  for (const Id& edge : edges) gatherer.has(objects.commit(edge).tree);
  for (const Id& tree : wantedTrees) gatherer.wants(tree);
  gatherer.append(listed);
  return listed;
}

std::vector<Id> commitsBetween(const Objects& objects, const Id& from, const std::vector<Id>& without) {
  std::unordered_set<Id> seen;
  reach(objects, without, {}, seen);
  // Depth first without recursion: a commit is listed once all its parents are.
  struct Frame {
    Id id;
    std::vector<Id> parents;
    std::size_t next = 0;
  };
  std::vector<Id> listed;
  std::vector<Frame> stack;
  auto enter = [&](const Id& id) {
    if (seen.insert(id).second) stack.push_back({id, objects.commit(id).parents});
  };
  enter(from);
  while (!stack.empty()) {
    Frame& top = stack.back();
    if (top.next < top.parents.size()) {
      Id parent = top.parents[top.next++];
      enter(parent);
      continue;
    }
    listed.push_back(top.id);
    stack.pop_back();
  }
  return listed;
}

Depth atDepth(const Objects& objects, const std::vector<Id>& tips, std::size_t depth) {
  Depth found;
  std::vector<Id> level;
  for (const Id& tip : tips)
    if (found.inside.insert(tip).second) level.push_back(tip);
  for (std::size_t step = 1; !level.empty(); ++step) {
    std::vector<Id> next;
    for (const Id& id : level) {
      std::vector<Id> parents = objects.commit(id).parents;
      if (step >= depth) {
        if (!parents.empty()) found.edge.insert(id);
        continue;
      }
      for (const Id& parent : parents)
        if (found.inside.insert(parent).second) next.push_back(parent);
    }
    level = std::move(next);
  }
  return found;
}

namespace {

/// What checkNew has still to look at.
struct Expected {
  Id id;
  Type type;
};

class Checker {
 public:
  Checker(const Objects& objects, const Objects& known) : objects_(objects), known_(known) {}

  void tip(const Id& id) {
    auto type = objects_.typeOf(id);
    if (!type) throw Invalid(id.str(), "is missing from the pack");
    todo_.push_back({id, *type});
    if (*type == Type::tree) roots_.push_back(id);
  }

  std::unordered_set<Id> run() {
    while (!todo_.empty()) {
      Expected next = todo_.back();
      todo_.pop_back();
      if (known_.has(next.id)) {
        expectType(next, *known_.typeOf(next.id));
      } else if (auto [seen, fresh] = types_.emplace(next.id, next.type); fresh) {
        look(next);
      } else {
        expectType(next, seen->second);
      }
    }
    for (const Id& root : roots_) height(root, 1);
    std::unordered_set<Id> seen;
    for (const auto& [id, type] : types_) seen.insert(id);
    return seen;
  }

 private:
  static void expectType(const Expected& expected, Type type) {
    if (type != expected.type)
      throw Invalid(expected.id.str(),
                    fmt::format("is a {}, where a {} belongs", typeName(type), typeName(expected.type)));
  }

  void look(const Expected& expected) {
    auto type = objects_.typeOf(expected.id);
    if (!type) throw Invalid(expected.id.str(), "is missing from the pack");
    expectType(expected, *type);
    if (*type == Type::blob) return;
    Object object = objects_.read(expected.id);
    try {
      follow(object);
    } catch (const Invalid& fault) {
      throw Invalid(fmt::format("{} {}", fault.field, expected.id.str().substr(0, 12)), fault.rule);
    }
  }

  void follow(const Object& object) {
    if (object.type == Type::commit) {
      Commit commit = parseCommit(object.data);
      todo_.push_back({commit.tree, Type::tree});
      roots_.push_back(commit.tree);
      for (const Id& parent : commit.parents) todo_.push_back({parent, Type::commit});
    } else if (object.type == Type::tag) {
      Tag tag = parseTag(object.data);
      todo_.push_back({tag.target, tag.targetType});
      if (tag.targetType == Type::tree) roots_.push_back(tag.target);
    } else {
      for (const Entry& entry : parseTree(object.data))
        todo_.push_back({entry.id, entry.isFolder() ? Type::tree : Type::blob});
    }
  }

  /// Folders from this tree downwards. Trees are shared, so each may be deep below one root and be one itself.
  std::size_t height(const Id& tree, std::size_t depth) {
    auto known = heights_.find(tree);
    std::size_t below = known == heights_.end() ? 0 : known->second;
    if (depth + below > limits::gitTreeDepth)
      throw Invalid("tree", fmt::format("{} is more than {} folders deep", tree.str(), limits::gitTreeDepth));
    if (known != heights_.end()) return below;
    for (const Entry& entry : objects_.tree(tree))
      if (entry.isFolder()) below = std::max(below, height(entry.id, depth + 1) + 1);
    heights_[tree] = below;
    return below;
  }

  const Objects &objects_, &known_;
  std::vector<Expected> todo_;
  std::vector<Id> roots_;
  std::unordered_map<Id, Type> types_;
  std::unordered_map<Id, std::size_t> heights_;
};

}  // namespace

std::unordered_set<Id> checkNew(const Objects& objects, const Objects& known, const std::vector<Id>& tips) {
  Checker checker(objects, known);
  for (const Id& tip : tips) checker.tip(tip);
  return checker.run();
}

}  // namespace regesta::git
