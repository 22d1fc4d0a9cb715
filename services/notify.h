// Readiness, told to a service manager that waits for it: systemd's Type=notify, and whoever speaks
// the same protocol, a datagram to the socket that NOTIFY_SOCKET names.
#ifndef JACKFIELD_SERVICES_NOTIFY_H_
#define JACKFIELD_SERVICES_NOTIFY_H_

#include <string_view>

#include "absl/status/status.h"

namespace jackfield {

// Sends `state`, such as "READY=1", to `socket`, as NOTIFY_SOCKET has it: a path, or '@' and an
// abstract name. Thread: any. Errors: INVALID_ARGUMENT: it is no such name; else why it was not
// sent.
absl::Status NotifyManager(std::string_view socket, std::string_view state);

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_NOTIFY_H_
