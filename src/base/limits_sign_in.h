#pragma once
#include <cstddef>

/// The limits of signing in through an identity provider, by name. Separate from base/limits.h, which most files of the
/// program include.
namespace regesta::limits {

// What an identity provider may answer
inline constexpr std::size_t providerAnswer = 256 * 1024;  // bytes: discovery, keys, tokens, userinfo
inline constexpr int providerSeconds = 10;                 // for each of them, all of it
inline constexpr std::size_t idToken = 64 * 1024;
inline constexpr std::size_t signingKeys = 100;      // in one key set
inline constexpr std::size_t subjectLength = 255;    // OpenID Connect Core section 2
inline constexpr std::size_t providerGroups = 2000;  // of one person
inline constexpr std::size_t providerCalls = 4;  // sign-ins that wait for the provider at once; others must try again

// What a browser brings along
inline constexpr std::size_t signInBack = 2048;  // the place to go back to
inline constexpr std::size_t signInCode = 4096;  // an authorization code
inline constexpr std::size_t signInWords = 500;  // of a failure, on their way to the sign-in page

}  // namespace regesta::limits
