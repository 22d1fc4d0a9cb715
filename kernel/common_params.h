// The parameters that every address understands, whichever its medium: ?on_full= is the channel's,
// ?spin= the node's. No transport sees them.
#ifndef JACKFIELD_KERNEL_COMMON_PARAMS_H_
#define JACKFIELD_KERNEL_COMMON_PARAMS_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/loop/loop.h"

namespace jackfield {

enum class OnFull : uint8_t { kWait, kFail, kDropOldest, kDropNewest };

// What the address says of it, if it does. Errors: INVALID_ARGUMENT.
absl::StatusOr<std::optional<OnFull>> ReadOnFull(const Address& address);
// In nanoseconds, or Spin::kAlways, Spin::kLearned. Errors: INVALID_ARGUMENT.
absl::StatusOr<std::optional<int64_t>> ReadSpin(const Address& address);

// Obeys what the address says of spinning, which is the whole loop's and not one link's, and takes
// it out. Errors: INVALID_ARGUMENT.
absl::StatusOr<Address> TakeSpin(const Address& address, Loop& loop);

// What is left for the transport.
Address WithoutCommonParams(const Address& address);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_COMMON_PARAMS_H_
