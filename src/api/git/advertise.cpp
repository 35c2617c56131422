#include "api/git/advertise.h"

#include "api/git/pkt_line.h"

namespace regesta::api::git {

std::string_view serviceName(Service service) {
  return service == Service::upload ? "git-upload-pack" : "git-receive-pack";
}

std::string advertisement(Service service, const delivery::RepositoryState& state, std::string_view version) {
  std::string out;
  appendPkt(out, fmt::format("# service={}\n", serviceName(service)));
  out += flushPkt;
  bool hasMain = !state.main().isNone();
  std::string words = service == Service::upload
                          ? "multi_ack_detailed side-band-64k ofs-delta shallow no-progress include-tag"
                          // no-thin: a pack that is kept must not build on objects outside of it.
                          : "report-status delete-refs side-band-64k quiet atomic ofs-delta no-thin";
  if (service == Service::upload && hasMain) words += fmt::format(" symref=HEAD:{}", delivery::mainBranch);
  words += fmt::format(" object-format=sha1 agent=regesta/{}", version);

  bool first = true;
  auto line = [&](const regesta::git::Id& id, std::string_view name) {
    std::string text = fmt::format("{} {}", id.str(), name);
    if (first) {
      text += '\0';
      text += words;
    }
    first = false;
    appendPkt(out, text + '\n');
  };
  if (service == Service::upload && hasMain) line(state.main(), "HEAD");
  for (const auto& [name, ref] : state.refs) {
    line(ref.target, name);
    if (service == Service::upload && !ref.peeled.isNone()) line(ref.peeled, name + "^{}");
  }
  if (first) line({}, "capabilities^{}");
  out += flushPkt;
  return out;
}

}  // namespace regesta::api::git
