#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "access/oidc/provider.h"
#include "access/workload.h"

namespace regesta::access::oidc {

/// Exchanges the ID token of a CI job for a credential of the token that trusts the job (RFC 8693). Only issuers that
/// an administrator named in a token's trust are asked for keys. Thread-safe; exchange waits for the issuer.
class Exchange {
 public:
  /// `caFile`: the CA of issuers' certificates; empty: the system's.
  Exchange(registry::Store& store, std::string caFile) : Exchange(store, std::move(caFile), Provider::Outside{}) {}
  Exchange(registry::Store& store, std::string caFile, Provider::Outside outside)
      : store_(store), caFile_(std::move(caFile)), outside_(std::move(outside)) {}

  struct Issued {
    std::string token;  ///< name of the token that the job acts as
    Access::Session session;
  };
  /// `wanted`: the token's name; empty: the only one that trusts the job. Throws Error{unauthenticated} with a message
  /// that tells the job only about itself, and the same one for every token that no trusted issuer signed; Invalid for
  /// text that is not an ID token, and if several tokens trust the job; Error{unavailable} if the issuer cannot be
  /// reached.
  Issued exchange(std::string_view idToken, std::string_view wanted = {});

 private:
  struct Issuer {
    Options options;
    Provider provider;
    Issuer(Options known, Provider::Outside outside)
        : options(std::move(known)), provider(options, std::move(outside)) {}
  };
  std::shared_ptr<Issuer> issuerOf(const std::string& address);
  /// Throws Error{unauthenticated}.
  void requireSigned(const crypto::Jws& token, const std::string& issuer);

  registry::Store& store_;
  const std::string caFile_;
  const Provider::Outside outside_;
  Sync<std::map<std::string, std::shared_ptr<Issuer>>> issuers_;
};

}  // namespace regesta::access::oidc
