#pragma once
#include <string>

#include "access/access.h"
#include "blob/store.h"
#include "http/egress.h"
#include "http/mail.h"
#include "registry/change.h"

namespace regesta::ledger {
class Log;
}
namespace regesta::policy {
class Engine;
}
namespace regesta::delivery {
class Resolver;
}
namespace regesta::gitremote {
class Repositories;
}
namespace regesta::governance {
class Gate;
}
namespace regesta::lifecycle {
class UsageMeter;
}
namespace regesta::access::oidc {
class SignIn;
class Exchange;
}  // namespace regesta::access::oidc

namespace regesta::api {

class Feed;

/// The core rooms for the fronts. Built once in server/; all members are thread-safe.
struct Core {
  registry::Store& store;
  blob::BlobStore& blobs;
  ledger::Log& log;
  policy::Engine& policy;
  access::Access& access;
  governance::Gate& gate;
  delivery::Resolver& prompts;
  Feed& feed;
  gitremote::Repositories& git;
  std::string artifactRoot = "mlflow-artifacts:/";  ///< --default-artifact-root
  std::string publicUrl;                            ///< for links in answers: http://127.0.0.1:4600
  std::string version;
  access::oidc::SignIn* oidc = nullptr;  ///< signing in through an identity provider; null: not configured
  lifecycle::UsageMeter* usage = nullptr;
  http::Egress egress{};                       ///< allowed targets of requests to addresses that callers choose
  access::oidc::Exchange* exchange = nullptr;  ///< ID tokens of CI jobs
  http::MailServer mail{};                     ///< for mail to users
};

}  // namespace regesta::api
