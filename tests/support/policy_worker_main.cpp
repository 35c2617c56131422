// The policy engine starts its workers by running its own binary again, so this test program is a worker as well.
#include <gtest/gtest.h>

#include <string_view>

#include "policy/engine.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "policy-worker") return regesta::policy::workerMain(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
