// The requests of a run, as bytes, built before it begins: JSON takes longer to read than a call
// does. Call k sends request k modulo their number.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_LOAD_REQUESTS_H_
#define JACKFIELD_TOOLS_LOAD_REQUESTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dynamic/remote.h"
#include "tools/load/template.h"

namespace jackfield::load {

inline constexpr uint64_t kPool = 4096;  // requests, unless the user says otherwise
inline constexpr uint64_t kPoolMax = 1'000'000;
inline constexpr uint64_t kPoolBytesMax = 256 << 20;  // all of them together

// `count` fillings of a template, or one where it has no holes.
// Errors: INVALID_ARGUMENT: the template, or what is wrong with the JSON made of it, which is
// quoted; RESOURCE_EXHAUSTED: more than kPoolBytesMax.
absl::StatusOr<std::vector<std::string>> RequestsOfTemplate(const dynamic::Remote::Found& found,
                                                            Template& filled, uint64_t count);
// JSON objects one after the other. Errors: the same, with the number of the object.
absl::StatusOr<std::vector<std::string>> RequestsOfText(const dynamic::Remote::Found& found,
                                                        std::string_view text);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_REQUESTS_H_
