// What a fuzz target reads its steps from: bytes that somebody else chose, and zeros after them.
#ifndef JACKFIELD_TESTS_FUZZ_INPUT_H_
#define JACKFIELD_TESTS_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>

namespace jackfield {

class Input {
 public:
  Input(const uint8_t* bytes, size_t count) : bytes_(bytes), left_(count) {}
  bool empty() const { return left_ == 0; }
  uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *bytes_++;
  }
  // Little-endian, of so many bytes.
  uint64_t Number(int bytes = 8) {
    uint64_t number = 0;
    for (int i = 0; i < bytes; ++i) number |= uint64_t{Byte()} << (8 * i);
    return number;
  }

 private:
  const uint8_t* bytes_;
  size_t left_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_FUZZ_INPUT_H_
