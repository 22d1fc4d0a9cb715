// The secrets of a service as files for it alone: each a sealed piece of memory without a name,
// which the service inherits and nobody can change. NAME_FILE says where it is: /proc/self/fd/N, to
// be opened as any file, by whatever stands in front of the service, too.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_SECRET_FILES_H_
#define JACKFIELD_TOOLS_SUPERVISOR_SECRET_FILES_H_

#include <vector>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"
#include "tools/wiring/environment.h"
#include "tools/wiring/secrets.h"

namespace jackfield {

// Adds each to `handed`, which the service inherits under the same numbers, and to `environment`
// where it is. Errors: RESOURCE_EXHAUSTED (descriptors, memory).
absl::Status HandSecrets(const std::vector<Secret>& secrets, std::vector<OwnedFd>& handed,
                         Variables& environment);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_SECRET_FILES_H_
