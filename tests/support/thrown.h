#pragma once
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace regesta {

/// The message of the Error that `fn` threw. Fails the test when it threw none, or one of another code.
template <class Fn>
std::string thrown(Code code, Fn&& fn) {
  try {
    fn();
  } catch (const Error& failure) {
    EXPECT_EQ(codeName(failure.code), codeName(code)) << failure.message;
    return failure.message;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// The code of the Error that `fn` threw. Fails the test when it threw none.
template <class Fn>
Code thrownCode(Fn&& fn) {
  try {
    fn();
  } catch (const Error& failure) {
    return failure.code;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Code::internal;
}

}  // namespace regesta
