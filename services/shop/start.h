// What the five services begin with: their arguments, and channels that are there.
//
// Thread: the service's.
#ifndef JACKFIELD_SERVICES_SHOP_START_H_
#define JACKFIELD_SERVICES_SHOP_START_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "jackfield/channel.h"
#include "jackfield/service.h"

namespace jackfield::shop {

// Arguments of the form --name NUMBER. The last one counts.
class Numbers {
 public:
  // Errors: INVALID_ARGUMENT: a name that is not among `known`, or no number.
  static absl::StatusOr<Numbers> Parse(std::span<const std::string> args,
                                       std::span<const std::string_view> known);
  uint64_t Get(std::string_view name, uint64_t otherwise) const;

 private:
  std::map<std::string, uint64_t, std::less<>> numbers_;
};

inline constexpr nanoseconds kConnectTimeout = 60s;  // a service may be being started again

// The channel of a role, open. Waits for a service that is being started again.
absl::StatusOr<std::unique_ptr<Channel>> ConnectOpen(Service& service, std::string_view role);

// Ends the process in the middle of its work now and then, as a fault would: nothing is closed or
// said, but for a line on stderr.
class CrashNowAndThen {
 public:
  CrashNowAndThen(std::string_view name, uint64_t every) : name_(name), every_(every) {}
  // One more piece of work. Returns, but for every `every`-th time.
  void Step();

 private:
  const std::string name_;
  const uint64_t every_;  // 0: never
  uint64_t steps_ = 0;
};

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_START_H_
