#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "fixture.h"
#include "ledger/consistency.h"
#include "ledger/receipt.h"
#include "ledger/verify_cosigned.h"
#include "ledger/witnessing.h"

namespace regesta::ledger {
namespace {

std::string bigEndianBytes(std::uint64_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text.push_back(static_cast<char>(number >> shift & 0xff));
  return text;
}

/// The line that a witness adds to a checkpoint (C2SP tlog-cosignature); `text` is the note's text.
std::string cosignatureLine(std::string_view text, std::string_view name, const crypto::KeyPair& key,
                            std::int64_t seconds) {
  WitnessKey own{std::string(name), key.publicKey};
  std::string signature = crypto::sign(key, fmt::format("cosignature/v1\ntime {}\n{}", seconds, text));
  return fmt::format(
      "\u2014 {} {}\n", name,
      base64Encode(bigEndianBytes(own.id(), 4) + bigEndianBytes(static_cast<std::uint64_t>(seconds), 8) + signature));
}

/// A witness as C2SP tlog-witness describes it, with its own state.
struct FakeWitness {
  explicit FakeWitness(std::string theName) : name(std::move(theName)) {}

  std::string name;
  crypto::KeyPair key = crypto::generateKeyPair();
  Checkpoint seen{"", 0, emptyRoot()};
  int calls = 0, fails = 0;
  std::string reply;  ///< instead of a cosignature
  std::int64_t time = 0;

  WitnessKey publicKey() const { return {name, key.publicKey}; }
  WitnessReply post(const std::string& body, const VerifierKey& log) {
    ++calls;
    if (fails > 0) throw error(Code::unavailable, "connection refused");
    auto request = parseExtension(body);
    auto checkpoint = openCheckpoint(request->note, log);
    if (!checkpoint) return {403, "text/plain", "unknown key"};
    if (request->old != seen.size) return {409, "text/x.tlog.size", fmt::format("{}\n", seen.size)};
    if (!verifyConsistency(seen.size, checkpoint->size, request->proof, seen.root, checkpoint->root))
      return {422, "text/plain", "bad proof"};
    seen = *checkpoint;
    if (!reply.empty()) return {200, "text/plain", reply};
    return {200, "text/plain",
            cosignatureLine(parseNote(request->note)->text, name, key, time ? time : nowMillis() / 1000)};
  }
};

class WitnessTest : public LedgerTest {
 protected:
  WitnessPolicy policyOf(std::size_t required) {
    std::string text;
    std::string members;
    for (const FakeWitness* one : {&anna, &bert, &carl}) {
      text += fmt::format("witness {} {} https://{}/\n", one->name, one->publicKey().text(), one->name);
      members += " " + one->name;
    }
    auto policy = parseWitnessPolicy(fmt::format("# ours\n{}group most {}{}\nquorum most\n", text, required, members));
    EXPECT_TRUE(policy) << policy.error();
    return *policy;
  }
  Witnessing::Options witnesses(std::size_t required) {
    Witnessing::Options options{.policy = policyOf(required), .connect = {}};
    options.connect = [this](const Witness& witness) -> PostToWitness {
      FakeWitness* one = witness.name == "anna" ? &anna : witness.name == "bert" ? &bert : &carl;
      return [this, one](const std::string& body) { return one->post(body, verifier()); };
    };
    options.file = tiles() + "/checkpoint.cosigned";
    return options;
  }
  FakeWitness anna{"anna"}, bert{"bert"}, carl{"carl"};
};

TEST_F(WitnessTest, CheckpointsAreCosignedByAQuorumAndReceiptsCarryTheCosignatures) {
  Log log(*database_, options());
  log.recover();
  append(0, 300);
  log.integrate();
  Witnessing witnessing(*database_, log, witnesses(2));
  witnessing.open();
  auto opened = openCosigned(log.cosignedCheckpoint(), verifier(), policyOf(3));
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ(opened->checkpoint.size, 300);
  EXPECT_EQ(opened->witnesses.size(), 3u);
  EXPECT_EQ(file::readFile(tiles() + "/checkpoint.cosigned"), log.cosignedCheckpoint());

  append(300, 5);
  log.integrate();
  carl.fails = 1;
  witnessing.round();
  EXPECT_EQ(openCosigned(witnessing.cosigned(), verifier(), policyOf(2))->checkpoint.size, 305);
  EXPECT_FALSE(openCosigned(witnessing.cosigned(), verifier(), policyOf(3)));
  EXPECT_EQ(witnessing.summary().witnesses[2].fault, "connection refused");

  bert.fails = 1;
  append(305, 5);
  log.integrate();
  witnessing.round();
  EXPECT_EQ(openCosigned(witnessing.cosigned(), verifier(), policyOf(2))->checkpoint.size, 305) << "one is not enough";
  EXPECT_EQ(parseReceipt(log.receipt(304))->note, witnessing.cosigned());
  EXPECT_EQ(parseReceipt(log.receipt(305))->note, log.checkpoint()) << "newer than what is cosigned";

  bert.fails = carl.fails = 0;  // they are asked again from what they have seen
  append(310, 1);
  log.integrate();
  witnessing.round();
  EXPECT_EQ(openCosigned(witnessing.cosigned(), verifier(), policyOf(3))->checkpoint.size, 311);
  int calls = anna.calls;
  witnessing.round();
  EXPECT_EQ(anna.calls, calls) << "nothing is new";
}

TEST_F(WitnessTest, ForgedAndOldCosignaturesDoNotCount) {
  Log log(*database_, options());
  log.recover();
  append(0, 3);
  log.integrate();
  std::string other = signCheckpoint({"example.com/test-ledger", 2, emptyRoot()}, key_);
  anna.reply = cosignatureLine(parseNote(other)->text, "anna", anna.key, nowMillis() / 1000);
  bert.reply = cosignatureLine(parseNote(log.checkpoint())->text, "bert", carl.key, nowMillis() / 1000);
  carl.time = nowMillis() / 1000 - 90'000;
  Witnessing witnessing(*database_, log, witnesses(1));
  witnessing.open();
  EXPECT_EQ(witnessing.cosigned(), "");
  auto states = witnessing.summary().witnesses;
  EXPECT_EQ(states[0].fault, "the cosignature by anna does not match the checkpoint");
  EXPECT_NE(states[1].fault.find("no cosignature by the key bert"), std::string::npos) << states[1].fault;
  EXPECT_NE(states[2].fault.find("earlier time"), std::string::npos) << states[2].fault;
}

TEST_F(WitnessTest, ARewrittenLogIsRefusedAndADatabaseThatWasPutBackDoesNotOpen) {
  std::string cosigned;
  {
    Log log(*database_, options());
    log.recover();
    append(0, 20);
    log.integrate();
    Witnessing witnessing(*database_, log, witnesses(2));
    witnessing.open();
    cosigned = log.cosignedCheckpoint();
  }
  auto rewrite = [&](int entries) {
    database_.reset();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    openDatabase();
    db::migrate(*database_);
    auto log = std::make_unique<Log>(*database_, options());
    log->recover();
    append(0, entries);
    log->integrate();
    return log;
  };
  auto longer = rewrite(30);
  Witnessing after(*database_, *longer, witnesses(2));
  after.open();
  EXPECT_EQ(after.cosigned(), "");
  EXPECT_TRUE(after.summary().conflict);
  EXPECT_EQ(after.summary().witnesses[0].fault, "the tree does not extend the one of 20 entries that it has seen");

  auto shorter = rewrite(10);
  Witnessing behind(*database_, *shorter, witnesses(2));
  std::string why = thrown(Code::corrupt, [&] { behind.open(); });
  EXPECT_NE(why.find("has cosigned a checkpoint of 20 entries of this ledger; the database has 10"), std::string::npos)
      << why;
  auto same = rewrite(20);
  Witnessing contradicted(*database_, *same, witnesses(2));
  contradicted.open();
  EXPECT_TRUE(contradicted.summary().conflict);

  auto found = findCosigned({cosigned}, {"example.com/test-ledger", crypto::generateKeyPair().publicKey}, policyOf(2));
  ASSERT_EQ(found.findings.size(), 2u);
  EXPECT_NE(found.findings[0].find("the ledger was replaced by one with another key"), std::string::npos);
  EXPECT_TRUE(findCosigned({cosigned}, verifier(), policyOf(3)).newest);
}

TEST_F(WitnessTest, EntriesLongAfterTheCosignaturesAreNamed) {
  Cosigned newest{{"a", 10, emptyRoot()}, 1'800'000'000, {}};
  EXPECT_EQ(uncosignedFault(newest, 10, 1'900'000'000'000'000, 60), "");
  EXPECT_EQ(uncosignedFault(newest, 11, 1'800'000'060'000'000, 60), "");
  EXPECT_NE(uncosignedFault(newest, 11, 1'800'000'061'000'000, 60), "");
}

TEST(WitnessPolicy, NamesTheLineThatIsWrong) {
  crypto::KeyPair key = crypto::keyPairFromSeed(std::string(32, 'k'));
  std::string vkey = WitnessKey{"w.example", key.publicKey}.text();
  EXPECT_EQ(parseWitnessKey(vkey)->text(), vkey);
  auto faultOf = [](const std::string& text) {
    auto policy = parseWitnessPolicy(text);
    return policy ? std::string("none") : policy.error();
  };
  EXPECT_EQ(faultOf("witness a " + vkey + "\nquorum a\n"), "none");
  EXPECT_EQ(faultOf("witness a " + vkey + "\n"), "the line 'quorum NAME' is missing");
  EXPECT_EQ(faultOf("\nquorum b\n"), "line 2: 'b' is not defined above");
  EXPECT_EQ(faultOf("witness a " + vkey + "\nwitness b " + vkey + "\n"), "line 2: this key is listed already");
  EXPECT_EQ(faultOf("witness a " + vkey + "\ngroup g 2 a\n"), "line 2: the threshold must be any, all or 1 to 1");
  EXPECT_EQ(faultOf("witness a " + vkey + "\ngroup g all a a\n"), "line 2: the member 'a' is listed twice");
  EXPECT_EQ(faultOf("witness a " + VerifierKey{"w.example", key.publicKey}.text()).substr(0, 26),
            "line 1: the key is not for");
  WitnessKey same{"another", key.publicKey};
  EXPECT_FALSE(WitnessPolicy::anyOf({*parseWitnessKey(vkey), same}, 2).isSatisfiedBy({0}));
}

}  // namespace
}  // namespace regesta::ledger
