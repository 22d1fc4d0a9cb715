// Streams in each direction: all items, in order, unchanged; and what a slow reader or a sudden end
// does to them.
#include <cstdint>
#include <optional>
#include <string>

#include "kernel/base/text.h"
#include "tests/conformance/world.h"

namespace jackfield::conformance {
namespace {

struct Count {
  uint32_t good = 0;
  bool done = false;
  absl::Status end;
};

Task<void> ReadAll(Node&, ClientStream& stream, Count& count) {
  while (std::optional<Message> item = co_await stream.Read()) {
    if (IsPattern(count.good, item->payload())) ++count.good;
  }
  const absl::StatusOr<Message> reply = co_await stream.Finish();
  count.end = reply.status();
  count.done = true;
}

Task<void> WriteAll(Node&, ClientStream& stream, uint32_t items, uint32_t bytes) {
  for (uint32_t i = 0; i < items; ++i) {
    const std::string item = Pattern(i, bytes);
    const absl::Status sent = co_await stream.Write(Bytes(item));
    EXPECT_TRUE(sent.ok()) << i << ": " << sent;
    if (!sent.ok()) break;
  }
  EXPECT_TRUE(stream.EndWrites().ok());
}

TEST_P(Conformance, AServerStreamArrivesWhole) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  // More than a stream's credit of each; of the large ones no more than that, since where every
  // fifth packet is lost all waits for time.
  struct Kind {
    uint32_t items, bytes;
  };
  for (const auto [items, bytes] :
       {Kind{400, 0}, Kind{400, 5}, Kind{400, 3000}, Kind{100, 50'000}}) {
    auto stream =
        world.channel().OpenStream(kDown, Bytes(Text(items, " ", world.AtMost(bytes))), Long());
    ASSERT_TRUE(stream.ok()) << stream.status();
    Count count;
    world.node().Spawn(ReadAll(world.node(), **stream, count));
    ASSERT_TRUE(world.Drive([&] { return count.done; }));
    EXPECT_EQ(count.good, items);
    EXPECT_TRUE(count.end.ok()) << count.end;
  }
}

TEST_P(Conformance, AClientStreamArrivesWhole) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  auto stream = world.channel().OpenStream(kUp, Bytes(""), Long());
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_TRUE(world.Run(WriteAll(world.node(), **stream, 500, 2000)));
  std::string answer;
  // GCC 14 mistakes a coroutine's parameter for a variable of the same name around it.
  ASSERT_TRUE(world.Run([](Node&, ClientStream& opened, std::string& answer) -> Task<void> {
    const absl::StatusOr<Message> reply = co_await opened.Finish();
    answer = reply.ok() ? std::string(reply->text()) : reply.status().ToString();
  }(world.node(), **stream, answer)));
  EXPECT_EQ(answer, "500");
}

TEST_P(Conformance, AStreamBothWaysArrivesWhole) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  auto stream = world.channel().OpenStream(kBoth, Bytes(""), Long());
  ASSERT_TRUE(stream.ok()) << stream.status();
  Count count;
  world.node().Spawn(ReadAll(world.node(), **stream, count));
  world.node().Spawn(WriteAll(world.node(), **stream, 700, 900));
  ASSERT_TRUE(world.Drive([&] { return count.done; }));
  EXPECT_EQ(count.good, 700u);
  EXPECT_TRUE(count.end.ok()) << count.end;
}

TEST_P(Conformance, ASlowReaderHoldsTheWriterBackAndLosesNothing) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  ChannelOptions options;
  auto stream = world.channel().OpenStream(kDown, Bytes("1000 100"), Long());
  ASSERT_TRUE(stream.ok()) << stream.status();
  for (int i = 0; i < 200; ++i) world.TurnOnce();
  EXPECT_LE(world.channel().ledger().received, uint64_t{options.session.stream_items})
      << "more items came than the reader takes unread";
  // Other calls of the same channel get on meanwhile.
  EXPECT_EQ(world.Call(kEcho, "meanwhile").value_or("?"), "meanwhile");
  Count count;
  world.node().Spawn(ReadAll(world.node(), **stream, count));
  ASSERT_TRUE(world.Drive([&] { return count.done; }));
  EXPECT_EQ(count.good, 1000u);
  EXPECT_TRUE(count.end.ok()) << count.end;
}

TEST_P(Conformance, AReaderThatAsksForMoreWhileItsChannelIsFullIsNotForgotten) {
  // The grants of a stream cost no credit, so they must pass requests that wait for some.
  ServerSetup setup;
  setup.handlers_max = 1;
  setup.window_units = 16;
  World world(GetParam(), setup);
  ASSERT_TRUE(world.ok());
  auto stream = world.channel().OpenStream(kDown, Bytes("1000 100"), Long());
  ASSERT_TRUE(stream.ok()) << stream.status();
  int ended = 0;
  for (int i = 0; i < 40; ++i) {  // more than the window: the rest waits in the outbox
    ASSERT_TRUE(world.channel()
                    .CallAsync(kEcho, Bytes("x"), Long(),
                               [&ended](Answer& reply) {
                                 EXPECT_TRUE(reply.ok()) << reply.status();
                                 ++ended;
                               })
                    .ok());
  }
  Count count;
  world.node().Spawn(ReadAll(world.node(), **stream, count));
  ASSERT_TRUE(world.Drive([&] { return count.done; }));
  EXPECT_EQ(count.good, 1000u);
  ASSERT_TRUE(world.Drive([&] { return ended == 40; }));
}

// The coroutine owns the stream and is destroyed with it while the end is being told.
Task<void> WriteUntilItFails(Node&, std::unique_ptr<ClientStream> stream, bool& ended) {
  for (;;) {
    const absl::Status sent = co_await stream->Write(Bytes("item"));
    if (!sent.ok()) break;
  }
  ended = true;
}

TEST_P(Conformance, AWriterMayLetGoOfItsStreamWhenTheCallEnds) {
  World world(GetParam(), {.stream_items = 4});
  ASSERT_TRUE(world.ok());
  bool ended = false;
  CallOptions soon;
  soon.timeout = 20ms;
  {
    auto stream = world.channel().OpenStream(kWaitForCancel, Bytes(""), soon);
    ASSERT_TRUE(stream.ok()) << stream.status();
    world.node().Spawn(WriteUntilItFails(world.node(), *std::move(stream), ended));
  }
  ASSERT_TRUE(world.Drive([&] { return ended; }));
  for (int i = 0; i < 300; ++i) ASSERT_EQ(world.Call(kEcho, Text(i)).value_or("?"), Text(i));
  EXPECT_EQ(world.channel().calls_under_way(), 0u);
}

TEST_P(Conformance, AClientThatGoesInTheMiddleOfItsStreamsLeavesTheServerWell) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  {
    absl::StatusOr<std::unique_ptr<Channel>> second =
        Channel::Open(world.node(), world.server_address());
    ASSERT_TRUE(second.ok());
    ASSERT_TRUE(world.Drive([&] { return (*second)->open(); }));
    auto up = (*second)->OpenStream(kUp, Bytes(""), Long());
    auto up_too = (*second)->OpenStream(kUp, Bytes(""), Long());
    auto down = (*second)->OpenStream(kDown, Bytes("100000 100"), Long());
    ASSERT_TRUE(up.ok() && up_too.ok() && down.ok());
    ASSERT_TRUE((*up)->Write(Bytes("one")).Wait().ok());
    for (int i = 0; i < 30; ++i) world.TurnOnce();
    up->reset();
    up_too->reset();
    down->reset();
  }
  for (int i = 0; i < 20; ++i) ASSERT_EQ(world.Call(kEcho, "well").value_or("?"), "well");
}

}  // namespace
}  // namespace jackfield::conformance
