// A request as JSON with holes in it, filled anew for each call:
//
//   {{n}}              0, 1, 2 …: the number of the request in its pool
//   {{uniform A B}}    a whole number from A to B, both included
//   {{zipf N S}}       1..N, the k-th with a weight of k^-S: few come often (N at most kZipfMax)
//   {{pick FILE}}      a line of the file, at most kPickLinesMax
//   {{uuid}}           a random UUID (version 4)
//   {{bytes SIZE}}     so many letters and digits
//
// A hole is filled with text as it stands, so that quotes around it make it a string. A line of a
// file is escaped as within a JSON string. "{{" cannot begin anything else: in a string write
// \u007b\u007b.
//
// Thread: one at a time. The same text and seed give the same requests.
#ifndef JACKFIELD_TOOLS_LOAD_TEMPLATE_H_
#define JACKFIELD_TOOLS_LOAD_TEMPLATE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield::load {

inline constexpr uint64_t kZipfMax = 1'000'000;
inline constexpr size_t kPickLinesMax = 1'000'000;
inline constexpr uint64_t kHoleBytesMax = 16 << 20;  // of {{bytes}}

// The content of a file. Errors: its own, with the file named.
using ReadFile = std::function<absl::StatusOr<std::string>(std::string_view path)>;

class Template {
 public:
  // Errors: INVALID_ARGUMENT: what is wrong with which hole; those of `read`.
  static absl::StatusOr<Template> Parse(std::string_view text, uint64_t seed, const ReadFile& read);

  bool has_holes() const { return pieces_.size() > 1; }
  // The next request. `n`: what {{n}} is.
  std::string Fill(uint64_t n);

 private:
  struct Piece {
    std::string text;  // in front of the hole
    // Appends what goes into it; empty: the end of the template.
    std::function<void(uint64_t n, uint64_t& random, std::string& out)> fill;
  };
  std::vector<Piece> pieces_;
  uint64_t random_ = 0;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_TEMPLATE_H_
