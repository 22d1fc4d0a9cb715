// Streams by themselves: items against grants, and a writer that does not wait.
#include "kernel/call/stream.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

constexpr uint32_t kFeed = 100;

class StreamTest : public ChannelWorld {
 protected:
  // A service that holds the call, so that the test has both ends in hand.
  void Open() {
    Serve();
    port_->Handle(kFeed, [this](ServerCall& call) {
      call.Hold();
      served_ = &call;
    });
    ChannelOptions options;
    options.session.stream_items = 4;
    Connect(options);
    Turns();
    stream_ = channel_->OpenStream(kFeed, Bytes("")).value();
    Turns();
    ASSERT_NE(served_, nullptr);
    ASSERT_NE(served_->stream(), nullptr);
  }
  absl::Status TryWrite(std::string_view text) {
    Bytes payload(text);
    return served_->stream()->TryWrite(payload);
  }
  std::string ReadNow() {
    if (!stream_->Readable()) return "(none)";
    std::string got = "(end)";
    node_->Spawn([](Node&, ClientStream& stream, std::string& got) -> Task<void> {
      if (std::optional<Message> item = co_await stream.Read()) got = std::string(item->text());
    }(*node_, *stream_, got));
    Turns(5);
    return got;
  }

  ServerCall* served_ = nullptr;
  std::unique_ptr<ClientStream> stream_;
};

TEST_F(StreamTest, AWriterThatDoesNotWaitIsRefusedWhereItsReaderIsSlowerAndMayDropTheItem) {
  Open();
  int sent = 0;
  absl::Status refused;
  for (; sent < 100 && refused.ok(); ++sent) refused = TryWrite("item");
  EXPECT_EQ(sent, 5) << "four are granted";
  EXPECT_EQ(OutcomeOf(refused), Outcome::kRefused) << refused;
  EXPECT_EQ(ReasonOf(refused), Reason::kBackPressure) << refused;
  Turns();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(ReadNow(), "item");
  EXPECT_EQ(ReadNow(), "(none)") << "what was refused was not sent";
  EXPECT_TRUE(TryWrite("next").ok()) << "what was read is granted again";
  Turns();
  EXPECT_EQ(ReadNow(), "next");
}

TEST_F(StreamTest, AWriterThatDoesNotWaitOvertakesNoneThatDoes) {
  Open();
  while (TryWrite("item").ok()) {
  }
  bool written = false;
  node_->Spawn([](Node&, StreamEnd& stream, bool& written) -> Task<void> {
    written = (co_await stream.Write(Bytes("waited"))).ok();
  }(*node_, *served_->stream(), written));
  Turns(5);
  EXPECT_FALSE(written);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(ReadNow(), "item");
    if (!written) {
      EXPECT_EQ(ReasonOf(TryWrite("before it?")), Reason::kBackPressure);
    }
  }
  Turns();
  EXPECT_TRUE(written);
  EXPECT_EQ(ReadNow(), "waited");
}

TEST_F(StreamTest, AfterTheEndOfTheCallNothingIsWritten) {
  Open();
  stream_.reset();
  Turns();
  const absl::Status refused = TryWrite("item");
  EXPECT_FALSE(refused.ok());
  EXPECT_NE(ReasonOf(refused), Reason::kBackPressure) << "it would wait for ever: " << refused;
}

}  // namespace
}  // namespace jackfield
