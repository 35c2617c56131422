#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace regesta::crypto {

/// What an armoured SSH signature (OpenSSH's PROTOCOL.sshsig, as Git makes them) says about a message.
struct SshSignature {
  std::string keyType;      ///< "ssh-ed25519", "ssh-rsa", …
  std::string fingerprint;  ///< of the key in it: "SHA256:…", as ssh-keygen -l prints it
  bool verified = false;    ///< that key signed this message; only ed25519 keys are checked
};
/// Nothing if the text is not such a signature, or was made for another purpose than `nameSpace` ("git").
std::optional<SshSignature> readSshSignature(std::string_view armoured, std::string_view nameSpace,
                                             std::string_view message);

}  // namespace regesta::crypto
