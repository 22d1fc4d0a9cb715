#include "kernel/common_params.h"

#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/spin.h"

namespace jackfield {

absl::StatusOr<std::optional<OnFull>> ReadOnFull(const Address& address) {
  const auto text = address.Find("on_full");
  if (!text) return std::nullopt;
  constexpr std::pair<std::string_view, OnFull> kWords[] = {
      {"wait", OnFull::kWait},
      {"fail", OnFull::kFail},
      {"drop_oldest", OnFull::kDropOldest},
      {"drop_newest", OnFull::kDropNewest},
  };
  for (const auto& [word, on_full] : kWords) {
    if (word == *text) return on_full;
  }
  return absl::InvalidArgumentError(
      Text("on_full=", Escaped(*text), ": it is wait, fail, drop_oldest or drop_newest"));
}

absl::StatusOr<std::optional<int64_t>> ReadSpin(const Address& address) {
  const auto text = address.Find("spin");
  if (!text) return std::nullopt;
  if (*text == "always") return Spin::kAlways;
  if (*text == "learned") return Spin::kLearned;
  const absl::StatusOr<int64_t> spin_ns = ParseDurationNs(*text);
  if (spin_ns.ok()) return *spin_ns;
  return absl::InvalidArgumentError(
      Text("spin=", Escaped(*text), ": it is always, learned, or a time such as 20us"));
}

absl::StatusOr<Address> TakeSpin(const Address& address, Loop& loop) {
  const absl::StatusOr<std::optional<int64_t>> spin_ns = ReadSpin(address);
  if (!spin_ns.ok()) return spin_ns.status();
  if (*spin_ns) loop.SetSpin(**spin_ns);
  return address.Without("spin");
}

Address WithoutCommonParams(const Address& address) {
  return address.Without("on_full").Without("spin");
}

}  // namespace jackfield
