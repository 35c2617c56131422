#include "tracking/names.h"

#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/id.h"

namespace regesta::tracking {
namespace {

// All of them are words of the names that MLflow makes: its clients and tools know such a name as a random one.
constexpr std::string_view adjectives[] = {
    "able",     "adaptable", "ambitious",  "amusing",     "beautiful", "big",        "bold",      "bouncy",
    "bright",   "calm",      "capable",    "carefree",    "caring",    "casual",     "charming",  "classy",
    "clean",    "colorful",  "dapper",     "delightful",  "efficient", "fearless",   "fortunate", "funny",
    "gentle",   "gifted",    "gregarious", "intelligent", "judicious", "kindly",     "learned",   "luminous",
    "lyrical",  "nimble",    "orderly",    "overjoyed",   "painted",   "peaceful",   "placid",    "polite",
    "popular",  "powerful",  "rare",       "receptive",   "resilient", "respected",  "righteous", "serious",
    "silent",   "sincere",   "skillful",   "smiling",     "sneaky",    "stately",    "stylish",   "thoughtful",
    "trusting", "unique",    "upbeat",     "useful",      "valuable",  "victorious", "wise",      "youthful"};

constexpr std::string_view nouns[] = {
    "ant",   "bat",   "bear",   "bee",     "bird",   "calf",  "carp",   "cat",   "colt",  "conch", "crab",    "crane",
    "crow",  "deer",  "dog",    "dolphin", "donkey", "dove",  "duck",   "fawn",  "finch", "fish",  "fox",     "frog",
    "goat",  "goose", "grouse", "gull",    "hare",   "hawk",  "hound",  "jay",   "kite",  "koi",   "lamb",    "lark",
    "lynx",  "mare",  "mink",   "mole",    "moose",  "moth",  "mouse",  "newt",  "owl",   "panda", "penguin", "perch",
    "quail", "ram",   "ray",    "robin",   "seal",   "sheep", "shrimp", "snail", "squid", "stag",  "stoat",   "stork",
    "swan",  "tern",  "toad",   "trout",   "turtle", "vole",  "whale",  "wolf",  "wren",  "yak",   "zebra"};

}  // namespace

std::string randomName() {
  std::uint32_t dice[3];
  std::memcpy(dice, randomBytes(sizeof dice).data(), sizeof dice);
  return fmt::format("{}-{}-{}", adjectives[dice[0] % std::size(adjectives)], nouns[dice[1] % std::size(nouns)],
                     dice[2] % 1001);
}

}  // namespace regesta::tracking
