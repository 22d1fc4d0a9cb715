// Whether a request is answered. A browser asks on behalf of any page that it shows, and any user
// of the machine reaches a port of it; so:
//
// - only GET, since nothing is changed from here;
// - only under an address ("127.0.0.1:7700") or "localhost": a page of somebody else whose name is
//   made to lead here (DNS rebinding) comes under that name;
// - where there is a token, only with it, as `?token=…` or in a cookie.
//
// Thread: any; a plain value.
#ifndef JACKFIELD_TOOLS_WEB_GUARD_H_
#define JACKFIELD_TOOLS_WEB_GUARD_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace jackfield::web {

// What a request says, as far as it is looked at.
struct Asked {
  std::string_view method, path;
  std::string_view host;     // "": it names none
  std::string_view token;    // as in the URL
  std::string_view cookie;   // as in the cookie
  std::string_view service;  // as in the URL
};

struct Refusal {
  int status;  // of HTTP
  std::string sentence;
};

// 128 random bits, in hex. Errors: UNAVAILABLE.
absl::StatusOr<std::string> NewToken();

class Guard {
 public:
  explicit Guard(std::string token) : token_(std::move(token)) {}  // "": none is wanted

  std::optional<Refusal> Check(const Asked& asked) const;
  const std::string& token() const { return token_; }

 private:
  std::string token_;
};

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_GUARD_H_
