#include "crypto/ssh_signature.h"

#include <gtest/gtest.h>

namespace regesta::crypto {
namespace {

// Made by `ssh-keygen -Y sign -n git` over "hello\n".
constexpr const char* byEd25519 =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgkCAcg4gMs91zxITE7I81XXYL00\n"
    "YDoJXeZI9PWzIJyxEAAAADZ2l0AAAAAAAAAAZzaGE1MTIAAABTAAAAC3NzaC1lZDI1NTE5\n"
    "AAAAQJxi+pd8viQ303KbelkYLbhfz/6E3eEOucTa8qUsrScUH5au5OE4+iiYinUSxHmXpz\n"
    "5BKG2HP3poiXtnGTDvRgk=\n"
    "-----END SSH SIGNATURE-----\n";
constexpr const char* byEcdsa =
    "-----BEGIN SSH SIGNATURE-----\n"
    "U1NIU0lHAAAAAQAAAGgAAAATZWNkc2Etc2hhMi1uaXN0cDI1NgAAAAhuaXN0cDI1NgAAAE\n"
    "EEwPQ0/DJ/wPN/eV82EBsB0b2SD5Er+EoGV3XQ+kCpAOtAbtpc9JDtQc9scwWRmYSrhy63\n"
    "s9s9te4zJrE0gqbHZAAAAANnaXQAAAAAAAAABnNoYTUxMgAAAGQAAAATZWNkc2Etc2hhMi\n"
    "1uaXN0cDI1NgAAAEkAAAAhAMHSGItaAHMzp33b3d7dx8o+m7Muw1hfW5etAv+R8poTAAAA\n"
    "IAVteXXOaAxXV/ukX3GUmZMb8OGbJNzrwsUyUpVFNghO\n"
    "-----END SSH SIGNATURE-----\n";

TEST(SshSignature, AnEd25519SignatureIsChecked) {
  auto signature = readSshSignature(byEd25519, "git", "hello\n");
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->keyType, "ssh-ed25519");
  EXPECT_EQ(signature->fingerprint, "SHA256:FShFZH+9kW/qdnozCa3CZkGHv0VI71bX5X41TiGlYwM");
  EXPECT_TRUE(signature->verified);
  auto other = readSshSignature(byEd25519, "git", "hello");
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->verified);
}

TEST(SshSignature, OtherKeysAreNamedOnly) {
  auto signature = readSshSignature(byEcdsa, "git", "hello\n");
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->keyType, "ecdsa-sha2-nistp256");
  EXPECT_EQ(signature->fingerprint, "SHA256:aAHkpQmV3m08D242DttgaFINHMH1MIeLDM5k3HrxiSI");
  EXPECT_FALSE(signature->verified);
}

TEST(SshSignature, OthersTextsAreNone) {
  EXPECT_FALSE(readSshSignature(byEd25519, "file", "hello\n")) << "made for another purpose";
  EXPECT_FALSE(readSshSignature("", "git", ""));
  EXPECT_FALSE(readSshSignature("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----", "git", ""));
  std::string cut = byEd25519;
  for (std::size_t at = 40; at < 200; at += 7) {
    std::string broken = cut;
    broken.erase(at, 4);
    auto signature = readSshSignature(broken, "git", "hello\n");
    EXPECT_FALSE(signature && signature->verified) << at;
  }
}

}  // namespace
}  // namespace regesta::crypto
