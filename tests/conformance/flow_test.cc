// Back-pressure, priorities, selective receive, closing: what happens when the reader is slower
// than the writer.
//
// A gate (a stream that occupies the server's only handler) holds everything behind it back for as
// long as a test likes.
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tests/conformance/world.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kWindow = 64;

ServerSetup OneAtATime() {
  ServerSetup setup;
  setup.handlers_max = 1;
  setup.window_units = kWindow;
  return setup;
}

CallOptions Urgent(int64_t timeout_us = 60'000'000) {
  CallOptions options;
  options.timeout = std::chrono::microseconds(timeout_us);
  options.priority = 0;
  return options;
}

class Gate {
 public:
  explicit Gate(World& world) : world_(world) {
    auto stream = world.channel().OpenStream(kGate, Bytes(""), Urgent());
    EXPECT_TRUE(stream.ok()) << stream.status();
    stream_ = *std::move(stream);
    // It is closed once the server has taken the request, of which there is no word: give it turns
    // to do so.
    for (int i = 0; i < 5; ++i) world.TurnOnce();
  }
  void Open() { EXPECT_TRUE(stream_->EndWrites().ok()); }
  bool Opened() {
    bool answered = false;
    return world_.Run([](Node&, ClientStream& stream, bool& answered) -> Task<void> {
      const absl::StatusOr<Message> reply = co_await stream.Finish();
      answered = reply.ok() && reply->text() == "open";
    }(world_.node(), *stream_, answered)) &&
           answered;
  }

 private:
  World& world_;
  std::unique_ptr<ClientStream> stream_;
};

absl::Status TryNote(World& world, uint32_t number, const CallOptions& options = {}) {
  const std::string note = Pattern(number, 16);
  Bytes payload(note);
  return world.channel().TrySend(kNote, payload, options);
}

std::string Numbers(uint32_t begin, uint32_t end) {
  std::string text;
  for (uint32_t i = begin; i < end; ++i) text += Text(i, " ");
  return text;
}

TEST_P(Conformance, OnFullFailRefusesWhatDoesNotFitAndLosesNothing) {
  World world(GetParam(), OneAtATime(), {}, "on_full=fail");
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  uint32_t accepted = 0;
  absl::Status status;
  while (accepted < 10 * kWindow && (status = TryNote(world, accepted)).ok()) ++accepted;
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kBackPressure) << status;
  EXPECT_EQ(world.channel().ledger().refused, 1u);
  EXPECT_LE(accepted, kWindow);
  // A call is refused as well, and at once.
  EXPECT_EQ(ReasonOf(world.Call(kEcho, "x").status()), Reason::kBackPressure);
  world.CheckLedger();
  gate.Open();
  ASSERT_TRUE(gate.Opened());
  EXPECT_EQ(world.AwaitNotes(accepted), Numbers(0, accepted));
}

TEST_P(Conformance, OnFullDropNewestKeepsTheFirstAndCountsTheRest) {
  World world(GetParam(), OneAtATime(), {}, "on_full=drop_newest");
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  constexpr uint32_t kSent = 3 * kWindow;
  for (uint32_t i = 0; i < kSent; ++i) {
    const absl::Status sent = world.channel().Send(kNote, Bytes(Pattern(i, 16))).Wait();
    ASSERT_TRUE(sent.ok()) << sent;
  }
  const uint64_t dropped = world.channel().ledger().dropped;
  EXPECT_GE(dropped, kSent - kWindow);
  world.CheckLedger();
  gate.Open();
  ASSERT_TRUE(gate.Opened());
  EXPECT_EQ(world.AwaitNotes(kSent - dropped), Numbers(0, static_cast<uint32_t>(kSent - dropped)));
}

TEST_P(Conformance, OnFullDropOldestKeepsTheLastAndCountsTheRest) {
  ChannelOptions options;
  options.session.outbox_frames = 16;
  World world(GetParam(), OneAtATime(), options, "on_full=drop_oldest");
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  constexpr uint32_t kSent = 3 * kWindow;
  for (uint32_t i = 0; i < kSent; ++i) {
    const absl::Status sent = world.channel().Send(kNote, Bytes(Pattern(i, 16))).Wait();
    ASSERT_TRUE(sent.ok()) << sent;
  }
  const auto dropped = static_cast<uint32_t>(world.channel().ledger().dropped);
  EXPECT_GE(dropped, kSent - kWindow - 16);
  world.CheckLedger();
  gate.Open();
  ASSERT_TRUE(gate.Opened());
  // What had left before the queue filled, then the last ones.
  const uint32_t first = kSent - dropped - 16;
  EXPECT_EQ(world.AwaitNotes(kSent - dropped), Numbers(0, first) + Numbers(kSent - 16, kSent));
}

TEST_P(Conformance, OnFullWaitHoldsTheSenderBackAndLosesNothing) {
  World world(GetParam(), OneAtATime(), {}, "on_full=wait");
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  struct Progress {
    uint32_t sent = 0;
    bool done = false;
  } progress;
  constexpr uint32_t kSent = 5 * kWindow;
  world.node().Spawn([](Node&, World& world, Progress& progress) -> Task<void> {
    for (; progress.sent < kSent; ++progress.sent) {
      const std::string note = Pattern(progress.sent, 16);
      const absl::Status sent = co_await world.channel().Send(kNote, Bytes(note), Urgent());
      EXPECT_TRUE(sent.ok()) << sent;
      if (!sent.ok()) break;
    }
    progress.done = true;
  }(world.node(), world, progress));
  for (int i = 0; i < 50; ++i) world.TurnOnce();
  EXPECT_LE(progress.sent, kWindow) << "the window bounds what lies at the server";
  EXPECT_GT(progress.sent, 0u);
  world.CheckLedger();
  gate.Open();
  ASSERT_TRUE(world.Drive([&] { return progress.done; }));
  ASSERT_TRUE(gate.Opened());
  EXPECT_EQ(world.AwaitNotes(kSent), Numbers(0, kSent));
  EXPECT_EQ(world.channel().ledger().dropped, 0u);
}

TEST_P(Conformance, ACallThatFindsNoRoomUntilItsDeadlineIsRefusedAndNeverRuns) {
  World world(GetParam(), OneAtATime(), {}, "on_full=wait");
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  while (TryNote(world, 0).ok()) {
  }
  absl::Status status;
  ASSERT_TRUE(world.Run([](Node&, World& world, absl::Status& status) -> Task<void> {
    const absl::StatusOr<Message> reply =
        co_await world.channel().Call(kEcho, Bytes("x"), Urgent(20'000));
    status = reply.status();
  }(world.node(), world, status)));
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
  gate.Open();
  ASSERT_TRUE(gate.Opened());
}

TEST_P(Conformance, ARequestThatExpiresInTheQueueIsDroppedBeforeWorkAndCounted) {
  World world(GetParam(), OneAtATime());
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  CallOptions soon;
  soon.timeout = 10ms;
  const absl::Status status = world.Call(kWaitForCancel, "", soon).status();
  EXPECT_EQ(OutcomeOf(status), Outcome::kInDoubt) << status;
  EXPECT_EQ(ReasonOf(status), Reason::kDeadline) << status;
  gate.Open();
  ASSERT_TRUE(gate.Opened());
  EXPECT_EQ(world.Call(kCancels).value_or("?"), "0") << "its handler ran";
  const std::string ledger =
      world.Call(kLedger).value_or("?");  // received handled expired stale late
  std::string word = ledger.substr(ledger.find(' ') + 1);
  word = word.substr(word.find(' ') + 1);
  EXPECT_EQ(word.substr(0, word.find(' ')), "1") << ledger;
}

TEST_P(Conformance, AnUrgentMessageOvertakesThoseThatWait) {
  World world(GetParam(), OneAtATime());
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  CallOptions background;
  background.priority = 3;
  for (uint32_t i = 1; i <= 3; ++i) ASSERT_TRUE(TryNote(world, 300 + i, background).ok());
  for (uint32_t i = 1; i <= 3; ++i) ASSERT_TRUE(TryNote(world, 200 + i).ok());
  ASSERT_TRUE(TryNote(world, 1, Urgent()).ok());
  gate.Open();
  ASSERT_TRUE(gate.Opened());
  EXPECT_EQ(world.AwaitNotes(7), "1 201 202 203 301 302 303 ");
}

TEST_P(Conformance, AReceiverTakesTheTypesItWantsAndLeavesTheOthers) {
  World world(GetParam(), {.pull = 1});
  ASSERT_TRUE(world.ok());
  for (uint32_t i = 0; i < 5; ++i) ASSERT_TRUE(TryNote(world, i).ok());
  EXPECT_EQ(world.Call(kEcho).value_or("?"), "5") << "five notes wait while the echo is received";
  EXPECT_EQ(world.AwaitNotes(5), "0 1 2 3 4 ");
}

TEST_P(Conformance, CloseGivesAReceiptForEverything) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  for (uint32_t i = 0; i < 100; ++i) ASSERT_TRUE(TryNote(world, i).ok());
  if (!world.may_block()) {
    ASSERT_TRUE(world.Drive([&] { return world.channel().ledger().queued() == 0; }));
  }
  const Receipt receipt = world.channel().Close(world.may_block() ? nanoseconds(30s) : 10ms);
  EXPECT_EQ(receipt.handled, 100u);
  EXPECT_EQ(receipt.delivered + receipt.undelivered + receipt.in_doubt, 0u);
}

TEST_P(Conformance, CloseReturnsByItsDeadlineThoughNothingIsHandled) {
  World world(GetParam(), OneAtATime());
  ASSERT_TRUE(world.ok());
  Gate gate(world);
  for (uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(TryNote(world, i).ok());
  const Receipt receipt = world.channel().Close(20ms);  // the watchdog: that it returns at all
  const Ledger ledger = world.channel().ledger();
  EXPECT_EQ(receipt.handled + receipt.delivered + receipt.undelivered + receipt.in_doubt,
            ledger.sent);
  EXPECT_EQ(receipt.handled, 0u);
}

}  // namespace
}  // namespace jackfield::conformance
