#include "services/once/once.h"

#include <random>

namespace jackfield::once {

Keys::Keys() {
  std::random_device random;
  do {
    client_ = uint64_t{random()} << 32 | random();
  } while (client_ == 0);
}

namespace once_internal {

absl::Status Keyless() {
  return absl::InvalidArgumentError(
      "the request has no key  try: CallOnce (services/once/once.h), and from the shell "
      "\"key\": {\"client\": 1, \"number\": 1}, with another number each time");
}

absl::Status Sum(const Tries& tries, bool again, const absl::Status& last) {
  if (!again || last.code() != absl::StatusCode::kAborted) return tries.Sum(last);
  return MakeStatus(Outcome::kInDoubt, Reason::kPeerDied, static_cast<int>(last.code()),
                    std::string(last.message()));
}

}  // namespace once_internal
}  // namespace jackfield::once
