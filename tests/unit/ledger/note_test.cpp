#include "ledger/note.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "ledger/checkpoint.h"
#include "ledger/receipt.h"

namespace regesta::ledger {
namespace {

constexpr std::string_view peter = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view petersNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

// The example in the documentation of Go's golang.org/x/mod/sumdb/note.
TEST(Note, GoExampleVerifies) {
  auto key = parseVerifierKey(peter);
  ASSERT_TRUE(key) << key.error();
  EXPECT_EQ(key->name, "PeterNeumann");
  EXPECT_EQ(key->id(), 0xc74f20a3u);
  EXPECT_EQ(key->text(), peter);
  auto note = openNote(petersNote, *key);
  ASSERT_TRUE(note) << note.error();
  EXPECT_TRUE(note->text.ends_with("what your problem is.\n"));
}

TEST(Note, VerifierKeyOfTheSpecification) {
  auto key = parseVerifierKey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
  ASSERT_TRUE(key) << key.error();
  EXPECT_EQ(key->id(), 0x530d903au);
}

TEST(Note, BadVerifierKeys) {
  for (std::string_view bad :
       {"", "x", "PeterNeumann+c74f20a3", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanN+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVk", "PeterNeumann+c74f20a3+",
        "PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "a b+00000000+AQ=="}) {
    EXPECT_FALSE(parseVerifierKey(bad)) << bad;
  }
}

TEST(Note, EveryChangedByteIsFound) {
  auto key = *parseVerifierKey(peter);
  for (std::size_t i = 0; i < petersNote.size(); ++i) {
    std::string bad(petersNote);
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(openNote(bad, key)) << i;
    EXPECT_FALSE(openNote(petersNote.substr(0, i), key)) << i;
  }
}

TEST(Note, UnknownSignaturesAreIgnoredAndKnownOnesMustHold) {
  auto mine = crypto::generateKeyPair(), other = crypto::generateKeyPair();
  VerifierKey key{"example.com/log", mine.publicKey};
  std::string text = "example.com/log\n\nwith an empty line\n";
  std::string note = signNote(text, key.name, mine);
  std::string foreign = signNote(text, "witness.example/w", other);
  std::string line = foreign.substr(text.size() + 1);
  for (const std::string& both : {note + line, text + "\n" + line + note.substr(text.size() + 1)}) {
    auto opened = openNote(both, key);
    ASSERT_TRUE(opened) << opened.error();
    EXPECT_EQ(opened->text, text);
    EXPECT_EQ(opened->signatures.size(), 2u);
  }
  EXPECT_EQ(openNote(foreign, key).error(),
            fmt::format("there is no signature by the key example.com/log ({:08x})", key.id()));
  // The same name with another key is another signer.
  EXPECT_FALSE(openNote(signNote(text, key.name, other), key));
  // A second, wrong signature by the same key spoils the note.
  std::string wrong = signNote("something else\n", key.name, mine);
  EXPECT_EQ(openNote(note + wrong.substr(wrong.find("\n\n") + 2), key).error(),
            "the signature by example.com/log does not match the text");
  // Sixteen signatures must be accepted, a million must not be tried.
  std::string many = note;
  for (int i = 0; i < 16; ++i) many += line;
  EXPECT_TRUE(openNote(many, key));
  for (int i = 0; i < 100; ++i) many += line;
  EXPECT_FALSE(openNote(many, key));
}

TEST(Note, MalformedNotes) {
  auto key = *parseVerifierKey(peter);
  std::string good(petersNote), text = good.substr(0, good.find("\n\n") + 1), line = good.substr(text.size() + 1);
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("\n\n"), text, text + "\n", text + line, good + "\n",
        good + "x\n", good + "— \n", good + "— name\n", good + "— name !\n", good + "- name AAAAAAAA\n",
        good + "— name AAAA\n", good + "— na+me AAAAAAAA\n", good + "—  AAAAAAAA\n", good + "\x01", "a\tb\n\n" + line,
        "\xff\n\n" + line, std::string(1'000'001, 'x') + "\n\n" + line}) {
    EXPECT_FALSE(parseNote(bad)) << bad.substr(0, 200);
    EXPECT_FALSE(openNote(bad, key));
  }
}

TEST(CheckpointText, RoundTripAndMalformed) {
  auto mine = crypto::generateKeyPair();
  VerifierKey key{"example.com/log", mine.publicKey};
  Checkpoint checkpoint{"example.com/log", 70'000, leafHash("x")};
  std::string text = formatCheckpoint(checkpoint);
  EXPECT_EQ(*parseCheckpoint(text), checkpoint);
  EXPECT_EQ(*parseCheckpoint(text + "an extension\n"), checkpoint);
  EXPECT_EQ(*openCheckpoint(signCheckpoint(checkpoint, mine), key), checkpoint);
  std::string root = base64Encode(crypto::view(checkpoint.root));
  for (const std::string& bad :
       {std::string(), std::string("\n"), text.substr(0, text.size() - 1), text + "\n",
        "example.com/log\n070000\n" + root + "\n", "example.com/log\n-1\n" + root + "\n",
        "example.com/log\n+1\n" + root + "\n", "example.com/log\n9223372036854775808\n" + root + "\n",
        "example.com/log\n1 \n" + root + "\n", "\n1\n" + root + "\n", std::string("example.com/log\n1\n"),
        "example.com/log\n1\n" + root.substr(4) + "\n", "example.com/log\n1\n" + root + "=\n",
        "example.com/log\n\n" + root + "\n"}) {
    EXPECT_FALSE(parseCheckpoint(bad)) << bad;
  }
  // Rightly signed, but about another log.
  EXPECT_EQ(openCheckpoint(signNote("example.com/other\n1\n" + root + "\n", key.name, mine), key).error(),
            "the checkpoint is of the log example.com/other, not of example.com/log");
}

TEST(ReceiptText, RoundTripAndMalformed) {
  auto mine = crypto::generateKeyPair();
  VerifierKey key{"example.com/log", mine.publicKey};
  Hash leaf = leafHash("entry"), sibling = leafHash("before");
  Receipt receipt{.extra = "",
                  .index = 1,
                  .proof = {sibling},
                  .note = signCheckpoint({key.name, 2, nodeHash(sibling, leaf)}, mine)};
  std::string text = formatReceipt(receipt);
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nindex 1\n"));
  EXPECT_TRUE(verifyReceipt(text, "entry", key));
  EXPECT_FALSE(verifyReceipt(text, "entrY", key));
  EXPECT_FALSE(verifyReceipt(text, "entry", {key.name, crypto::generateKeyPair().publicKey}));
  receipt.extra = "a file name";
  std::string withExtra = formatReceipt(receipt);
  EXPECT_EQ(parseReceipt(withExtra)->extra, "a file name");
  EXPECT_TRUE(verifyReceipt(withExtra, "entry", key));
  // Nothing of a receipt may be changed or left away but a swap of index and proof that proves the same, which there is
  // not.
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string bad = text;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_FALSE(verifyReceipt(bad, "entry", key)) << i;
    EXPECT_FALSE(verifyReceipt(text.substr(0, i), "entry", key)) << i;
  }
  for (std::string_view bad :
       {"", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\nindex 0\n\n", "c2sp.org/tlog-proof@v1\nindex 00\n\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\n", "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n"}) {
    EXPECT_FALSE(parseReceipt(bad)) << bad;
  }
  std::string endless = "c2sp.org/tlog-proof@v1\nindex 0\n";
  for (int i = 0; i < 64; ++i) endless += base64Encode(crypto::view(leaf)) + "\n";
  EXPECT_EQ(parseReceipt(endless + "\n").error(), "the receipt's proof is too long");
}

}  // namespace
}  // namespace regesta::ledger
