#pragma once
#include <string>

#include "api/endpoint.h"

namespace regesta::api::hf {

/// A fault with the word by which huggingface_hub chooses its exception (X-Error-Code).
inline constexpr std::string_view parentChanged = "ParentCommitChanged";  ///< answered with 412
class HubError : public Error {
 public:
  HubError(Code code, std::string word, std::string message) : Error(code, std::move(message)), word(std::move(word)) {}
  std::string word;    ///< "RepoNotFound", "RevisionNotFound", "EntryNotFound"
  std::string commit;  ///< EntryNotFound: where the entry was looked for; clients remember that it is not there
};

/// Errors are {"error"} with X-Error-Code and X-Error-Message, as the Hugging Face Hub has them.
const Dialect& dialect();

}  // namespace regesta::api::hf
