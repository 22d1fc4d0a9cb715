#include "kernel/frame.h"

#include <cstdio>

#include "kernel/base/text.h"

namespace jackfield {

std::string DescribeHeader(const FrameHeader& h) {
  std::string hex;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&h);
  for (int i = 0; i < 16; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    hex += digits;
  }
  return Text("magic ", int{h.magic()}, ", version ", int{h.version()}, ", kind ",
              static_cast<int>(h.kind()), ", frame_bytes ", h.frame_bytes(), "; first 16 bytes ",
              hex);
}

}  // namespace jackfield
