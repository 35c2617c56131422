#include "base/config.h"

#include "cli/commands.h"
#include "cli/grants.h"
#include "cli/session.h"
#include "cli/settings.h"
#include "server/server.h"
#include "server/version.h"

namespace regesta::cli {
namespace {

bool isSecret(std::string_view key) {
  return std::ranges::any_of(settingInfos(), [&](const SettingInfo& info) { return info.key == key && info.secret; });
}

int config(Session& session) {
  Config config = configOf(session.args);
  json::object settings;
  Table table({"SETTING", "VALUE", "FROM"});
  for (const auto& [key, setting] : config.all()) {
    std::string value = isSecret(key) && !setting.value.empty() ? "(secret)" : setting.value;
    settings[key] = json::object{{"value", value}, {"origin", setting.origin}};
    table.row({key, value, {setting.origin, setting.origin == "default" ? Colour::dim : Colour::green}});
  }
  if (session.json())
    printJson(settings);
  else
    table.print("no settings");
  return Exit::done;
}

struct LevelStyle {
  std::string_view name, mark;
  Colour colour;
};

LevelStyle styleOf(server::Finding::Level level) {
  using Level = server::Finding::Level;
  switch (level) {
    case Level::ok:
      return {"ok", "✓", Colour::green};
    case Level::note:
      return {"note", "·", Colour::dim};
    case Level::warning:
      return {"warning", "!", Colour::yellow};
    case Level::problem:
      return {"problem", "✗", Colour::red};
  }
  return {"problem", "✗", Colour::red};
}

/// What the other commands would talk to: whether it answers, which version it is, and whom it takes the caller for.
void examineServer(Session& session, std::vector<server::Finding>& findings) {
  using Level = server::Finding::Level;
  std::string url;
  try {
    url = session.api().connection().url;
    session.api().text("/ready");
  } catch (const Error& fault) {
    bool refused = fault.message.find("no answer from") == std::string::npos;
    findings.push_back({refused ? Level::problem : Level::note, "server",
                        url.empty() ? fault.message : fmt::format("{} is not ready: {}", url, fault.message), ""});
    return;
  }
  json::value about = parseJson(session.api().text("/openapi.json"));
  std::string version = member(about.at("info").as_object(), "version");
  bool same = version == server::version;
  findings.push_back({same ? Level::ok : Level::warning, "server", fmt::format("{} answers, version {}", url, version),
                      same ? "" : fmt::format("this program is version {}", server::version)});
  try {
    json::object me = session.api().get(route({"users", "me"})).as_object();
    std::string roles = member(me, "local") == "true" ? "no users yet, everything allowed" : grantsText(me);
    findings.push_back({Level::ok, "login", fmt::format("{} ({})", member(me, "name"), roles), ""});
  } catch (const Error& fault) {
    findings.push_back({Level::problem, "login", fault.message, "regesta login " + url + " --user NAME"});
  }
}

std::string summary(int warnings) {
  if (warnings == 0) return "nothing to do";
  return fmt::format("no problems, {} warning{}", warnings, warnings == 1 ? "" : "s");
}

int doctor(Session& session) {
  std::vector<server::Finding> findings = server::examine(configOf(session.args));
  examineServer(session, findings);
  json::array items;
  int problems = 0, warnings = 0;
  for (const server::Finding& finding : findings) {
    LevelStyle look = styleOf(finding.level);
    problems += finding.level == server::Finding::Level::problem;
    warnings += finding.level == server::Finding::Level::warning;
    items.push_back(json::object{{"level", look.name},
                                 {"subject", finding.subject},
                                 {"message", finding.message},
                                 {"remediation", finding.remediation}});
    if (session.json()) continue;
    fmt::print("{} {}: {}\n", paint(look.mark, look.colour), paint(finding.subject, Colour::bold),
               printable(finding.message));
    if (!finding.remediation.empty()) fmt::print("    {}\n", paint(finding.remediation, Colour::cyan));
  }
  if (session.json())
    printJson(json::object{{"items", std::move(items)}, {"problems", problems}});
  else if (problems == 0)
    fmt::print("{}\n", paint(summary(warnings), warnings == 0 ? Colour::green : Colour::yellow));
  return problems == 0 ? Exit::done : Exit::failed;
}

}  // namespace

Commands configCommands() {
  return {
      {.path = "config",
       .summary = "print the effective settings and their origin",
       .options = settingOptions(),
       .examples = {"regesta config", "REGESTA_LISTEN=127.0.0.1:5000 regesta config --json"},
       .run = config},
      {.path = "doctor",
       .summary = "check a data directory, a configuration, the server and your login",
       .options = settingOptions(),
       .examples = {"regesta doctor", "regesta doctor --data /var/lib/regesta"},
       .run = doctor,
       .more = "Prints the next step for each problem. Exit code 1 if there is a problem; 0 for warnings and notes."},
  };
}

}  // namespace regesta::cli
