#include <string_view>

#include "cli/run.h"
#include "policy/engine.h"

int main(int argc, char** argv) {
  // The server starts itself again under this name for each policy worker.
  if (argc > 1 && std::string_view(argv[1]) == "policy-worker") return regesta::policy::workerMain(argc, argv);
  return regesta::cli::runCommandLine({argv + 1, argv + argc});
}
