// How the end of a call is told: an answer is lent, and becomes the caller's by Keep; whatever else
// ends a call is told later, in a turn of the node, never from inside the function that ended it.
#include <string>
#include <type_traits>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

using testing::HasSubstr;

static_assert(!std::is_move_constructible_v<MessageView> &&
              !std::is_copy_constructible_v<MessageView> &&
              !std::is_move_assignable_v<MessageView>);
static_assert(!std::is_move_constructible_v<Answer> && !std::is_copy_constructible_v<Answer>);
static_assert(std::is_nothrow_move_constructible_v<Message> &&
              !std::is_constructible_v<Message, MessageView&>);

class EndsTest : public ChannelWorld {
 protected:
  ~EndsTest() override { channel_.reset(), port_.reset(), node_.reset(); }
};

TEST_F(EndsTest, AnAnswerThatIsKeptStaysWhatItWasWhateverComesLater) {
  for (const size_t bytes : {size_t{0}, size_t{20}, size_t{5'000}, size_t{300'000}}) {
    Begin();
    Message kept;
    const std::string first(bytes, 'f');
    Bytes payload(first);
    ASSERT_TRUE(channel_
                    ->CallAsync(kEcho, payload, {},
                                [&kept](Answer& answer) {
                                  ASSERT_TRUE(answer.ok()) << answer.status();
                                  kept = *answer.Keep();
                                })
                    .ok());
    Turns();
    for (const char letter : {'a', 'b', 'c'}) {
      const std::string other(bytes, letter);
      Result echo;
      ASSERT_TRUE(Start(kEcho, other, echo).ok());
      Turns();
      ASSERT_TRUE(echo.has_value() && echo->ok());
    }
    channel_.reset(), port_.reset();
    Turns();
    EXPECT_EQ(kept.text(), first);
  }
}

TEST_F(EndsTest, WhoIsToldOfCloseIsInATurnAndNotInsideClose) {
  Begin();
  bool inside = false, told = false;
  absl::Status nested;
  std::unique_ptr<Channel> other = *Channel::Open(*node_, "wire:x");
  Turns();
  ASSERT_TRUE(channel_
                  ->CallAsync(kLeave, Bytes("held"), {},
                              [&](Answer& answer) {
                                told = true;
                                EXPECT_FALSE(inside);
                                EXPECT_TRUE(node_->in_turn());
                                EXPECT_EQ(OutcomeOf(answer.status()), Outcome::kInDoubt);
                                nested = other->Call(kEcho, Bytes("x")).Wait().status();
                              })
                  .ok());
  Turns();
  inside = true;
  channel_->Close(0s);
  inside = false;
  EXPECT_FALSE(told);
  Turns(1);
  EXPECT_TRUE(told);
  EXPECT_EQ(ReasonOf(nested), Reason::kMisuse) << nested;
}

TEST_F(EndsTest, WhoIsToldMayUseAndDestroyWhatHasEnded) {
  Begin();
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(channel_
                    ->CallAsync(kLeave, Bytes("held"), {},
                                [&](Answer& answer) {
                                  ++told;
                                  EXPECT_FALSE(answer.ok());
                                  channel_.reset();
                                })
                    .ok());
  }
  Turns();
  channel_->Close(0s);
  Turns();
  EXPECT_EQ(told, 3);
  EXPECT_EQ(channel_, nullptr);
}

TEST_F(EndsTest, TheEndOfTheNodeTellsWhoHasNotHeard) {
  Begin();
  Result held;
  ASSERT_TRUE(Start(kLeave, "held", held).ok());
  Turns();
  channel_.reset(), port_.reset();
  EXPECT_FALSE(held.has_value());
  node_.reset();
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(ReasonOf(held->status()), Reason::kCancelled) << held->status();
}

TEST_F(EndsTest, APortTellsOfItsClientsEndsAfterItsOwn) {
  Begin();
  int gone = 0;
  bool inside = true;
  port_->OnClientGone([&](const std::string& name, const absl::Status&) {
    ++gone;
    EXPECT_FALSE(inside);
    EXPECT_EQ(name, "both");
  });
  port_.reset();
  inside = false;
  EXPECT_EQ(gone, 0);
  Turns(1);
  EXPECT_EQ(gone, 1);
}

TEST_F(EndsTest, ACoroutineThatWaitsForACallTakes512Bytes) {
  Begin({.calls_max = 1024});
  const auto wait = [this](int count) {
    for (int i = 0; i < count; ++i) {
      node_->Spawn([](Node&, Channel& channel) -> Task<void> {
        static_cast<void>(co_await channel.Call(kLeave, Bytes("x")));
      }(*node_, *channel_));
    }
    Turns();
    return node_->blocks().bytes_in_use();
  };
  const uint64_t before = wait(100);  // the links have grown
  const uint64_t both = (wait(800) - before) / 800;
  ASSERT_EQ(port_->calls_under_way(), 900u);
  // The server's half lies on this node, too: the call and the message that it holds.
  EXPECT_LE(both, 512 + BlockPool::SizeFor(sizeof(ServerCall)) + 512);
  EXPECT_LE(sizeof(Channel::PendingCall<Bytes>), 280u);
}

}  // namespace
}  // namespace jackfield
