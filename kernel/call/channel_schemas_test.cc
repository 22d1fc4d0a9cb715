// A channel and a service that have another schema for the same interface find it out in the hello,
// before anything is sent.
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> judged;  // the schemas that were
absl::Status verdict;

absl::Status Judge(const Interface&, std::string_view schema) {
  judged.emplace_back(schema);
  return verdict;
}

constexpr Interface kHere{.name = "kv.Store", .schema = "here", .schema_hash = 1};
constexpr Interface kThere{.name = "kv.Store", .schema = "there", .schema_hash = 2};
const CalledInterface kHereIsCalled(kHere);
constexpr Interface kElse{.name = "kv.Else", .schema = "else", .schema_hash = 3};

class SchemasTest : public ChannelWorld {
 protected:
  SchemasTest() {
    judged.clear();
    verdict = absl::OkStatus();
  }
  void Meet(const Interface& there, PortOptions options = {}) {
    Serve(options);
    port_->AddInterface(there);
    port_->AddInterface(kElse);
    Connect();
    channel_->Speaks(kHere, Judge);
    channel_->Speaks(kHere, Judge);
    Turns();
  }
  ~SchemasTest() override { channel_.reset(), port_.reset(), node_.reset(); }
};

TEST_F(SchemasTest, WithTheSameSchemaNothingIsAsked) {
  Meet(kHere);
  EXPECT_TRUE(channel_->open());
  EXPECT_THAT(judged, ElementsAre());
}

TEST_F(SchemasTest, AnotherOneIsJudgedOnceBeforeTheFirstCall) {
  Meet(kThere);
  EXPECT_TRUE(channel_->open());
  EXPECT_THAT(judged, ElementsAre("there"));
  Result echo;
  ASSERT_TRUE(Start(kEcho, "hello", echo).ok());
  Turns();
  EXPECT_EQ(echo.value().value_or("?"), "hello");
}

TEST_F(SchemasTest, OneThatDoesNotFitEndsTheChannelAndWhatWaitsIsNotSent) {
  verdict = absl::FailedPreconditionError("kv.Key.age: here int, there string");
  Serve();
  port_->AddInterface(kThere);
  Connect();
  channel_->Speaks(kHere, Judge);
  Result echo;
  ASSERT_TRUE(Start(kEcho, "never", echo).ok());
  Turns();
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(ReasonOf(echo->status()), Reason::kVersion) << echo->status();
  EXPECT_NE(OutcomeOf(echo->status()), Outcome::kInDoubt);
  EXPECT_THAT(std::string(channel_->ended_why().message()),
              HasSubstr("wire:x: kv.Key.age: here int, there string"));
  EXPECT_EQ(channel_->ledger().sent, 0u);
}

TEST_F(SchemasTest, AClientThatIsMadeWhenTheChannelIsOpenIsJudgedThen) {
  verdict = absl::FailedPreconditionError("kv.Key.age: here int, there string");
  Serve();
  port_->AddInterface(kThere);
  Connect();
  Turns();
  ASSERT_TRUE(channel_->open()) << "nobody has said that he calls it";
  channel_->Speaks(kHere, Judge);
  EXPECT_FALSE(channel_->open());
  EXPECT_EQ(ReasonOf(channel_->ended_why()), Reason::kVersion) << channel_->ended_why();
  Result echo;
  EXPECT_FALSE(Start(kEcho, "never", echo).ok());
}

TEST_F(SchemasTest, AnInterfaceThatIsNotServedIsNotCompared) {
  Meet(kElse);
  EXPECT_TRUE(channel_->open());
  EXPECT_THAT(judged, ElementsAre());
}

TEST_F(SchemasTest, ASchemaWithoutRoomInTheWelcomeIsNotCompared) {
  const std::string large(100'000, 's');
  const Interface there{.name = "kv.Store", .schema = large, .schema_hash = 2};
  verdict = absl::FailedPreconditionError("it was judged");
  Meet(there);
  EXPECT_TRUE(channel_->open()) << channel_->ended_why();
  EXPECT_THAT(judged, ElementsAre());
}

TEST_F(SchemasTest, TheNextInstanceIsHeldAgainstItToo) {
  Meet(kHere);
  port_.reset();
  Turns();
  Serve();
  port_->AddInterface(kThere);
  verdict = absl::FailedPreconditionError("the new one has another");
  Pass(2'000'000'000);
  EXPECT_THAT(judged, ElementsAre("there"));
  EXPECT_THAT(std::string(channel_->ended_why().message()), HasSubstr("the new one has another"));
}

}  // namespace
}  // namespace jackfield
