#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/id.h"
#include "blob/store.h"
#include "db/database.h"
#include "db/migrate.h"
#include "governance/binding.h"
#include "governance/evidence.h"
#include "governance/gate.h"
#include "policy/engine.h"
#include "registry/pointer.h"
#include "registry/row_note.h"
#include "registry/version.h"
#include "support/postgres.h"
#include "support/thrown.h"

namespace regesta::governance {

/// One engine for all tests of the program: starting workers takes longer than most tests.
inline policy::Engine& engine() {
  static policy::Engine shared;
  return shared;
}

/// A registry on SQLite with what `tell()` creates; empty by default. tell() runs once, and each test gets a copy.
class GovernanceTest : public testing::Test {
 protected:
  virtual std::string story() const { return "empty"; }
  virtual void tell() {}
  virtual bool onPostgres() const { return false; }
  void SetUp() override;
  void TearDown() override;
  void open(std::unique_ptr<db::Database> database);
  void close();

  /// Users anna (contributor), rita (risk), carl (contributor and risk) and root (admin).
  /// As rows, too: the gate looks up what roles people still hold.
  void makePeople() {
    addUser("root", "admin");
    addUser("anna", "contributor");
    addUser("rita", "risk");
    addUser("carl", "contributor", "risk");
  }
  void addUser(const std::string& name, const std::string& role, const std::string& second = {}) {
    json::array grants;
    for (const std::string& one : {role, second})
      if (!one.empty()) grants.push_back(json::object{{"role", one}, {"workspace", "*"}, {"name_pattern", "*"}});
    database_->write([&](db::Transaction& transaction) {
      transaction.run(
          "INSERT INTO user_account (name, password, grants, disabled, created_at, created_by) VALUES ($1, 'x', $2, 0, "
          "0, '') "
          "ON CONFLICT (name) DO UPDATE SET grants = excluded.grants, mac = ''",
          {name, json::serialize(grants)});
      registry::putMacs(transaction);  // as if the server had written it
    });
  }
  access::Identity as(const std::string& name) {
    static const std::map<std::string, std::vector<std::string>> roles{
        {"root", {"admin"}}, {"anna", {"contributor"}}, {"rita", {"risk"}}, {"carl", {"contributor", "risk"}}};
    access::Identity identity{{"user:" + name}, {}, false};
    for (const std::string& role : roles.at(name)) identity.grants.push_back({role, "*", "*"});
    return identity;
  }

  template <class Fn>
  auto change(Fn&& fn, const std::string& who = "anna") {
    registry::Actor actor{"user:" + who};
    return store_->change(actor, std::forward<Fn>(fn));
  }
  template <class Fn>
  auto read(Fn&& fn) {
    return store_->read(std::forward<Fn>(fn));
  }

  registry::AssetKey key(const std::string& name = "loan-risk") { return {"default", registry::Kind::model, name}; }
  registry::Version addVersion(const std::string& name = "loan-risk", const std::string& who = "anna") {
    return change(
        [&](registry::Change& c) {
          auto asset = registry::findAsset(c.transaction, key(name));
          if (!asset) asset = registry::createAsset(c, key(name), "", {});
          return registry::createVersion(c, *asset, {.source = "s3://bucket/" + randomHex(8)});
        },
        who);
  }
  /// Stores a policy (package regesta.gate is added) and binds it to the pointer of every model.
  void guard(const std::string& rules, const std::string& pointer = "production", const std::string& name = "gate") {
    change(
        [&](registry::Change& c) {
          addPolicy(c, rules, name);
          bind(c, {.kind = "model", .pointer = registry::Pointer::read(pointer), .policy = name});
        },
        "root");
  }
  void addPolicy(registry::Change& c, const std::string& rules, const std::string& name = "gate") {
    registry::AssetKey policy{"default", registry::Kind::policy, name};
    auto asset = registry::findAsset(c.transaction, policy);
    if (!asset) asset = registry::createAsset(c, policy, "", {});
    registry::createVersion(c, *asset,
                            {.content = modulesToContent({{"gate.rego", "package regesta.gate\n" + rules}})});
  }
  Evidence addClaim(std::int64_t number, std::string_view type, const json::value& body) {
    return change([&](registry::Change& c) {
      return addEvidence(c, registry::getVersion(c.transaction, key(), number), checkClaim(type, body));
    });
  }
  Gate::Move to(std::int64_t number, const std::string& pointer = "production") {
    return {.key = key(), .pointer = registry::Pointer::read(pointer), .to = number};
  }
  std::int64_t standsOn(const std::string& pointer = "production") {
    return read([&](db::Transaction& transaction) {
      return registry::holderOf(transaction, registry::getAsset(transaction, key()), registry::Pointer::read(pointer));
    });
  }
  /// The ledger's bodies, in order; with `action`, those of that action.
  std::vector<json::object> ledger(std::string_view action = {}) {
    return read([&](db::Transaction& transaction) {
      std::vector<json::object> found;
      db::Rows rows = transaction.query("SELECT body FROM ledger_entry ORDER BY id");
      while (rows.next()) {
        json::object body = parseJson(rows.view(0)).as_object();
        if (action.empty() || body.at("action").as_string() == action) found.push_back(std::move(body));
      }
      return found;
    });
  }
  void sql(const std::string& text) {
    database_->write([&](db::Transaction& transaction) { transaction.run(text); });
  }

  std::filesystem::path folder_;
  std::unique_ptr<db::Database> database_;
  std::unique_ptr<registry::Store> store_;
  std::unique_ptr<blob::BlobStore> blobs_;
  std::unique_ptr<Gate> gate_;
};

using Kind = Gate::Outcome::Kind;

inline std::ostream& operator<<(std::ostream& out, Kind kind) { return out << outcomeName(kind); }

}  // namespace regesta::governance
