// What the kernel gives to sockets.
#include "tools/doctor/checks.h"

namespace jackfield::doctor {
namespace {

constexpr std::string_view kNotShown = "not shown in this network namespace";
constexpr uint64_t kBufferBytes = 212'992;  // the kernel's own choice

}  // namespace

Finding CheckDatagramQueue(const Machine& machine) {
  return CheckNumber(machine, {.name = "net.unix.max_dgram_qlen",
                               .least = 10,
                               .below = "senders of unix:?type=dgram wait often",
                               .absent_mark = Mark::kOk,
                               .absent = kNotShown});
}

Finding CheckReceiveBuffer(const Machine& machine) {
  return CheckNumber(machine, {.name = "net.core.rmem_max",
                               .least = kBufferBytes,
                               .is_bytes = true,
                               .below = "udp: loses bursts, and sends them again",
                               .absent_mark = Mark::kOk,
                               .absent = kNotShown});
}

Finding CheckSendBuffer(const Machine& machine) {
  return CheckNumber(machine, {.name = "net.core.wmem_max",
                               .least = kBufferBytes,
                               .is_bytes = true,
                               .below = "unix:?type=dgram may be refused, udp: is slower",
                               .absent_mark = Mark::kOk,
                               .absent = kNotShown});
}

}  // namespace jackfield::doctor
