#include "services/allow/badge.h"

#include <sys/random.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/loop/sys.h"

namespace jackfield::allow {
namespace {

constexpr size_t kWordDigits = 16;

std::string Digits(uint64_t word) {
  char digits[kWordDigits + 1];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(word));
  return digits;
}

std::optional<uint64_t> FromDigits(std::string_view digits) {
  uint64_t word = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), word, 16);
  if (digits.size() != kWordDigits || error != std::errc() || end != digits.data() + digits.size())
    return std::nullopt;
  return word;
}

}  // namespace

absl::StatusOr<Key> NewKey() {
  Key key;
  ssize_t got;
  do {
    got = getrandom(key.data(), sizeof key, 0);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof key)) return SysError(errno, "getrandom");
  return key;
}

Key KeyOf(const Key& run, std::string_view service) {
  return {SipHash(run, Text("first word of ", service)),
          SipHash(run, Text("second word of ", service))};
}

std::string ToHex(const Key& key) { return Digits(key[0]) + Digits(key[1]); }

absl::StatusOr<Key> KeyFromHex(std::string_view digits) {
  if (digits.size() == 2 * kWordDigits) {
    const auto first = FromDigits(digits.substr(0, kWordDigits));
    const auto second = FromDigits(digits.substr(kWordDigits));
    if (first && second) return Key{*first, *second};
  }
  return absl::InvalidArgumentError("a key is 32 hexadecimal digits");
}

std::string MakeBadge(const Key& service, std::string_view bearer) {
  return Text(bearer, ":", Digits(SipHash(service, bearer)));
}

std::optional<std::string_view> BearerOf(const Key& service, std::string_view badge) {
  const size_t colon = badge.rfind(':');
  if (colon == badge.npos) return std::nullopt;
  const std::string_view bearer = badge.substr(0, colon);
  const std::optional<uint64_t> shown = FromDigits(badge.substr(colon + 1));
  // One comparison of two words: how long it takes tells nothing of either.
  if (!shown || *shown != SipHash(service, bearer)) return std::nullopt;
  return bearer;
}

}  // namespace jackfield::allow
