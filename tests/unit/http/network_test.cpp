#include <gtest/gtest.h>

#include "base/error.h"
#include "http/egress.h"
#include "http/network.h"
#include "http/quota.h"

namespace regesta::http {
namespace {

TEST(Network, onlyTheInternetIsPublic) {
  for (std::string_view text : {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2001:4860::8888",
                                "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"})
    EXPECT_TRUE(isPublicAddress(parseIp(text).value())) << text;
  for (std::string_view text : {"0.0.0.0",
                                "10.0.0.1",
                                "100.64.0.1",
                                "127.0.0.1",
                                "127.255.0.1",
                                "169.254.169.254",
                                "172.16.0.1",
                                "172.31.255.255",
                                "192.168.0.1",
                                "198.18.0.1",
                                "224.0.0.1",
                                "255.255.255.255",
                                "::",
                                "::1",
                                "::ffff:127.0.0.1",
                                "::ffff:10.0.0.1",
                                "::127.0.0.1",
                                "64:ff9b::a9fe:a9fe",
                                "64:ff9b:1::1",
                                "2002:7f00:1::",
                                "2001:0:4136:e378::1",
                                "fe80::1",
                                "fc00::1",
                                "fd12::1",
                                "ff02::1",
                                "2001:db8::1",
                                "fec0::1"})
    EXPECT_FALSE(isPublicAddress(parseIp(text).value())) << text;
}

TEST(Network, addressesHaveOneSpelling) {
  for (std::string_view text : {"", "127.1", "0177.0.0.1", "2130706433", "0x7f.0.0.1", "localhost", "1.2.3.4.5",
                                "1.2.3.4:80", "[::1]:80", "::1%lo"})
    EXPECT_FALSE(parseIp(text)) << text;
  EXPECT_EQ(parseIp("[::1]"), parseIp("::1"));
  EXPECT_EQ(parseIp("::ffff:1.2.3.4"), parseIp("1.2.3.4"));
}

TEST(Network, rangesContainWhatTheirBitsSay) {
  auto range = parseIpRange("10.1.2.0/23").value();
  EXPECT_TRUE(range.contains(parseIp("10.1.3.255").value()));
  EXPECT_FALSE(range.contains(parseIp("10.1.4.0").value()));
  EXPECT_TRUE(parseIpRange("0.0.0.0/0").value().contains(parseIp("8.8.8.8").value()));
  EXPECT_FALSE(parseIpRange("0.0.0.0/0").value().contains(parseIp("2606::1").value()));
  for (std::string_view text : {"10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0.0/", "host/8"})
    EXPECT_FALSE(parseIpRange(text)) << text;
}

TEST(Network, loopbackHostsAreLiterals) {
  for (std::string_view host : {"localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"})
    EXPECT_TRUE(isLoopbackHost(host)) << host;
  for (std::string_view host : {"localhost.", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0", "[::]", "::1",
                                "", "127.1", "evil.example", "10.0.0.1"})
    EXPECT_FALSE(isLoopbackHost(host)) << host;
  EXPECT_EQ(hostWithoutPort("[::1]:80"), "[::1]");
  EXPECT_EQ(hostWithoutPort("a.example:80"), "a.example");
}

TEST(Egress, allowsWhatIsListed) {
  IpAddress loopback = parseIp("127.0.0.1").value(), inside = parseIp("10.1.2.3").value();
  Egress none;
  EXPECT_FALSE(none.allows("localhost", 80, loopback));
  EXPECT_TRUE(none.allows("a.example", 443, parseIp("8.8.8.8").value()));
  EXPECT_FALSE(none.mayAllow("http://127.0.0.1/"));
  EXPECT_TRUE(none.mayAllow("https://a.example/"));
  Egress some("10.1.2.0/24, localhost:9000 hook.inside");
  EXPECT_TRUE(some.allows("x", 80, inside));
  EXPECT_TRUE(some.allows("LOCALHOST", 9000, loopback));
  EXPECT_FALSE(some.allows("localhost", 9001, loopback));
  EXPECT_TRUE(some.allows("hook.inside", 1, parseIp("192.168.0.1").value()));
  EXPECT_TRUE(some.mayAllow("http://localhost:9000/x"));
  EXPECT_FALSE(some.mayAllow("http://localhost/x"));
  for (std::string_view wrong : {"10.0.0.0/40", "http://x", "host:0", "host:99999", "a/b"})
    EXPECT_THROW(Egress{wrong}, Error) << wrong;
  bool alone = true;
  none.allowLoopbackWhile([&] { return alone; });
  EXPECT_TRUE(none.allows("localhost", 80, loopback));
  EXPECT_FALSE(none.allows("x", 80, inside));
  alone = false;
  EXPECT_FALSE(none.allows("localhost", 80, loopback));
}

TEST(Quota, countsEachAndAllAndGivesBack) {
  Quota quota("things", 2, 3);
  Quota::Share a, b, c, more;
  quota.take(a, "anna", 1);
  quota.take(a, "anna", 1);
  EXPECT_THROW(quota.take(b, "anna", 1), Error);
  quota.take(b, "bob", 1);
  EXPECT_THROW(quota.take(c, "carl", 1), Error);
  a = {};
  quota.take(c, "carl", 1);
  quota.take(more, "anna", 1);
}

}  // namespace
}  // namespace regesta::http
