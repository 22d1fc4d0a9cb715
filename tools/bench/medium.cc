#include "tools/bench/medium.h"

namespace jackfield::bench {
namespace {

constexpr MediumOfScheme kMedia[] = {
    {.scheme = "unix", .type = "", .medium = Medium::kUnixStream, .name = "unix stream"},
    {.scheme = "unix", .type = "stream", .medium = Medium::kUnixStream, .name = "unix stream"},
    {.scheme = "unix",
     .type = "seqpacket",
     .medium = Medium::kUnixPackets,
     .name = "unix seqpacket"},
    {.scheme = "unix", .type = "dgram", .medium = Medium::kUnixDatagrams, .name = "unix datagrams"},
    {.scheme = "udp", .type = "", .medium = Medium::kUdp, .name = "udp loopback"},
    {.scheme = "mq", .type = "", .medium = Medium::kPosixQueue, .name = "POSIX queue pair"},
    {.scheme = "sysv", .type = "", .medium = Medium::kSysvQueue, .name = "SysV queue pair"},
    {.scheme = "tcp", .type = "", .medium = Medium::kTcp, .name = "tcp loopback"},
    {.scheme = "pipe", .type = "", .medium = Medium::kPipe, .name = "pipe pair"},
    {.scheme = "fifo", .type = "", .medium = Medium::kFifo, .name = "FIFO pair"},
    {.scheme = "inproc", .type = "", .medium = Medium::kMemory, .name = "memory rings"},
    {.scheme = "shm", .type = "", .medium = Medium::kSharedMemory, .name = "shared memory rings"},
};
constexpr MediumOfScheme kOther = {
    .scheme = "", .type = "", .medium = Medium::kNone, .name = "no floor"};

}  // namespace

std::span<const MediumOfScheme> Media() { return kMedia; }

const MediumOfScheme& FindMedium(const Address& address) {
  for (const MediumOfScheme& row : kMedia) {
    if (row.scheme == address.scheme() && row.type == address.Find("type").value_or("")) return row;
  }
  return kOther;
}

absl::StatusOr<Caps> CapsOfServed(const Address& address, const Registry& registry) {
  absl::StatusOr<Registry::Stacked> stacked =
      registry.Stack(address.Without("spin").Without("on_full"), Role::kServe, CallNeeds());
  if (!stacked.ok()) return stacked.status();
  return stacked->caps;
}

}  // namespace jackfield::bench
