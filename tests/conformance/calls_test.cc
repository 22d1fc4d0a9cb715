// Calls in every style and of every size, and how they end.
#include <vector>

#include "kernel/base/text.h"
#include "tests/conformance/world.h"

namespace jackfield::conformance {
namespace {

CallOptions Within(int64_t timeout_us) {
  CallOptions options;
  options.timeout = std::chrono::microseconds(timeout_us);
  return options;
}

TEST_P(Conformance, EveryStyleOfCallGetsTheAnswer) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  // By callback.
  EXPECT_EQ(world.Call(kEcho, "callback").value_or("?"), "callback");
  // By coroutine.
  std::string got;
  ASSERT_TRUE(world.Run([](Node&, World& world, std::string& got) -> Task<void> {
    absl::StatusOr<Message> reply = co_await world.channel().Call(kEcho, Bytes("coroutine"));
    got = reply.ok() ? std::string(reply->text()) : reply.status().ToString();
  }(world.node(), world, got)));
  EXPECT_EQ(got, "coroutine");
  // By future.
  Future<Message> future = world.channel().CallFuture(kEcho, Bytes("future"));
  ASSERT_TRUE(world.Drive([&] { return future.ready(); }));
  absl::StatusOr<Message> reply = future.Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "future");
  // Blocking, where somebody else drives the server meanwhile.
  if (world.may_block()) {
    absl::StatusOr<Message> blocking = world.channel().Call(kEcho, Bytes("blocking")).Wait();
    ASSERT_TRUE(blocking.ok()) << blocking.status();
    EXPECT_EQ(blocking->text(), "blocking");
  }
}

TEST_P(Conformance, EverySizeUpToTheLimitArrivesUnchangedAndOneByteMoreIsRefused) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  const size_t most = world.caps().frame_bytes_max - kHeaderBytes;
  std::vector<size_t> sizes = {0,  1,  7,    8,    9,    15,    16,    17,    63,
                               64, 65, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 20};
  for (size_t bytes = 128; bytes < most; bytes *= 2) {
    for (const int around : {-1, 0, 1}) sizes.push_back(bytes + static_cast<size_t>(around));
  }
  sizes.push_back(most - 1);
  sizes.push_back(most);
  for (const size_t bytes : sizes) {
    if (bytes > most) continue;
    const std::string payload = Pattern(static_cast<uint32_t>(bytes), bytes);
    const absl::StatusOr<std::string> answer = world.Call(kEcho, payload, Long());
    ASSERT_TRUE(answer.ok()) << bytes << ": " << answer.status();
    ASSERT_TRUE(*answer == payload) << bytes;
  }
  const std::string payload(most + 1, 'x');
  const absl::StatusOr<std::string> refused = world.Call(kEcho, payload);
  EXPECT_EQ(OutcomeOf(refused.status()), Outcome::kRefused) << refused.status();
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kTooLarge) << refused.status();
  EXPECT_EQ(world.Call(kEcho, "still alive").value_or("?"), "still alive");
}

TEST_P(Conformance, TheSmallestFrameSizeThatAChannelMayAskForWorks) {
  // 256 is what CallNeeds() guarantees: hello, failures and calls must fit.
  ChannelOptions options;
  options.session.frame_bytes_max = 256;
  World world(GetParam(), {}, options);
  ASSERT_TRUE(world.ok());
  const std::string most = Pattern(1, 256 - kHeaderBytes);
  EXPECT_EQ(world.Call(kEcho, most).value_or("?"), most);
  EXPECT_EQ(ReasonOf(world.Call(kEcho, most + "x").status()), Reason::kTooLarge);
  EXPECT_EQ(world.Call(kFail, "no").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(world.Call(kUnknown).status()), Reason::kUnknownMethod);
}

TEST_P(Conformance, WhatTheHandlerChoosesIsTheAnswer) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  const absl::Status failed = world.Call(kFail, "no such thing").status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(failed.message(), "no such thing");
  EXPECT_EQ(OutcomeOf(failed), Outcome::kOk) << "an answer, not a failure of the bus";
  EXPECT_EQ(world.Call(kNoAnswer).status().code(), absl::StatusCode::kInternal);
  const absl::Status unknown = world.Call(kUnknown).status();
  EXPECT_EQ(OutcomeOf(unknown), Outcome::kRefused);
  EXPECT_EQ(ReasonOf(unknown), Reason::kUnknownMethod);
}

TEST_P(Conformance, OneWayMessagesArriveInOrderUnchangedUnderLoad) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  // As many as one answer has room to name.
  const uint32_t count = std::min(3000u, world.AtMost(1 << 20) / 5);
  ASSERT_TRUE(world.Run([](Node&, World& world, uint32_t count) -> Task<void> {
    for (uint32_t i = 0; i < count; ++i) {
      const std::string note = Pattern(i, world.AtMost(4 + i % 1500));
      const absl::Status sent = co_await world.channel().Send(kNote, Bytes(note));
      EXPECT_TRUE(sent.ok()) << sent;
    }
  }(world.node(), world, count)));
  std::string want;
  for (uint32_t i = 0; i < count; ++i) want += Text(i, " ");
  EXPECT_EQ(world.AwaitNotes(count), want);
  ASSERT_TRUE(world.Drive([&] { return world.channel().ledger().queued() == 0; }));
  EXPECT_EQ(world.channel().ledger().delivered, world.channel().ledger().sent);
}

Task<void> CallMany(Node&, World& world, uint32_t seed, int& ended) {
  for (uint32_t i = 0; i < 60; ++i) {
    const uint32_t number = seed * 1000 + i;
    const std::string payload = Pattern(number, world.AtMost((number * 2654435761u >> 8) % 20000));
    const absl::StatusOr<Message> reply = co_await world.channel().Call(kEcho, Bytes(payload));
    EXPECT_TRUE(reply.ok()) << reply.status();
    EXPECT_TRUE(reply.ok() && reply->text() == payload);
  }
  ++ended;
}

TEST_P(Conformance, ConcurrentCallsGetTheirOwnAnswers) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  int ended = 0;
  for (uint32_t seed = 0; seed < 12; ++seed)
    world.node().Spawn(CallMany(world.node(), world, seed, ended));
  ASSERT_TRUE(world.Drive([&] { return ended == 12; }));
  EXPECT_EQ(world.channel().calls_under_way(), 0u);
}

TEST_P(Conformance, MoreCallsThanTheChannelTakesWaitForAPlace) {
  ChannelOptions options;
  options.calls_max = 2;
  World world(GetParam(), {}, options);
  ASSERT_TRUE(world.ok());
  int ended = 0;
  for (uint32_t seed = 0; seed < 6; ++seed)
    world.node().Spawn(CallMany(world.node(), world, seed, ended));
  ASSERT_TRUE(world.Drive([&] { return ended == 6; }));
}

TEST_P(Conformance, AtMostHandlersMaxAreUnderWay) {
  World world(GetParam(), {.handlers_max = 2});
  ASSERT_TRUE(world.ok());
  int ended = 0;
  for (int i = 0; i < 10; ++i) {
    world.node().Spawn([](Node&, World& world, int& ended) -> Task<void> {
      const absl::StatusOr<Message> reply = co_await world.channel().Call(kLinger, Bytes("2000"));
      EXPECT_TRUE(reply.ok()) << reply.status();
      ++ended;
    }(world.node(), world, ended));
  }
  ASSERT_TRUE(world.Drive([&] { return ended == 10; }));
  EXPECT_EQ(world.Call(kPeak).value_or("?"), "2");
}

TEST_P(Conformance, TheDeadlineTravels) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  const absl::StatusOr<std::string> left = world.Call(kRemaining, "", Within(30'000'000));
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_LE(std::stoll(*left), 30'000'000);
  EXPECT_GT(std::stoll(*left), 0);
}

TEST_P(Conformance, ACallWithoutAnAnswerEndsInDoubtAtItsDeadlineAndCancelsTheHandler) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  const absl::Status late = world.Call(kWaitForCancel, "", Within(20'000)).status();
  // The handler, cancelled at the same instant, may still answer in time; then that is the answer.
  if (late.code() != absl::StatusCode::kCancelled) {
    EXPECT_EQ(OutcomeOf(late), Outcome::kInDoubt) << late;
    EXPECT_EQ(ReasonOf(late), Reason::kDeadline) << late;
  }
  ASSERT_TRUE(world.Drive([&] { return world.Call(kCancels).value_or("?") == "1"; }));
}

TEST_P(Conformance, ALateReplyIsCountedAndNeverTakenForAnother) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  // Its answer is sent when it has ended here. On a slow machine it may end before it arrives, and
  // then it is given more time.
  std::string released = "0";
  uint64_t before = 0;
  for (int64_t time_us = 5'000; released == "0" && time_us < 10'000'000; time_us *= 4) {
    before = world.channel().ledger().late;
    const absl::Status late = world.Call(kKeep, "", Within(time_us)).status();
    EXPECT_FALSE(late.ok());
    released = world.Call(kRelease, "", Long()).value_or("?");
    if (released != "0") {
      EXPECT_EQ(OutcomeOf(late), Outcome::kInDoubt) << late;
    }
  }
  EXPECT_EQ(released, "1");
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(world.Call(kEcho, Text("mine ", i)).value_or("?"), Text("mine ", i));
  ASSERT_TRUE(world.Drive([&] { return world.channel().ledger().late == before + 1; }));
}

TEST_P(Conformance, CancellationReachesTheHandler) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  auto stream = world.channel().OpenStream(kWaitForCancel, Bytes("x"), Within(60'000'000));
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_EQ(world.Call(kCancels).value_or("?"), "0");
  (*stream)->Cancel();
  ASSERT_TRUE(world.Drive([&] { return world.Call(kCancels).value_or("?") == "1"; }));
  const absl::StatusOr<Message> end = (*stream)->Finish().Wait();
  EXPECT_EQ(ReasonOf(end.status()), Reason::kCancelled) << end.status();
}

TEST_P(Conformance, ADestroyedChannelEndsItsCallsInDoubtWhenTheyHaveLeft) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  absl::Status ended;
  ASSERT_TRUE(world.channel()
                  .CallAsync(kWaitForCancel, Bytes("x"), Within(60'000'000),
                             [&ended](Answer& reply) { ended = reply.status(); })
                  .ok());
  ASSERT_TRUE(world.Call(kEcho, "the call before has left").ok());
  world.channel().Close(0s);
  ASSERT_TRUE(world.Drive([&] { return !ended.ok(); })) << "in a turn of the node";
  EXPECT_EQ(OutcomeOf(ended), Outcome::kInDoubt) << ended;
  const absl::Status after = world.Call(kEcho, "too late").status();
  EXPECT_EQ(OutcomeOf(after), Outcome::kRefused) << after;
  EXPECT_EQ(ReasonOf(after), Reason::kClosed) << after;
}

}  // namespace
}  // namespace jackfield::conformance
