// Runs OPA's conformance cases in the same workers as policies. Reads one JSON object a line:
// {"id", "load": text, "head": {…}, "input": text}; writes {"id", "status", "answer"} a line, in the same order.
#include <iostream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "policy/engine.h"
#include "policy/pool.h"

namespace {

using namespace regesta;

std::string text(const json::object& members, std::string_view name) {
  return std::string(members.at(name).as_string());
}

policy::Reply run(policy::Pool& pool, const json::object& line) {
  constexpr int wallMillis = 5000;
  auto load = text(line, "load"), input = text(line, "input"), id = text(line, "id");
  auto head = line.at("head").as_object();
  head["policy"] = id;
  return pool.with([&](policy::Worker& worker) {
    auto loaded = worker.ask(json::serialize(json::object{{"do", "load"}, {"policy", id}}), load, wallMillis);
    if (!loaded.lost.empty() || loaded.status != 0) return loaded;
    return worker.ask(json::serialize(head), input, wallMillis);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "policy-worker") return policy::workerMain(argc, argv);
  policy::Pool pool(policy::Options{.workers = 1, .cpuSeconds = 4, .wallMillis = 5000}, 0, 1);
  for (std::string line; std::getline(std::cin, line);) {
    auto request = json::parse(line).as_object();
    auto reply = run(pool, request);
    json::object out{{"id", request.at("id")}, {"status", reply.status}, {"answer", reply.bytes}, {"lost", reply.lost}};
    std::cout << json::serialize(out) << '\n';
  }
  return 0;
}
