// The checks of `jackfield doctor`: one function for each limit or setting of the machine that
// matters to the bus. A new one is a function in one of the checks_*.cc and a line in checks.cc.
//
// Thread: any. They read, and change nothing; none waits for anybody.
#ifndef JACKFIELD_TOOLS_DOCTOR_CHECKS_H_
#define JACKFIELD_TOOLS_DOCTOR_CHECKS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/registry.h"
#include "tools/doctor/finding.h"
#include "tools/doctor/machine.h"
#include "transports/machine.h"
#include "transports/resources.h"

namespace jackfield::doctor {

using Check = Finding (*)(const Machine& machine);

// checks_system.cc
Finding CheckIoUring(const Machine& machine);
Finding CheckProc(const Machine& machine);
Finding CheckRuntimeDirectory(const Machine& machine);
Finding CheckInotifyInstances(const Machine& machine);
Finding CheckInotifyWatches(const Machine& machine);
// checks_state.cc
Finding CheckStateDirectory(const Machine& machine);
// checks_process.cc
Finding CheckDescriptors(const Machine& machine);
Finding CheckLockedMemory(const Machine& machine);
Finding CheckPendingSignals(const Machine& machine);
Finding CheckProcesses(const Machine& machine);
Finding CheckTasksOfGroups(const Machine& machine);
Finding CheckMemory(const Machine& machine);
Finding CheckSharedMemoryFiles(const Machine& machine);
// checks_queues.cc: POSIX, then System V
Finding CheckMqMessages(const Machine& machine);
Finding CheckMqMessageBytes(const Machine& machine);
Finding CheckMqQueues(const Machine& machine);
Finding CheckMqBytesOfUser(const Machine& machine);
Finding CheckSysvMessageBytes(const Machine& machine);
Finding CheckSysvQueueBytes(const Machine& machine);
Finding CheckSysvQueues(const Machine& machine);
// checks_network.cc
Finding CheckDatagramQueue(const Machine& machine);
Finding CheckReceiveBuffer(const Machine& machine);
Finding CheckSendBuffer(const Machine& machine);

// All of the above, in the order in which they are shown.
std::span<const Check> AllChecks();

// What the transports say of this machine themselves, a finding for each that asks for anything.
std::vector<Finding> CheckTransports(const Registry& registry, const MachineChecks& checks);
// What `jackfield clean` would remove.
Finding CheckLeftovers(const ResourcesList& resources);

// A number of /proc/sys that must not be too small: what most of the checks are.
struct NumberRule {
  std::string_view name;           // as sysctl(8) has it: "fs.mqueue.msg_max"
  uint64_t least = 0;              // below: kWarn
  bool is_bytes = false;           // for people
  std::string_view below;          // what then does not work
  Mark absent_mark = Mark::kWarn;  // where there is no such setting
  std::string_view absent;         // and what that means
};
Finding CheckNumber(const Machine& machine, const NumberRule& rule);

}  // namespace jackfield::doctor

#endif  // JACKFIELD_TOOLS_DOCTOR_CHECKS_H_
