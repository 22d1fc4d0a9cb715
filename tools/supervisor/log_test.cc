#include "tools/supervisor/log.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

class LogTest : public ::testing::Test {
 protected:
  const std::unique_ptr<Loop> loop_ = *Loop::Create({});
  Log log_{*loop_};
};

TEST_F(LogTest, KeepsLinesInTheirOrderWithNumberAndService) {
  log_.Append("kv", "one");
  log_.Append("", "two");
  ASSERT_EQ(log_.end(), 2u);
  EXPECT_EQ(log_.At(0).text, "one");
  EXPECT_EQ(log_.At(0).service, "kv");
  EXPECT_EQ(log_.At(1).service, "");
  EXPECT_EQ(log_.At(1).number, 1u);
  EXPECT_GE(log_.At(1).time_ns, log_.At(0).time_ns);
}

TEST_F(LogTest, TheOldestGoWhenThereIsNoRoom) {
  const std::string text(100'000, 'x');
  for (int i = 0; i < 100; ++i) log_.Append("kv", text);
  EXPECT_EQ(log_.end(), 100u);
  EXPECT_EQ(log_.end() - log_.first(), Log::kBytesMax / (text.size() + 2 + sizeof(LogLine)));
  EXPECT_EQ(log_.At(log_.first()).number, log_.first());
  log_.Append("kv", std::string(Log::kBytesMax, 'y'));
  EXPECT_EQ(log_.end() - log_.first(), 1u) << "the last line is always kept";
}

TEST_F(LogTest, TheLastLinesOfSomeServices) {
  for (const char* service : {"kv", "log", "kv", "log", "log"}) log_.Append(service, "text");
  EXPECT_EQ(log_.Last(2, {}), 3u);
  EXPECT_EQ(log_.Last(2, {"kv"}), 0u);
  EXPECT_EQ(log_.Last(1, {"kv"}), 2u);
  EXPECT_EQ(log_.Last(0, {}), 5u);
  EXPECT_EQ(log_.Last(UINT64_MAX, {}), 0u);
  EXPECT_EQ(log_.Last(1, {"none"}), 0u);
}

TEST_F(LogTest, WhoWaitsGoesOnWithTheNextLineOrWhenHeIsWoken) {
  int came = 0;
  Log::Waiter* waiting = nullptr;
  auto follow = [&](uint64_t number) -> Task<void> {
    Log::Waiter waiter(log_, number);
    waiting = &waiter;
    co_await waiter;
    ++came;
  };
  loop_->Spawn(follow(0));
  loop_->Spawn(follow(0));
  loop_->Turn(Loop::kDoNotSleep);
  EXPECT_EQ(came, 0);
  log_.Append("kv", "text");
  loop_->Turn(Loop::kDoNotSleep);
  EXPECT_EQ(came, 2);
  loop_->Spawn(follow(0));
  loop_->Turn(Loop::kDoNotSleep);
  EXPECT_EQ(came, 3) << "the line is there";
  loop_->Spawn(follow(1));
  loop_->Turn(Loop::kDoNotSleep);
  EXPECT_EQ(came, 3) << "this one is not";
  waiting->Wake();
  loop_->Turn(Loop::kDoNotSleep);
  EXPECT_EQ(came, 4);
}

}  // namespace
}  // namespace jackfield
