#include "delivery/resolve.h"

#include <array>
#include <unordered_map>

#include "base/limits_delivery.h"
#include "base/sync.h"
#include "crypto/hash.h"
#include "delivery/target.h"

namespace regesta::delivery {
namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

constexpr std::size_t shardCount = 16;
constexpr std::size_t mostSelectors = 300;  // of one prompt: its aliases with their hundred buckets, ranges, numbers

/// Prompts whose names fall here, by workspace, NUL, name; of each what its selectors lead to.
struct Shard {
  TextMap<TextMap<std::shared_ptr<const Target>>> prompts;
  std::uint64_t generation = 0;  ///< counts what was forgotten: what was read before is not put in after
  std::size_t bytes = 0;         ///< of targets put in since it was last empty
};

/// The key of a prompt, in a buffer that this thread reuses.
std::string_view promptKey(std::string_view workspace, std::string_view name) {
  thread_local std::string key;
  key.assign(workspace);
  key.push_back('\0');
  key.append(name);
  return key;
}

}  // namespace

struct Served::View {
  Render render;
  Rendered rendered;
  View* next;
};

Served::~Served() {
  for (View* view = views_.load(std::memory_order_acquire); view;) delete std::exchange(view, view->next);
}

const Rendered& Served::view(Render render) const {
  View* first = views_.load(std::memory_order_acquire);
  for (View* view = first; view; view = view->next)
    if (view->render == render) return view->rendered;
  std::string body = render(answer);
  std::string etag = fmt::format("\"{}\"", crypto::sha256Hex(body).substr(0, 32));
  // Two threads may both make it; the duplicate is harmless.
  View* made = new View{render, {std::move(body), std::move(etag)}, first};
  while (!views_.compare_exchange_weak(made->next, made, std::memory_order_acq_rel)) {
  }
  return made->rendered;
}

struct Resolver::State {
  explicit State(registry::Store& store) : store(store) {}
  registry::Store& store;
  std::array<Sync<Shard>, shardCount> shards;

  Sync<Shard>& shardOf(std::string_view key) { return shards[TextHash()(key) % shardCount]; }

  void forget(std::string_view workspace, std::string_view name) {
    std::string_view key = promptKey(workspace, name);
    auto shard = shardOf(key).lock();
    ++shard->generation;
    if (auto found = shard->prompts.find(key); found != shard->prompts.end()) shard->prompts.erase(found);
  }
};

Resolver::Resolver(registry::Store& store) : state_(std::make_unique<State>(store)) {}
Resolver::~Resolver() = default;

std::shared_ptr<const Served> Resolver::serve(std::string_view workspace, std::string_view name,
                                              std::string_view selector, const rollout::EvaluationContext& context) {
  return target(workspace, name, selector)->serve(context);
}

std::shared_ptr<const Target> Resolver::target(std::string_view workspace, std::string_view name,
                                               std::string_view selector) {
  std::string_view key = promptKey(workspace, name);
  Sync<Shard>& place = state_->shardOf(key);
  std::shared_ptr<const Target> target;
  std::uint64_t generation = 0;
  {
    auto shard = place.lock();
    generation = shard->generation;
    if (auto prompt = shard->prompts.find(key); prompt != shard->prompts.end())
      if (auto found = prompt->second.find(selector); found != prompt->second.end()) target = found->second;
  }
  if (target) return target;

  registry::AssetKey asset{std::string(workspace), registry::Kind::prompt, std::string(name)};
  target = state_->store.read(
      [&](db::Transaction& transaction) { return std::make_shared<const Target>(transaction, asset, selector); });
  key = promptKey(workspace, name);
  auto shard = place.lock();
  if (shard->generation == generation) {
    if (shard->bytes > limits::resolverMemory / shardCount) {
      shard->prompts.clear();
      shard->bytes = 0;
    }
    auto& selectors = shard->prompts.try_emplace(std::string(key)).first->second;
    if (selectors.size() < mostSelectors && selectors.try_emplace(std::string(selector), target).second)
      shard->bytes += target->bytes() + key.size() + selector.size();
  }
  return target;
}

void Resolver::forget(std::string_view workspace, std::string_view subject) {
  constexpr std::string_view prefix = "prompt/";
  if (!subject.starts_with(prefix)) return;
  std::string_view rest = subject.substr(prefix.size());
  // Names may hold the marks that end them in a subject: every reading is forgotten.
  state_->forget(workspace, rest);
  for (std::size_t at = rest.find_first_of("@#"); at != std::string_view::npos; at = rest.find_first_of("@#", at + 1))
    state_->forget(workspace, rest.substr(0, at));
}

void Resolver::forgetAll() {
  for (Sync<Shard>& one : state_->shards) {
    auto shard = one.lock();
    ++shard->generation;
    shard->prompts.clear();
    shard->bytes = 0;
  }
}

}  // namespace regesta::delivery
