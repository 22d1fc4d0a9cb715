// Fixes the bytes of the header, and what of it is refused.
#include "kernel/frame.h"

#include <cstring>
#include <functional>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

FrameHeader Good(uint32_t frame_bytes = kHeaderBytes) {
  return FrameHeader(kMagic, 1, FrameKind::Request, 1, frame_bytes, 3, 0, 16, 5, 0x11121314,
                     0x2122232425262728, 0x3132333435363738, 0x41424344, 0x51525354, 0x61626364,
                     0x71727374);
}

uint8_t& Byte(FrameHeader& header, size_t at) { return reinterpret_cast<uint8_t*>(&header)[at]; }

TEST(Frame, TheHeadersBytesAreFixed) {
  constexpr unsigned char kGolden[kHeaderBytes] = {
      0x4a, 1,    4,    1,                             // magic, version, kind, flags
      0x30, 0,    0,    0,                             // frame_bytes
      3,    0,    16,   5,                             // priority, extension_words, code, fd_count
      0x14, 0x13, 0x12, 0x11,                          // message_type
      0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,  // call_id
      0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31,  // epoch
      0x44, 0x43, 0x42, 0x41,                          // sequence
      0x54, 0x53, 0x52, 0x51,                          // ack
      0x64, 0x63, 0x62, 0x61,                          // budget_us
      0x74, 0x73, 0x72, 0x71,                          // grant
  };
  const FrameHeader header = Good();
  EXPECT_EQ(std::memcmp(&header, kGolden, kHeaderBytes), 0);
  EXPECT_EQ(PeekFrameBytes(reinterpret_cast<const std::byte*>(kGolden)), kHeaderBytes);
  EXPECT_EQ(HeaderFault(header, kHeaderBytes), nullptr);
}

TEST(Frame, EveryFaultOfAHeaderIsFound) {
  using Break = std::function<void(FrameHeader&)>;
  const std::pair<const char*, Break> kBreaks[] = {
      {"wrong magic", [](FrameHeader& h) { Byte(h, 0) = 0; }},
      {"unknown version", [](FrameHeader& h) { Byte(h, 1) = 2; }},
      {"unknown version", [](FrameHeader& h) { Byte(h, 1) = 0; }},
      {"unknown kind", [](FrameHeader& h) { Byte(h, 2) = 0; }},
      {"unknown kind", [](FrameHeader& h) { Byte(h, 2) = 14; }},
      {"frame_bytes is not what arrived", [](FrameHeader& h) { Byte(h, 4) = 49; }},
      {"frame_bytes is less than header and extension", [](FrameHeader& h) { Byte(h, 9) = 1; }},
      {"reserved flag set", [](FrameHeader& h) { Byte(h, 3) = 2; }},
      {"priority out of range", [](FrameHeader& h) { Byte(h, 8) = 4; }},
      {"too many descriptors", [](FrameHeader& h) { Byte(h, 11) = 17; }},
      {"status code out of range", [](FrameHeader& h) { Byte(h, 10) = 17; }},
  };
  for (const auto& [want, break_it] : kBreaks) {
    FrameHeader header = Good();
    break_it(header);
    const char* fault = HeaderFault(header, kHeaderBytes);
    ASSERT_NE(fault, nullptr) << want;
    EXPECT_STREQ(fault, want);
    EXPECT_FALSE(DescribeHeader(header).empty());
  }
}

TEST(Frame, SequencesWrap) {
  EXPECT_TRUE(After(1, 0));
  EXPECT_FALSE(After(0, 0));
  EXPECT_TRUE(After(5, 0xfffffff0));
  EXPECT_FALSE(After(0xfffffff0, 5));
}

TEST(Frame, CreditGrowsWithTheFrame) {
  EXPECT_EQ(UnitsOf(48), 1u);
  EXPECT_EQ(UnitsOf(4096), 2u);
  EXPECT_TRUE(CostsCredit(FrameKind::OneWay));
  EXPECT_FALSE(CostsCredit(FrameKind::Reply));
  EXPECT_TRUE(IsSequenced(FrameKind::Reply));
  EXPECT_FALSE(IsSequenced(FrameKind::Cancel));
}

TEST(MessageType, IsFnv1a) {
  EXPECT_EQ(MessageType(""), 2166136261u);
  EXPECT_EQ(MessageType("a"), 0xe40c292cu);
}

}  // namespace
}  // namespace jackfield
