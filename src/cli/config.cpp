#include "base/config.h"

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/settings.h"
#include "server/server.h"

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

struct Look {
  std::string_view name, mark;
  Colour colour;
};

Look lookOf(server::Finding::Level level) {
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

int doctor(Session& session) {
  std::vector<server::Finding> findings = server::examine(configOf(session.args));
  json::array items;
  int problems = 0;
  for (const server::Finding& finding : findings) {
    Look look = lookOf(finding.level);
    problems += finding.level == server::Finding::Level::problem;
    items.push_back(json::object{
        {"level", look.name}, {"subject", finding.subject}, {"message", finding.message}, {"cure", finding.cure}});
    if (session.json()) continue;
    fmt::print("{} {}: {}\n", paint(look.mark, look.colour), paint(finding.subject, Colour::bold),
               printable(finding.message));
    if (!finding.cure.empty()) fmt::print("    {}\n", paint(finding.cure, Colour::cyan));
  }
  if (session.json())
    printJson(json::object{{"items", std::move(items)}, {"problems", problems}});
  else if (problems == 0)
    fmt::print("{}\n", paint("nothing to do", Colour::green));
  return problems == 0 ? Exit::done : Exit::failed;
}

}  // namespace

Commands configCommands() {
  return {
      {.path = "config",
       .summary = "print the effective settings and where each came from",
       .options = settingOptions(),
       .examples = {"regesta config", "REGESTA_LISTEN=127.0.0.1:5000 regesta config --json"},
       .run = config},
      {.path = "doctor",
       .summary = "check a data directory and a configuration, and say what to do",
       .options = settingOptions(),
       .examples = {"regesta doctor", "regesta doctor --data /var/lib/regesta"},
       .run = doctor,
       .more = "Exit code 1 when there is a problem; warnings and notes leave it at 0."},
  };
}

}  // namespace regesta::cli
