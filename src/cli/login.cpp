#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int login(Session& session) {
  const Arguments& args = session.args;
  std::string url = args.has("URL") ? args.text("URL") : args.text("url");
  Connection connection = effectiveConnection(url, "");
  connection.token = args.text("token");
  connection.user = args.text("user");
  connection.password.clear();
  if (args.has("token") && args.has("user")) throw UsageError("give --token or --user, not both");
  if (args.has("user"))
    connection.password = args.has("password") ? args.text("password") : askSecret("password of " + connection.user);
  else if (!args.has("token"))
    connection.token = askSecret("token for " + connection.url);
  Api api(connection);
  json::object me = api.get(route({"users", "me"})).as_object();  // throws when the server does not know them
  storeConnection(connection);
  return session.said(
      json::object{{"url", connection.url}, {"user", me}, {"file", credentialsFile()}},
      fmt::format("logged in to {} as {}; stored in {}", connection.url, member(me, "name"), credentialsFile()));
}

int logout(Session& session) {
  bool had = forgetConnection();
  return session.said(json::object{{"forgotten", had}}, had ? "deleted " + credentialsFile() : "no stored credentials");
}

}  // namespace

Commands loginCommands() {
  return {
      {.path = "login",
       .summary = "store a server's URL and credentials for the other commands",
       .operands = {{"URL", "the server's URL (default: --url, REGESTA_URL, or http://127.0.0.1:4600)", false}},
       .options = {{"token", "TOKEN", "a service token; prompted for if neither this nor --user is given"},
                   {"user", "NAME", "log in as a user, with a password"},
                   {"password", "TEXT", "the password; safer: type it when prompted, or pass it on stdin"}},
       .examples = {"regesta login http://regesta.bank.example --user anna", "regesta login --token rgs_…"},
       .run = login,
       .more =
           "Stores them in a file that only you can read. REGESTA_URL with REGESTA_TOKEN, or with REGESTA_USER and\n"
           "REGESTA_PASSWORD, override it."},
      {.path = "logout",
       .summary = "delete the stored URL and credentials",
       .examples = {"regesta logout"},
       .run = logout},
  };
}

}  // namespace regesta::cli
