// A built-in service as a thread of this process, with a node of its own. For media that join only
// what is in one process.
//
// A thread cannot be killed: Kill() ends the whole program. Its stderr is the program's, unchanged.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_THREAD_H_
#define JACKFIELD_TOOLS_SUPERVISOR_THREAD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernel/node.h"
#include "services/service.h"
#include "tools/supervisor/outlet.h"
#include "tools/supervisor/running.h"

namespace jackfield {

// Requires: `node` (the supervisor's), `outlet` and `watcher` outlive it.
// Errors: as Node::Create; RESOURCE_EXHAUSTED (threads).
absl::StatusOr<std::unique_ptr<RunningService>> StartThread(Node& node, size_t service,
                                                            Grants grants, ServiceFunction run,
                                                            Outlet& outlet,
                                                            RunningService::Watcher& watcher);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_THREAD_H_
