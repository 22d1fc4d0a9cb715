// Where the program listens.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WEB_LISTENING_H_
#define JACKFIELD_TOOLS_WEB_LISTENING_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"

namespace jackfield::web {

struct Listening {
  OwnedFd fd;
  std::string place;         // "127.0.0.1:43211", with the port that was chosen
  bool is_loopback = false;  // else other machines may reach it
};

// text: ADDRESS:PORT, such as 127.0.0.1:7700, [::1]:7700 or localhost:0; port 0 takes a free one.
// Errors: INVALID_ARGUMENT (it is not that); UNAVAILABLE (it is in use, or may not be had; says
// what helps).
absl::StatusOr<Listening> Listen(std::string_view text);

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_LISTENING_H_
