#include "api/git/advertise.h"

#include "api/git/pkt_line.h"
#include "base/error.h"
#include "base/text.h"

namespace regesta::api::git {

std::string_view serviceName(Service service) {
  return service == Service::upload ? "git-upload-pack" : "git-receive-pack";
}

std::string advertisement(Service service, const gitremote::RepositoryState& state, std::string_view version) {
  std::string out;
  appendPkt(out, fmt::format("# service={}\n", serviceName(service)));
  out += flushPkt;
  bool hasMain = !state.main().isNone();
  std::string words = service == Service::upload
                          ? "multi_ack_detailed side-band-64k ofs-delta shallow no-progress include-tag"
                          // no-thin: a pack that is kept must not build on objects outside of it.
                          : "report-status delete-refs side-band-64k quiet atomic ofs-delta no-thin";
  if (service == Service::upload && hasMain) words += fmt::format(" symref=HEAD:{}", gitremote::mainBranch);
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

bool offersVersion2(std::optional<std::string_view> gitProtocol) {
  if (!gitProtocol) return false;
  for (std::string_view word : split(*gitProtocol, ':'))
    if (word == "version=2") return true;
  return false;
}

std::string emptyAdvertisement(std::string_view version) {
  std::string out;
  appendPkt(out, fmt::format("# service={}\n", serviceName(Service::upload)));
  out += flushPkt;
  appendPkt(out, "version 2\n");
  appendPkt(out, fmt::format("agent=regesta/{}\n", version));
  appendPkt(out, "ls-refs=unborn\n");
  appendPkt(out, "object-format=sha1\n");
  out += flushPkt;
  return out;
}

bool isVersion2(std::string_view body) {
  PktReader reader(body);
  PktReader::Line line = reader.next();
  return line.kind == PktReader::Kind::line && line.text.starts_with("command=");
}

std::string listEmpty(std::string_view body, const gitremote::RepositoryState& state) {
  if (!state.refs.empty())
    throw Error(Code::unavailable, "the repository was empty a moment ago and is not any more: try again");
  PktReader reader(body);
  PktReader::Line line = reader.next();
  if (trim(line.text) != "command=ls-refs") throw Error(Code::invalid, "an empty repository answers ls-refs only");
  bool unborn = false;
  while ((line = reader.next()).kind != PktReader::Kind::incomplete) unborn |= trim(line.text) == "unborn";
  std::string out;
  if (unborn) appendPkt(out, fmt::format("unborn HEAD symref-target:{}\n", gitremote::mainBranch));
  out += flushPkt;
  return out;
}

}  // namespace regesta::api::git
