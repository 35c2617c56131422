#pragma once
#include <string>

#include "blob/store.h"
#include "governance/access.h"
#include "registry/change.h"

namespace regesta::ledger {
class Log;
}
namespace regesta::policy {
class Engine;
}
namespace regesta::delivery {
class Resolver;
class Repositories;
}  // namespace regesta::delivery
namespace regesta::governance {
class Gate;
}
namespace regesta::governance::oidc {
class SignIn;
}

namespace regesta::api {

class Feed;

/// The core rooms, as a front sees them. Built once in server/; everything in it is thread-safe.
struct Core {
  registry::Store& store;
  blob::BlobStore& blobs;
  ledger::Log& log;
  policy::Engine& policy;
  governance::Access& access;
  governance::Gate& gate;
  delivery::Resolver& prompts;
  Feed& feed;
  delivery::Repositories& git;
  std::string artifactRoot = "mlflow-artifacts:/";  ///< --default-artifact-root
  std::string publicUrl;                            ///< for links in answers: http://127.0.0.1:4600
  std::string version;
  governance::oidc::SignIn* oidc = nullptr;  ///< signing in through an identity provider; null: not configured
};

}  // namespace regesta::api
