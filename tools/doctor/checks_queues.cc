// What the kernel allows of message queues: POSIX (mq:) and System V (sysv:).
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/doctor/checks.h"

namespace jackfield::doctor {
namespace {

constexpr std::string_view kNoMq = "the kernel has no POSIX queues: mq: does not work";
constexpr std::string_view kNoSysv = "the kernel has no System V queues: sysv: does not work";
// Of a queue, where the address does not say another.
constexpr uint64_t kDepth = 10, kMessageBytes = 8 << 10;
constexpr uint64_t kQueuesFew = 16;
// What the kernel counts for each message of a queue beside its bytes (mq_overview(7)).
constexpr uint64_t kOverheadBytes = 96;
constexpr uint64_t kQueueBytes = kDepth * (kMessageBytes + kOverheadBytes);

}  // namespace

Finding CheckMqMessages(const Machine& machine) {
  return CheckNumber(machine, {.name = "fs.mqueue.msg_max",
                               .least = kDepth,
                               .below = "mq: is refused without a smaller ?depth=",
                               .absent = kNoMq});
}

Finding CheckMqMessageBytes(const Machine& machine) {
  return CheckNumber(machine, {.name = "fs.mqueue.msgsize_max",
                               .least = kMessageBytes,
                               .is_bytes = true,
                               .below = "mq: is refused without a smaller ?frame=",
                               .absent = kNoMq});
}

Finding CheckMqQueues(const Machine& machine) {
  return CheckNumber(machine, {.name = "fs.mqueue.queues_max",
                               .least = kQueuesFew,
                               .below = "each service and client of mq: has one",
                               .absent = kNoMq});
}

Finding CheckMqBytesOfUser(const Machine& machine) {
  Finding finding{.what = "RLIMIT_MSGQUEUE"};
  const std::optional<Limit> limit = LimitOf(machine, "Max msgqueue size");
  if (!limit) {
    finding.mark = Mark::kWarn;
    finding.value = "/proc/self/limits does not tell it";
    return finding;
  }
  if (limit->soft == UINT64_MAX) {
    finding.value = "unlimited";
    return finding;
  }
  const uint64_t queues = limit->soft / kQueueBytes;
  finding.value = Text(FormatBytes(limit->soft), ": ", queues, queues == 1 ? " queue" : " queues",
                       ", and each service and client of mq: has one");
  if (queues >= 2) return finding;
  finding.mark = Mark::kWarn;
  finding.value += "; there is none for a client";
  finding.help = Text("ulimit -q ", kQueueBytes * kQueuesFew, ", or mq: with ?depth= and ?frame=");
  return finding;
}

Finding CheckSysvMessageBytes(const Machine& machine) {
  return CheckNumber(machine, {.name = "kernel.msgmax",
                               .least = kMessageBytes,
                               .is_bytes = true,
                               .below = "sysv: is refused without a smaller ?frame=",
                               .absent = kNoSysv});
}

Finding CheckSysvQueueBytes(const Machine& machine) {
  return CheckNumber(machine, {.name = "kernel.msgmnb",
                               .least = 2 * kMessageBytes,
                               .is_bytes = true,
                               .below = "sysv: has no room for two messages in a queue",
                               .absent = kNoSysv});
}

Finding CheckSysvQueues(const Machine& machine) {
  return CheckNumber(machine, {.name = "kernel.msgmni",
                               .least = kQueuesFew,
                               .below = "each service and client of sysv: has one",
                               .absent = kNoSysv});
}

}  // namespace jackfield::doctor
