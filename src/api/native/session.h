#pragma once
#include "api/native/users.h"

namespace regesta::api::native {

struct SignIn {
  std::string user, password, token;
  static constexpr Field fields[] = {field<&SignIn::user>("user", about("with \"password\"; or a \"token\" alone")),
                                     field<&SignIn::password>("password", secret),
                                     field<&SignIn::token>("token", secret)};
};

/// Sets the session cookie and says who has signed in.
MeAnswer openSession(Call& call, const SignIn& asked);
Nothing closeSession(Call& call, const Nothing&);

}  // namespace regesta::api::native
