// A status for a client whose connection the system refused: SysError's, and for a place that does
// not exist also what most likely is missing.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_CONNECT_ERROR_H_
#define JACKFIELD_TRANSPORTS_ENGINE_CONNECT_ERROR_H_

#include <cerrno>
#include <string>
#include <string_view>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"

namespace jackfield {

inline absl::Status ConnectError(int error, std::string_view what) {
  const absl::Status status = SysError(error, what);
  if (error != ENOENT) return status;
  return Refused(Reason::kUnreachable,
                 Text(std::string(status.message()), "; is the service running?"));
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_CONNECT_ERROR_H_
