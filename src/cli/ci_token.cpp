// regesta ci token: a CI job signs in with the ID token of its platform (RFC 8693), without a stored secret.
#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

constexpr int patienceSeconds = 30;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

json::object objectIn(const http::Response& response, std::string_view of) {
  boost::system::error_code broken;
  json::value value = json::parse(response.body, broken);
  if (broken || !value.is_object())
    throw error(Code::unavailable, "{} responds {} with something other than JSON", of, response.status);
  return value.get_object();
}

/// https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
std::string githubToken(const std::string& audience) {
  http::ClientRequest request;
  request.url = variable("ACTIONS_ID_TOKEN_REQUEST_URL");
  request.url += request.url.find('?') == std::string::npos ? "?" : "&";
  request.url += "audience=" + percentEncode(audience);
  request.headers.set("Authorization", "Bearer " + variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
  request.timeoutSeconds = patienceSeconds;
  http::Client client;
  std::string token = member(objectIn(client.send(request), "GitHub's ID token service"), "value");
  if (token.empty()) throw Error(Code::unavailable, "GitHub's ID token service sent no ID token");
  return token;
}

std::string idTokenOf(const Session& session, const std::string& audience) {
  if (session.args.has("id-token-variable")) {
    const std::string& name = session.args.text("id-token-variable");
    std::string token = variable(name.c_str());
    if (token.empty()) throw UsageError(fmt::format("the variable {} is empty; on GitLab, id_tokens sets it", name));
    return token;
  }
  if (!variable("ACTIONS_ID_TOKEN_REQUEST_URL").empty()) return githubToken(audience);
  if (std::string token = variable("REGESTA_ID_TOKEN"); !token.empty()) return token;
  throw UsageError(
      "this job has no ID token; on GitHub, add `permissions: id-token: write`; on GitLab, add `id_tokens: "
      "REGESTA_ID_TOKEN: aud: URL` to the job");
}

int token(Session& session) {
  const Connection connection = effectiveConnection(session.args.text("url"), session.args.text("workspace"));
  std::string audience = session.args.has("audience") ? session.args.text("audience") : connection.url;
  std::string body =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
      "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token&subject_token=" +
      percentEncode(idTokenOf(session, audience));
  if (session.args.has("as")) body += "&requested_subject=" + percentEncode(session.args.text("as"));
  http::ClientRequest request;
  request.method = "POST";
  request.url = connection.url + route({"tokens", "exchange"});
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = std::move(body);
  request.caFile = connection.caFile;
  request.timeoutSeconds = patienceSeconds;
  http::Client client;
  http::Response response = client.send(request);
  json::object answer = objectIn(response, connection.url);
  if (response.status != 200) {
    std::string why = member(answer, "error_description");
    throw error(response.status == 400 ? Code::unauthenticated : Code::unavailable, "{}",
                why.empty() ? fmt::format("the server responds {}", response.status) : why);
  }
  return session.said(answer, member(answer, "access_token"));
}

}  // namespace

Commands ciTokenCommands() {
  return {
      {.path = "ci token",
       .summary = "exchange the job's ID token for a short-lived token and print it",
       .options = {{"audience", "TEXT", "audience of the ID token on GitHub (default: the server's URL)"},
                   {"id-token-variable", "NAME", "environment variable with the ID token (default REGESTA_ID_TOKEN)"},
                   {"as", "TOKEN", "the token to sign in as, if several trust the job"}},
       .examples = {"export REGESTA_TOKEN=$(regesta ci token)"},
       .run = token,
       .more = "The server must have a token that trusts the job: `regesta token create NAME --issuer …`. Asks for an "
               "ID token on GitHub Actions; elsewhere takes it from the environment."}};
}

}  // namespace regesta::cli
