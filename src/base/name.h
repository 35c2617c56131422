#pragma once
#include <string>
#include <string_view>

namespace regesta {

/// Why people would misread this UTF-8 text as a name, as a rule that follows a field's name ("must not …"); empty:
/// they would not. Refused are characters that nobody sees or that steer the text around them, blanks at either end,
/// what is not in the form NFC, and words or signs that look like other letters: scripts mixed within a word, and
/// non-ASCII text that looks like ASCII but is neither a word in one script ("сахар") nor a usual sign. A word in one
/// script can look like another name: compare skeletons where that matters. Every name that a client gives to something
/// goes through this (native/src/names.rs).
std::string_view nameFault(std::string_view text);
/// The same for names that other products let people choose freely (experiments, runs, scorers): only invisible
/// characters and spaces at either end are refused.
std::string_view hiddenFault(std::string_view text);
/// True for a text with invisible characters: controls, zero-width, bidirectional controls, private use.
bool hasInvisible(std::string_view text);
/// What the text looks like: two names that are drawn alike have the same skeleton (UTS 39, section 4).
std::string nameSkeleton(std::string_view text);
/// True for two different names that differ in case only, or in letters that look the same: "Rita", "rita"; "c1", "cl".
bool areConfusable(std::string_view a, std::string_view b);

}  // namespace regesta
