// The names of the services of a running wiring, without asking anybody: a supervisor or a service
// that is stuck holds nobody up. What is seen are processes, each with its grants in its
// environment: not services that are threads (inproc:), nor those that are not started or pause.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_RUNNING_SERVICE_NAMES_H_
#define JACKFIELD_TOOLS_RUNNING_SERVICE_NAMES_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace jackfield {

// Of the supervisor with that process number, in no order; empty where the kernel does not list
// children. root: stands in front of /proc; others in tests.
std::vector<std::string> ServiceProcesses(pid_t supervisor, const std::string& root = "");

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_SERVICE_NAMES_H_
