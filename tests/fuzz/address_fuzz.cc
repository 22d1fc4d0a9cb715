// Any text is an address that comes back from its own text, or is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kernel/address.h"
#include "kernel/base/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  jackfield::ParseDurationNs(text).status().IgnoreError();
  jackfield::ParseBytes(text).status().IgnoreError();
  jackfield::ParseShare(text).status().IgnoreError();
  const absl::StatusOr<jackfield::Address> once = jackfield::Address::Parse(text);
  if (!once.ok()) return 0;
  const std::string canonical = once->ToString();
  if (canonical.size() > 1024) return 0;  // escapes make it longer than an address may be
  const absl::StatusOr<jackfield::Address> twice = jackfield::Address::Parse(canonical);
  if (!twice.ok() || twice->target() != once->target() || twice->ToString() != canonical)
    std::abort();
  return 0;
}
