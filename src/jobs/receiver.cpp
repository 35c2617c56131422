#include "jobs/receiver.h"

#include <string>

#include "base/error.h"
#include "base/limits_delivery.h"
#include "base/text.h"

namespace regesta::jobs {

void checkReceiverUrl(std::string_view url) {
  std::string scheme = lower(url.substr(0, url.find("://")));
  if (url.find("://") == std::string_view::npos || (scheme != "http" && scheme != "https"))
    throw Invalid("url", "must be an http:// or https:// address");
  if (url.size() > limits::webhookUrl)
    throw Invalid("url", fmt::format("must have at most {} bytes", limits::webhookUrl));
  for (unsigned char c : url)
    if (c <= 0x20 || c == 0x7f) throw Invalid("url", "must not hold spaces or control characters");
  std::string_view authority = url.substr(scheme.size() + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.empty()) throw Invalid("url", "must name a host");
  if (authority.find('@') != std::string_view::npos)
    throw Invalid("url", "must not have a user or password; receivers check the signature");
}

}  // namespace regesta::jobs
