// What the reliable shim makes of a medium's caps: a pure function.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kernel/registry.h"
#include "transports/shim/reliable/reliable.h"

namespace jackfield {
namespace {

absl::StatusOr<Caps> Describe(const std::string& params, const Caps& inner) {
  const std::unique_ptr<Shim> shim = MakeReliableShim();
  return shim->Describe(*Address::Parse("reliable+x:y" + params), inner);
}

TEST(Reliable, AddsOrderDeliveryAndPeerLossToCapsAndTakesItsHeaderAndDescriptors) {
  Caps inner;
  inner.send = inner.receive = inner.reply = inner.multi_host = inner.fds = true;
  inner.frame_bytes_max = 1200;
  inner.depth_frames = 10;
  const Caps caps = Describe("", inner).value();
  Caps want = inner;
  want.ordered = want.reliable = want.peer_loss = true;
  want.fds = false;
  want.frame_bytes_max = 1128;
  want.depth_frames = caps.depth_frames;
  EXPECT_EQ(caps, want);
  inner.frame_bytes_max = 16 << 20;
  EXPECT_EQ(Describe("", inner)->frame_bytes_max, (64u << 10) - 72);
}

TEST(Reliable, RefusesMediaThatCannotAnswerAndTimesThatItCannotKeep) {
  Caps inner;
  inner.send = inner.receive = inner.reply = true;
  inner.frame_bytes_max = 1200;
  EXPECT_TRUE(Describe("?idle=100ms", inner).ok());
  EXPECT_FALSE(Describe("?idle=99ms", inner).ok());
  EXPECT_FALSE(Describe("?idle=2h", inner).ok());
  EXPECT_FALSE(Describe("?idle=soon", inner).ok());
  Caps small = inner, one_way = inner;
  small.frame_bytes_max = 327;
  EXPECT_FALSE(Describe("", small).ok());
  one_way.reply = false;
  EXPECT_FALSE(Describe("", one_way).ok());
}

}  // namespace
}  // namespace jackfield
