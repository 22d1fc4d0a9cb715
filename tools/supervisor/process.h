// A service as a process: a child with exactly the descriptors that it is handed.
//
// The child leads a process group of its own, so that a terminal's ^C reaches the supervisor alone,
// which then asks its services one after the other. It is killed by the system when the supervisor
// dies, however that happens. Its stdout is the supervisor's; its stderr comes here and is relayed.
//
// Thread: the supervisor's, which must be the one that lives as long as the process: the system
// ties the child to it.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_PROCESS_H_
#define JACKFIELD_TOOLS_SUPERVISOR_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "kernel/node.h"
#include "tools/supervisor/relay.h"
#include "tools/supervisor/running.h"
#include "tools/wiring/surroundings.h"

namespace jackfield {

struct ProcessStart {
  size_t service = 0;              // for the watcher
  std::string program;             // a path
  std::vector<std::string> words;  // argv, the name it is shown by first
  std::string grants;              // for JACKFIELD_GRANTS
  Surroundings surroundings;
  std::vector<OwnedFd> handed;  // keep their numbers in the child; closed here
  bool reads_stdin = false;     // else its stdin is /dev/null
  bool logs_stdout = false;     // its stdout is relayed as its stderr is
};

// Requires: `node` and `watcher` outlive it.
// Errors: RESOURCE_EXHAUSTED (processes, descriptors), with the limit's name. A program that cannot
// be executed ends with status 127, its reason on its stderr.
absl::StatusOr<std::unique_ptr<RunningService>> StartProcess(Node& node, ProcessStart start,
                                                             Relay relay,
                                                             RunningService::Watcher& watcher);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_PROCESS_H_
