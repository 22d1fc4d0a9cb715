// What a window knows of a key, over everything that makes it forget.
#include "services/once/window.h"

#include <gtest/gtest.h>

#include <optional>

namespace jackfield::once {
namespace {

using Begun = Window::Begun;
constexpr int64_t kSecond = 1'000'000'000;

class WindowTest : public testing::Test {
 protected:
  // Begins and ends a deed, if it may.
  Begun Do(uint64_t number, bool again = false, std::string answer = "done") {
    Window::Deed deed;
    const Begun begun = window_->Begin(Key(1, number, again), now_ns_, deed, end_);
    if (begun == Begun::kNow) deed.End({absl::OkStatus(), std::move(answer)}, now_ns_);
    return begun;
  }
  void Make(const WindowLimits& limits) { window_.emplace(now_ns_, limits); }
  int64_t now_ns_ = 1000 * kSecond;
  std::optional<Window> window_{std::in_place, now_ns_};
  Window::End end_;
};

TEST_F(WindowTest, AKeyIsBegunOnceAndThenAnsweredFromMemory) {
  EXPECT_EQ(Do(1), Begun::kNow);
  EXPECT_EQ(Do(1), Begun::kEnded);
  EXPECT_EQ(end_.answer, "done");
  EXPECT_EQ(Do(1, true), Begun::kEnded);
  EXPECT_EQ(Do(2), Begun::kNow);
}

TEST_F(WindowTest, AnErrorIsAnAnswerToo) {
  Window::Deed deed;
  ASSERT_EQ(window_->Begin(Key(1, 1, false), now_ns_, deed, end_), Begun::kNow);
  deed.End({absl::NotFoundError("no tea")}, now_ns_);
  EXPECT_EQ(Do(1, true), Begun::kEnded);
  EXPECT_EQ(end_.status, absl::NotFoundError("no tea"));
}

TEST_F(WindowTest, ClientsDoNotMeet) {
  EXPECT_EQ(Do(1), Begun::kNow);
  Window::Deed deed;
  EXPECT_EQ(window_->Begin(Key(2, 1, false), now_ns_, deed, end_), Begun::kNow);
  deed.End({}, now_ns_);
}

TEST_F(WindowTest, OneThatRunsIsAwaitedAndTellsAllWhoWait) {
  struct Ear : Window::Waiter {
    void OnEnd(const Window::End& end) override { heard = end.answer; }
    std::string heard;
  } first, second;
  Window::Deed deed;
  ASSERT_EQ(window_->Begin(Key(1, 1, false), now_ns_, deed, end_), Begun::kNow);
  EXPECT_EQ(Do(1, true), Begun::kRuns);
  window_->Await(Key(1, 1, true), first);
  window_->Await(Key(1, 1, true), second);
  deed.End({absl::OkStatus(), "done"}, now_ns_);
  EXPECT_EQ(first.heard + second.heard, "donedone");
}

TEST_F(WindowTest, OneThatWasGivenUpIsNotBegunAgain) {
  {
    Window::Deed deed;
    ASSERT_EQ(window_->Begin(Key(1, 1, false), now_ns_, deed, end_), Begun::kNow);
  }
  EXPECT_EQ(Do(1, true), Begun::kEnded);
  EXPECT_EQ(end_.status.code(), absl::StatusCode::kAborted);
}

// What the process before has done nobody knows.
TEST_F(WindowTest, AYoungWindowRefusesWhatWasCalledBefore) {
  now_ns_ += 119 * kSecond;
  EXPECT_EQ(Do(1, true), Begun::kRefused);
  EXPECT_EQ(end_.status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Do(2), Begun::kNow) << "a first call is nothing of before";
  now_ns_ += 1 * kSecond;
  EXPECT_EQ(Do(1, true), Begun::kNow) << "whoever calls again after so long began here";
}

TEST_F(WindowTest, WhatIsForgottenForWantOfRoomIsRefusedWhenItIsCalledAgain) {
  Make({.keys_max = 3});
  now_ns_ += 200 * kSecond;
  for (uint64_t number = 1; number <= 4; ++number) EXPECT_EQ(Do(number), Begun::kNow);
  EXPECT_EQ(window_->keys(), 3u);
  EXPECT_EQ(Do(1, true), Begun::kRefused);
  EXPECT_NE(end_.status.ToString().find("deed 1"), std::string::npos) << end_.status;
  for (uint64_t number = 2; number <= 4; ++number) EXPECT_EQ(Do(number, true), Begun::kEnded);
  EXPECT_EQ(Do(9, true), Begun::kRefused) << "it may have been that one";
}

TEST_F(WindowTest, AnswersAreBoundedInBytesToo) {
  Make({.bytes_max = 10, .answer_bytes_max = 6});
  EXPECT_EQ(Do(1, false, "12345"), Begun::kNow);
  EXPECT_EQ(Do(2, false, "12345"), Begun::kNow);
  EXPECT_EQ(window_->bytes(), 10u);
  EXPECT_EQ(Do(3, false, "1"), Begun::kNow);
  EXPECT_EQ(window_->bytes(), 6u);
  EXPECT_EQ(Do(1, true), Begun::kRefused);
  EXPECT_EQ(Do(2, true), Begun::kEnded);
  EXPECT_EQ(Do(4, false, "1234567"), Begun::kNow);
  EXPECT_EQ(window_->bytes(), 6u);
  EXPECT_EQ(Do(4, true), Begun::kEnded);
  EXPECT_EQ(end_.status.code(), absl::StatusCode::kAlreadyExists)
      << "it was done, and that is told";
}

TEST_F(WindowTest, WhatIsOldIsForgottenWithoutDoubt) {
  EXPECT_EQ(Do(1), Begun::kNow);
  now_ns_ += 119 * kSecond;
  EXPECT_EQ(Do(1, true), Begun::kEnded);
  now_ns_ += 1 * kSecond;
  EXPECT_EQ(Do(2), Begun::kNow);
  EXPECT_EQ(window_->keys(), 1u);
  EXPECT_EQ(Do(3, true), Begun::kNow);
}

TEST_F(WindowTest, MoreThanItHoldsAtOnceAreRefusedAndNotForgotten) {
  Make({.keys_max = 2});
  Window::Deed first, second;
  ASSERT_EQ(window_->Begin(Key(1, 1, false), now_ns_, first, end_), Begun::kNow);
  ASSERT_EQ(window_->Begin(Key(1, 2, false), now_ns_, second, end_), Begun::kNow);
  EXPECT_EQ(Do(3), Begun::kRefused);
  EXPECT_EQ(end_.status.code(), absl::StatusCode::kResourceExhausted);
  first.End({}, now_ns_);
  EXPECT_EQ(Do(3), Begun::kNow);
  second.End({}, now_ns_);
}

}  // namespace
}  // namespace jackfield::once
