#pragma once
#include <cstddef>
#include <cstdint>

/// The limits of connections and of what callers may hold at once, by name. Separate from base/limits.h, which most
/// files of the program include. Those with a setting are its default.
namespace regesta::limits {

// Connections and request heads
inline constexpr std::size_t connections = 20'000;
inline constexpr std::size_t connectionsPerAddress = 2000;  // quota.connections-per-address; loopback is exempt
inline constexpr std::size_t requestHeaders = 200;          // header lines of one request
inline constexpr std::size_t queryFields = 2000;            // names in one query string

// Bodies
inline constexpr std::size_t largeBody = 32 * 1024 * 1024;  // on the routes that api/body_limit.cpp names
inline constexpr std::size_t openBody = 64 * 1024;          // a body on a route without credentials
inline constexpr int openBodySeconds = 10;                  // to receive all of it
inline constexpr int droppedBodySeconds = 5;                // to receive the rest of an unread body
inline constexpr std::size_t slowestBody =
    16 * 1024;                                      // bytes per second, of a body that is read before its handler runs
inline constexpr int uploadPatienceSeconds = 120;   // that a streamed body may be waited for beyond that rate
inline constexpr std::size_t slowestUpload = 1024;  // bytes per second, of a streamed body
inline constexpr std::size_t bodiesPerCaller = 64 * 1024 * 1024;  // bytes of whole bodies in memory, of one identity
inline constexpr std::size_t countedBody = 16 * 1024;             // smaller whole bodies count only in the total

// What lasts
inline constexpr std::size_t streams = 12'000;         // open event streams and long polls, all together
inline constexpr std::size_t streamsPerCaller = 200;   // quota.streams
inline constexpr std::size_t transfers = 4000;         // uploads under way, all together
inline constexpr std::size_t transfersPerCaller = 64;  // quota.uploads

// Memory that a small body may turn into
inline constexpr std::size_t jsonValues = 1'000'000;             // values in one JSON text
inline constexpr std::size_t jsonMembers = 20'000;               // members of one object
inline constexpr std::size_t protobufMemory = 64 * 1024 * 1024;  // of one decoded message
inline constexpr std::size_t decodedMemory = 192 * 1024 * 1024;  // of all bodies being unpacked, parsed or decoded
inline constexpr std::size_t weighedBody = 64 * 1024;            // smaller ones are not looked at

// Spans of requests, see server/request_tracing.h
inline constexpr std::size_t spansWaiting = 8192;    // for the receiver; further ones are dropped
inline constexpr std::size_t spansPerExport = 1024;  // in one request to the receiver

// Signing in
inline constexpr int passwordFailures = 5;             // of one name from one address, before it has to wait
inline constexpr int addressFailures = 100;            // of one address, whatever the names
inline constexpr int nameFailures = 100;               // of one name, from addresses it never signed in from
inline constexpr std::size_t passwordChecks = 8;       // hashes under way or waiting for their turn
inline constexpr std::size_t passwordChecksKnown = 8;  // further ones, of names from addresses they signed in from
inline constexpr std::size_t passwordFollowers = 32;   // requests that wait for the check of the same credentials

}  // namespace regesta::limits
