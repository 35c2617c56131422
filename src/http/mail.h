#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace regesta::http {

/// The server that takes the mail of this program, by SMTP.
struct MailServer {
  std::string url;             ///< "smtp://mail.example:587" or "smtps://…"; empty: no mail is sent
  std::string from;            ///< address of the sender
  std::string user, password;  ///< empty: no sign-in
  std::string caFile;          ///< empty: the system's
  bool encrypt = true;         ///< smtp: only after STARTTLS
  bool isSet() const { return !url.empty(); }
};

struct Mail {
  std::string id;  ///< the same for the same mail: receivers drop what they have; letters and digits
  std::string to, subject, text;
};

/// "name@host.example", in ASCII, without names, comments and quoted parts.
bool isMailAddress(std::string_view address);
/// Returns when the server has taken it. Throws Error{unavailable} if it did not and may later, Error{refused} if it
/// never will.
void sendMail(const MailServer& server, const Mail& mail);

}  // namespace regesta::http
