#include "access/workload.h"

#include <algorithm>

#include "access/grants.h"
#include "access/oidc/options.h"
#include "access/recorded.h"
#include "access/user_rows.h"
#include "base/error.h"
#include "base/limits_sign_in.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/password.h"
#include "db/columns.h"

namespace regesta::access {
namespace {

constexpr std::size_t trustClaims = 16, claimLength = 512;

/// A claim's value as patterns see it; nothing for lists, objects, fractions and null.
std::optional<std::string> claimText(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  return std::nullopt;
}

}  // namespace

void checkTrust(const Trust& trust) {
  if (!oidc::isSafeAddress(trust.issuer) || trust.issuer.find_first_of("?#") != std::string::npos ||
      trust.issuer.size() > claimLength)
    throw Invalid("trust.issuer", "must be an https address (http only for an issuer on this machine)");
  if (trust.audience.empty() || trust.audience.size() > claimLength || !isUtf8(trust.audience))
    throw Invalid("trust.audience", fmt::format("must be UTF-8 of 1 to {} bytes", claimLength));
  if (trust.claims.empty() || trust.claims.size() > trustClaims)
    throw Invalid("trust.claims",
                  fmt::format("must name 1 to {} claims, for example repository or project_path", trustClaims));
  bool bound = false;
  for (const auto& [claim, pattern] : trust.claims) {
    if (claim.empty() || claim.size() > claimLength || pattern.empty() || pattern.size() > claimLength ||
        !isUtf8(claim) || !isUtf8(pattern))
      throw Invalid("trust.claims", fmt::format("names and patterns must be UTF-8 of 1 to {} bytes", claimLength));
    // Every job of the issuer has its name and often the audience.
    bound |= claim != "iss" && claim != "aud" && pattern.front() != '*' && pattern.front() != '?';
  }
  if (!bound)
    throw Invalid("trust.claims",
                  "must bind a claim to a pattern that begins with text: the issuer also signs for strangers");
  if (trust.lastsSeconds < 60 || trust.lastsSeconds > longestSignInSeconds)
    throw Invalid("trust.lasts_seconds", fmt::format("must be 60 to {}", longestSignInSeconds));
}

json::object trustToJson(const Trust& trust) {
  json::object claims;
  for (const auto& [claim, pattern] : trust.claims) claims[claim] = pattern;
  return {{"issuer", trust.issuer},
          {"audience", trust.audience},
          {"claims", std::move(claims)},
          {"lasts_seconds", trust.lastsSeconds}};
}

Trust trustFromJson(std::string_view text) try {
  json::value value = parseJson(text);
  const json::object& object = value.as_object();
  Trust trust{memberText(object, "issuer"), memberText(object, "audience"), {}, 0};
  for (const auto& claim : object.at("claims").as_object())
    trust.claims[std::string(claim.key())] = std::string(claim.value().as_string());
  trust.lastsSeconds = object.at("lasts_seconds").to_number<std::int64_t>();
  return trust;
} catch (const std::exception&) {
  throw Error(Code::corrupt, "the stored trust of a token cannot be read");
}

void createWorkloadToken(registry::Store& store, const registry::Actor& actor, std::string_view name,
                         const std::vector<Grant>& asked, const Trust& trust) {
  checkActorName(name);
  checkTrust(trust);
  NewTokenRow row{std::string(name),
                  crypto::hashToken(crypto::newToken()),
                  checkGrants(asked),
                  0,
                  {},
                  canonicalJson(trustToJson(trust))};
  store.change(actor, [&](registry::Change& change) {
    insertToken(change, row);
    change.transaction.run("UPDATE access_state SET number = number + 1 WHERE one = 1");
  });
}

std::vector<TrustedToken> trustedTokens(db::Transaction& transaction) {
  static constexpr std::string_view sql =
      "SELECT id, name, trust FROM service_token WHERE revoked = 0 AND trust <> '' ORDER BY name";
  constexpr db::Columns at(sql);
  std::vector<TrustedToken> found;
  auto rows = transaction.query(sql);
  while (rows.next())
    if (isRecorded(transaction, "service_token", rows.integer(at["id"]),
                   registry::Actor::token(rows.view(at["name"])).name))
      found.push_back({rows.text(at["name"]), trustFromJson(rows.view(at["trust"]))});
  return found;
}

bool matches(const Trust& trust, const json::object& claims) {
  return std::ranges::all_of(trust.claims, [&](const auto& wanted) {
    const json::value* found = claims.if_contains(wanted.first);
    auto text = found ? claimText(*found) : std::nullopt;
    return text && globMatch(wanted.second, *text);
  });
}

Access::Session openWorkloadSession(registry::Store& store, const TrustedToken& token,
                                    const std::optional<Access::OneTime>& use, json::object job) {
  registry::Actor actor = registry::Actor::token(token.name);
  std::int64_t now = nowMillis();
  Access::Session opened{crypto::newToken(workloadPrefix), now + token.trust.lastsSeconds * 1000};
  store.change(actor, [&](registry::Change& change) {
    if (use) useOnce(change.transaction, *use, "this ID token was used already; ask the platform for another one");
    change.transaction.run("DELETE FROM session WHERE expires_at <= $1", {now});
    insertSessionRow(change, actor.name, opened, "exchange", "", std::move(job));
  });
  return opened;
}

}  // namespace regesta::access
