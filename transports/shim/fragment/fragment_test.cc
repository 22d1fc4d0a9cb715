// Cutting and putting together, shown on the pieces themselves; what the shim makes of Caps. That
// whole calls come through is the conformance suite's to show.
#include "transports/shim/fragment/fragment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "transports/shim/fragment/assembly.h"
#include "transports/shim/fragment/piece.h"

namespace jackfield {
namespace {

constexpr auto kHead = static_cast<uint32_t>(sizeof(PieceHeader));

std::vector<std::byte> Frame(uint32_t bytes) {
  std::vector<std::byte> frame(bytes);
  for (uint32_t i = 0; i < bytes; ++i) frame[i] = static_cast<std::byte>(i * 31 + i / 251);
  return frame;
}

PieceHeader Piece(uint32_t message, uint32_t total, uint32_t offset, uint32_t bytes) {
  PieceHeader header;
  header.frame_bytes = kHead + bytes;
  header.message = message;
  header.total_bytes = total;
  header.offset = offset;
  return header;
}

TEST(Piece, LiesAsInTheWireDocument) {
  PieceHeader header = Piece(0x01020304, 0x11121314, 0x21222324, 0x100);
  header.fd_count = 2;
  constexpr unsigned char kGolden[kHead] = {
      0x4a, 1,    0x40, 0,     // magic, version, kind, flags
      0x18, 0x01, 0,    0,     // frame_bytes
      0,    0,    0,    2,     // priority, zeros, fd_count
      4,    3,    2,    1,     // message
      0x14, 0x13, 0x12, 0x11,  // total_bytes
      0x24, 0x23, 0x22, 0x21,  // offset
  };
  EXPECT_EQ(std::memcmp(&header, kGolden, kHead), 0);
}

TEST(Piece, EveryFaultIsRefusedWithASentence) {
  const auto fault = [](auto change, uint32_t bytes = kHead + 100) {
    PieceHeader header = Piece(1, 1000, 200, 100);
    change(header);
    const char* text = PieceFault(header, bytes, 4096);
    return std::string_view(text == nullptr ? "" : text);
  };
  EXPECT_EQ(fault([](PieceHeader&) {}), "");
  EXPECT_NE(fault([](PieceHeader& h) { h.magic = 0; }), "");
  EXPECT_NE(fault([](PieceHeader& h) { h.kind = 4; }).find("not behind fragment+"),
            std::string_view::npos);
  EXPECT_NE(fault([](PieceHeader& h) { h.version = 2; }), "");
  EXPECT_NE(fault([](PieceHeader& h) { h.frame_bytes += 8; }), "");
  EXPECT_NE(fault([](PieceHeader& h) { h.frame_bytes = kHead; }, kHead), "");
  EXPECT_NE(fault([](PieceHeader& h) {
              h.total_bytes = 47;
              h.offset = 0;
            }),
            "");
  EXPECT_NE(fault([](PieceHeader& h) { h.total_bytes = 4097; }), "");
  EXPECT_NE(fault([](PieceHeader& h) { h.offset = 901; }), "");
  EXPECT_NE(fault([](PieceHeader& h) { h.offset = 0xfffffff8; }), "");
  EXPECT_NE(fault([](PieceHeader& h) { h.fd_count = 1; }), "") << "not with the first piece";
  EXPECT_NE(fault([](PieceHeader& h) {
              h.offset = 0;
              h.fd_count = kFdsMax + 1;
            }),
            "");
}

TEST(Piece, AFrameOfEverySizeIsCutIntoPiecesThatFitAndAreNotTooShort) {
  for (const uint32_t inner : {128u, 129u, 1200u, 8176u}) {
    for (uint32_t total = kHeaderBytes; total < 6000; ++total) {
      uint32_t offset = 0;
      while (offset < total) {
        const uint32_t bytes = NextPieceBytes(total - offset, inner);
        ASSERT_LE(kHead + bytes, inner) << inner << " " << total;
        ASSERT_GE(bytes, kHeaderBytes) << inner << " " << total;
        ASSERT_EQ(offset % 8, 0u);
        offset += bytes;
      }
      ASSERT_EQ(offset, total);
    }
  }
}

TEST(Assembly, PutsAFrameOfEverySizeTogether) {
  BlockPool pool(64 << 20);
  Assembly assembly(pool);
  uint32_t message = 0;
  for (const uint32_t total : {100u, 5'000u, 300'000u, 3'000'000u, kFrameBytesMaxDefault}) {
    const std::vector<std::byte> frame = Frame(total);
    Assembly::Added added = Assembly::Added::kMore;
    ++message;
    for (uint32_t offset = 0; offset < total;) {
      ASSERT_EQ(added, Assembly::Added::kMore);
      const uint32_t bytes = std::min(NextPieceBytes(total - offset, 8176), total / 2 + 8);
      added = assembly.Add(Piece(message, total, offset, bytes), frame.data() + offset);
      offset += bytes;
    }
    ASSERT_EQ(added, Assembly::Added::kComplete);
    ASSERT_EQ(assembly.bytes(), total);
    const Block block = assembly.Take();
    EXPECT_EQ(std::memcmp(block.data(), frame.data(), total), 0) << total;
  }
  EXPECT_EQ(assembly.dropped_frames(), 0u);
}

TEST(Assembly, WhatIsIncompleteIsDroppedAndCountedAndTheNextFrameComesThrough) {
  BlockPool pool(64 << 20);
  Assembly assembly(pool);
  const std::vector<std::byte> frame = Frame(300);
  using Added = Assembly::Added;
  EXPECT_EQ(assembly.Add(Piece(1, 300, 0, 104), frame.data()), Added::kMore);
  EXPECT_EQ(assembly.Add(Piece(1, 300, 208, 92), frame.data() + 208), Added::kDropped) << "a gap";
  EXPECT_EQ(assembly.Add(Piece(2, 300, 0, 104), frame.data()), Added::kMore);
  EXPECT_EQ(assembly.Add(Piece(3, 300, 104, 104), frame.data() + 104), Added::kDropped);
  EXPECT_EQ(assembly.Add(Piece(4, 300, 0, 104), frame.data()), Added::kMore);
  EXPECT_EQ(assembly.Add(Piece(5, 300, 0, 104), frame.data()), Added::kMore) << "begins anew";
  EXPECT_EQ(assembly.dropped_frames(), 3u);
  EXPECT_EQ(assembly.Add(Piece(5, 300, 104, 104), frame.data() + 104), Added::kMore);
  EXPECT_EQ(assembly.Add(Piece(5, 300, 208, 92), frame.data() + 208), Added::kComplete);
}

TEST(Assembly, AClaimOfManyBytesGetsLittleMemoryUntilTheyCome) {
  BlockPool pool(64 << 20);
  Assembly assembly(pool);
  const std::vector<std::byte> frame = Frame(104);
  EXPECT_EQ(assembly.Add(Piece(1, kFrameBytesMaxDefault, 0, 104), frame.data()),
            Assembly::Added::kMore);
  EXPECT_LE(pool.bytes_in_use(), Assembly::kTrustedBytes);
}

TEST(Assembly, WithoutMemoryNothingIsLost) {
  BlockPool pool(4 << 10);
  Assembly assembly(pool);
  const std::vector<std::byte> frame = Frame(2000);
  Block taken = pool.Get(4 << 10);
  EXPECT_EQ(assembly.Add(Piece(1, 2000, 0, 1000), frame.data()), Assembly::Added::kNoMemory);
  taken.Reset();
  EXPECT_EQ(assembly.Add(Piece(1, 2000, 0, 1000), frame.data()), Assembly::Added::kMore);
  EXPECT_EQ(assembly.Add(Piece(1, 2000, 1000, 1000), frame.data() + 1000),
            Assembly::Added::kComplete);
}

// ---- Caps.

absl::StatusOr<Caps> Describe(std::string_view address, Caps inner) {
  return MakeFragmentShim()->Describe(Address::Parse(address).value(), inner);
}

Caps Small() {
  Caps caps;
  caps.send = caps.receive = caps.ordered = caps.reliable = caps.fds = true;
  caps.frame_bytes_max = 8 << 10;
  return caps;
}

TEST(FragmentShim, GivesTheSizeAndLeavesTheRest) {
  Caps want = Small();
  want.frame_bytes_max = kFrameBytesMaxDefault;
  EXPECT_EQ(Describe("fragment+x:", Small()).value(), want);
  want.frame_bytes_max = 1 << 20;
  EXPECT_EQ(Describe("fragment+x:?message=1MiB", Small()).value(), want);
}

TEST(FragmentShim, IsNotReliableWithoutOrderBelow) {
  Caps caps = Small();
  caps.ordered = false;
  EXPECT_FALSE(Describe("fragment+x:", caps).value().reliable);
}

TEST(FragmentShim, RefusesWhatItCannotDo) {
  for (const std::string_view message : {"1KiB", "17MiB", "many"}) {
    EXPECT_FALSE(
        Describe(std::string("fragment+x:?message=") + std::string(message), Small()).ok());
  }
  Caps tiny = Small();
  tiny.frame_bytes_max = PieceHeader::kInnerFrameBytesMin - 1;
  EXPECT_FALSE(Describe("fragment+x:", tiny).ok());
}

}  // namespace
}  // namespace jackfield
