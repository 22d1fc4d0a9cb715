#include "services/shop/start.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield::shop {

absl::StatusOr<Numbers> Numbers::Parse(std::span<const std::string> args,
                                       std::span<const std::string_view> known) {
  Numbers numbers;
  for (size_t i = 0; i < args.size(); i += 2) {
    if (std::find(known.begin(), known.end(), args[i]) == known.end()) {
      std::string names;
      for (const std::string_view name : known) names += Text(names.empty() ? "" : ", ", name);
      return absl::InvalidArgumentError(
          Text("cannot read \"", Escaped(args[i]), "\"; it takes ", names, ", each with a number"));
    }
    uint64_t number = 0;
    const std::string value = i + 1 < args.size() ? args[i + 1] : "";
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || value.empty()) {
      return absl::InvalidArgumentError(
          Text(args[i], " needs a number, such as 100, not \"", Escaped(value), "\""));
    }
    numbers.numbers_[args[i]] = number;
  }
  return numbers;
}

uint64_t Numbers::Get(std::string_view name, uint64_t otherwise) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? otherwise : found->second;
}

absl::StatusOr<std::unique_ptr<Channel>> ConnectOpen(Service& service, std::string_view role) {
  absl::StatusOr<std::unique_ptr<Channel>> channel =
      service.Connect(role, {.connect_timeout = kConnectTimeout});
  if (!channel.ok()) return channel;
  if (absl::Status open = (*channel)->WaitOpen(); !open.ok()) return open;
  return channel;
}

void CrashNowAndThen::Step() {
  if (every_ == 0 || ++steps_ < every_) return;
  std::fprintf(stderr, "%s: crashes now, in the middle of its work (--crash-every %llu)\n",
               name_.c_str(), static_cast<unsigned long long>(every_));
  std::_Exit(1);
}

}  // namespace jackfield::shop
