// Any text is a list of grants that comes back from its own text, or is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/service.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<jackfield::Grants> once = jackfield::Grants::Parse(text);
  if (!once.ok()) return 0;
  const absl::StatusOr<jackfield::Grants> twice = jackfield::Grants::Parse(once->ToString());
  if (!twice.ok() || twice->ToString() != once->ToString()) std::abort();
  return 0;
}
