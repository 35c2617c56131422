#include "tracking/names.h"

#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/id.h"

namespace regesta::tracking {
namespace {

constexpr std::string_view adjectives[] = {
    "agile",  "alert",  "amber",  "ample",  "bold",    "brave",  "bright", "brisk",  "calm",   "clear",
    "clever", "cosy",   "crisp",  "deft",   "eager",   "early",  "fair",   "famous", "fast",   "fine",
    "firm",   "fond",   "frank",  "fresh",  "gentle",  "glad",   "golden", "grand",  "green",  "handy",
    "happy",  "hardy",  "honest", "humble", "ideal",   "jolly",  "keen",   "kind",   "lively", "loyal",
    "lucid",  "lucky",  "mellow", "merry",  "mild",    "modest", "neat",   "nimble", "noble",  "patient",
    "plain",  "polite", "prime",  "proud",  "quick",   "quiet",  "rapid",  "ready",  "robust", "royal",
    "serene", "sharp",  "silent", "smart",  "solid",   "sound",  "steady", "still",  "strong", "sunny",
    "swift",  "tidy",   "true",   "upbeat", "valiant", "vivid",  "warm",   "wise",   "witty",  "zesty"};

constexpr std::string_view nouns[] = {
    "adder",  "alpaca", "badger",  "beaver",  "bison",  "bobcat",  "camel",  "chough", "cicada", "condor",
    "cougar", "crane",  "cricket", "curlew",  "dingo",  "dunlin",  "eagle",  "egret",  "ermine", "falcon",
    "ferret", "gannet", "gazelle", "gecko",   "gibbon", "heron",   "hoopoe", "husky",  "ibex",   "ibis",
    "impala", "jackal", "jaguar",  "kestrel", "kiwi",   "lapwing", "lemur",  "linnet", "lizard", "llama",
    "magpie", "marten", "marmot",  "martin",  "mole",   "newt",    "ocelot", "okapi",  "osprey", "otter",
    "oyster", "petrel", "pigeon",  "pipit",   "plover", "puffin",  "puma",   "rail",   "raven",  "robin",
    "salmon", "serval", "siskin",  "skylark", "snipe",  "stoat",   "stork",  "swift",  "tapir",  "teal",
    "tern",   "thrush", "tiger",   "toucan",  "trout",  "vole",    "weasel", "whale",  "wombat", "wren"};

}  // namespace

std::string randomName() {
  std::uint32_t dice[3];
  std::memcpy(dice, randomBytes(sizeof dice).data(), sizeof dice);
  return fmt::format("{}-{}-{}", adjectives[dice[0] % std::size(adjectives)], nouns[dice[1] % std::size(nouns)],
                     dice[2] % 1001);
}

}  // namespace regesta::tracking
