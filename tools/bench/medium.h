// What the bench must know about the schemes themselves: this table is the one place. (A tool may;
// the kernel and the services may not.)
#ifndef JACKFIELD_TOOLS_BENCH_MEDIUM_H_
#define JACKFIELD_TOOLS_BENCH_MEDIUM_H_

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/caps.h"
#include "kernel/registry.h"

namespace jackfield::bench {

// A medium that the floors can drive without the bus.
enum class Medium {
  kNone,
  kUnixStream,
  kUnixPackets,
  kTcp,
  kPipe,
  kFifo,
  kMemory,
  kSharedMemory,
  // Messages without a connection: round trips only (floor_posts.h).
  kUnixDatagrams,
  kUdp,
  kPosixQueue,
  kSysvQueue,
};

struct MediumOfScheme {
  std::string_view scheme;
  std::string_view type;  // of ?type=, "" where the address has none
  Medium medium;
  std::string_view name;  // for people
};

std::span<const MediumOfScheme> Media();

// The row for `address`; a scheme that is not in the table gets Medium::kNone.
const MediumOfScheme& FindMedium(const Address& address);

// Caps of `address` for a server, less the parameters that are the channel's and the node's own.
absl::StatusOr<Caps> CapsOfServed(const Address& address, const Registry& registry);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_MEDIUM_H_
