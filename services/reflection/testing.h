// For the tests here: schemas made of text, and parts of them set to what no compiler makes.
#ifndef JACKFIELD_SERVICES_REFLECTION_TESTING_H_
#define JACKFIELD_SERVICES_REFLECTION_TESTING_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include "flatbuffers/flatbuffers.h"
#include "flatbuffers/idl.h"
#include "flatbuffers/reflection_generated.h"

namespace jackfield::message {

// The binary schema of a .fbs text, as flatc makes it.
inline std::string Compiled(std::string_view text) {
  flatbuffers::Parser parser;
  parser.opts.binary_schema_comments = true;
  parser.opts.binary_schema_builtins = true;
  parser.opts.lang_to_generate = flatbuffers::IDLOptions::kCpp;
  if (!parser.Parse(std::string(text).c_str())) {
    std::fprintf(stderr, "%s\n", parser.error_.c_str());
    std::abort();  // the test's own text is wrong
  }
  parser.Serialize();
  return {reinterpret_cast<const char*>(parser.builder_.GetBufferPointer()),
          parser.builder_.GetSize()};
}

// Changes a field of a table that is in a buffer; it must be there.
template <class T, class Table>
void Change(const Table* table, flatbuffers::voffset_t field, T value) {
  auto* at = reinterpret_cast<flatbuffers::Table*>(const_cast<Table*>(table));
  if (!at->SetField<T>(field, value, static_cast<T>(value + 1))) std::abort();
}

// Numbers that are the same in each run.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  uint64_t Below(uint64_t limit) { return Next() % limit; }

 private:
  uint64_t state_;
};

// The same bytes but for one to four places: a bit, a byte, or a word of 2, 4 or 8.
inline std::string Mutant(std::string bytes, Random& random) {
  for (uint64_t i = 0, count = 1 + random.Below(2) * random.Below(4); i < count; ++i) {
    const size_t at = random.Below(bytes.size());
    const uint64_t kind = random.Below(5);
    if (kind == 0) {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
      continue;
    }
    const uint64_t values[] = {0,
                               1,
                               2,
                               4,
                               0x7f,
                               0xff,
                               0xffff,
                               0x7fffffff,
                               0xffffffff,
                               random.Next(),
                               random.Below(bytes.size()),
                               random.Below(256)};
    const uint64_t value = values[random.Below(std::size(values))];
    const size_t size = std::min<size_t>(size_t{1} << (kind - 1), bytes.size() - at);
    std::memcpy(bytes.data() + at, &value, size);
  }
  return bytes;
}

}  // namespace jackfield::message

#endif  // JACKFIELD_SERVICES_REFLECTION_TESTING_H_
