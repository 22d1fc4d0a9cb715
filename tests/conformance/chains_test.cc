// Services that call services: what travels along with a call, and calls that would wait for
// themselves.
#include <string>

#include "kernel/call_chain.h"
#include "kernel/text.h"
#include "tests/conformance/second_service.h"

namespace jackfield::conformance {
namespace {

CallOptions Long() {
  CallOptions options;
  options.timeout_us = 60'000'000;
  return options;
}

std::string To(const std::string& address, uint32_t type, std::string payload = "") {
  Onward onward;
  onward.address = address;
  onward.type = type;
  onward.payload = std::move(payload);
  return onward.ToText();
}

bool Contains(const absl::Status& status, std::string_view words) {
  return status.ToString().find(words) != std::string::npos;
}

TEST_P(Conformance, ACallThatWouldWaitForItselfIsRefusedWithTheCycle) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  const absl::Status refused =
      second.Call(kRelay, To(world.server_address(), kRelay, To(second.address(), kEcho)), Long())
          .status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_TRUE(Contains(refused, GetParam().place == Place::kOneNode
                                    ? "client → client would wait for itself"
                                    : "client → server → client would wait for itself"))
      << refused;
  EXPECT_EQ(world.Call(kEcho, "well").value_or("?"), "well");
  EXPECT_EQ(second.Call(kEcho, "well").value_or("?"), "well");
}

TEST_P(Conformance, ACycleThroughABusyServiceIsRefusedAtOnceNotAtItsDeadline) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  // Its only handler is the one that waits: what would wait behind it would wait for itself.
  World world(GetParam(), {.handlers_max = 1});
  ASSERT_TRUE(world.ok());
  SecondService second(world, {.handlers_max = 1});
  ASSERT_TRUE(second.ok());
  const absl::Status refused =
      second.Call(kRelay, To(world.server_address(), kRelay, To(second.address(), kEcho)), Long())
          .status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_TRUE(Contains(refused, "would wait for itself")) << refused;
}

TEST_P(Conformance, AOneWayMessageToWhomWaitsForTheSenderArrives) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  if (GetParam().place == Place::kOneNode) GTEST_SKIP() << "one node is one service";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  for (uint32_t i = 1; i <= 3; ++i) {
    const std::string back = To(second.address(), kNote, Pattern(i, 16));
    EXPECT_EQ(second.Call(kRelay, To(world.server_address(), kTell, back), Long()).value_or("?"),
              "told");
  }
  EXPECT_TRUE(world.Drive([&] { return second.Call(kNotes, "").value_or("?") == "1 2 3 "; }));
}

TEST_P(Conformance, AReentrantServiceMayBeCalledByWhomItWaitsFor) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  World world(GetParam(), {.reentrant = 1});
  ASSERT_TRUE(world.ok());
  SecondService second(world, {.reentrant = 1});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(
      second.Call(kRelay, To(world.server_address(), kRelay, To(second.address(), kEcho, "round")))
          .value_or("?"),
      "round");
}

TEST_P(Conformance, AChainThatGrowsWithoutEndIsRefused) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  World world(GetParam(), {.reentrant = 1});
  ASSERT_TRUE(world.ok());
  SecondService second(world, {.reentrant = 1});
  ASSERT_TRUE(second.ok());
  std::string payload = "end";
  uint32_t type = kEcho;
  for (size_t i = 0; i <= kChainLinksMax; ++i) {
    payload = To(i % 2 == 0 ? world.server_address() : second.address(), type, std::move(payload));
    type = kRelay;
  }
  const absl::Status refused = second.Call(kRelay, payload, Long()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_TRUE(Contains(refused, Text("a chain of more than ", kChainLinksMax, " calls")))
      << refused;
}

TEST_P(Conformance, ADetachedCallIsNoPartOfTheChain) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  Onward onward;
  onward.address = world.server_address();
  onward.type = kRelay;
  onward.payload = To(second.address(), kEcho, "round");
  onward.detached = 1;
  const absl::StatusOr<std::string> answer = second.Call(kRelay, onward.ToText(), Long());
  if (GetParam().place == Place::kOneNode) {
    // The second hop is the same service's own, and that one is not detached.
    EXPECT_TRUE(Contains(answer.status(), "would wait for itself")) << answer.status();
  } else {
    EXPECT_EQ(answer.value_or("?"), "round");
  }
}

TEST_P(Conformance, BlockingInsideAHandlerIsRefusedWithAnExplanation) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  for (const std::string& answer :
       {world.Call(kBlock, To(second.address(), kEcho), Long()).value_or("?"),
        second.Call(kBlock, To(world.server_address(), kEcho), Long()).value_or("?")}) {
    EXPECT_EQ(answer.find("REFUSED misuse REFUSED misuse"), 0u) << answer;
    EXPECT_NE(answer.find("would wait for itself: use co_await"), std::string::npos) << answer;
  }
}

TEST_P(Conformance, WhatRemainsOfADeadlineReachesTheSecondHandler) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world, {.reentrant = 1});
  ASSERT_TRUE(second.ok());
  if (GetParam().place == Place::kOneNode) GTEST_SKIP() << "one node is one service";
  Onward onward;
  onward.address = world.server_address();
  onward.type = kRemaining;
  onward.timeout_us = 300'000'000;  // more than its caller has
  onward.linger_us = 10'000;
  CallOptions options;
  options.timeout_us = 30'000'000;
  const std::string left = second.Call(kRelay, onward.ToText(), options).value_or("0");
  EXPECT_LE(std::stoll(left), 30'000'000 - 10'000);
  EXPECT_GT(std::stoll(left), 0);
  onward.timeout_us = 3'000'000;  // less: its own holds
  const std::string own = second.Call(kRelay, onward.ToText(), options).value_or("0");
  EXPECT_LE(std::stoll(own), 3'000'000);
  EXPECT_GT(std::stoll(own), 0);
  onward.timeout_us = 300'000'000;
  onward.detached = 1;
  const std::string detached = second.Call(kRelay, onward.ToText(), options).value_or("0");
  EXPECT_GT(std::stoll(detached), 30'000'000);
}

TEST_P(Conformance, CancellationReachesTheSecondHandler) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  if (GetParam().place == Place::kOneNode) GTEST_SKIP() << "one node is one service";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  // The inner call has the outer's deadline, which ends it there too. Over a medium that mends
  // losses a call may not arrive in so short a time: then it is given more.
  std::string cancels = "0";
  CallOptions soon;
  for (soon.timeout_us = 50'000; cancels == "0" && soon.timeout_us < 10'000'000;
       soon.timeout_us *= 4) {
    const absl::Status late =
        second.Call(kRelay, To(world.server_address(), kWaitForCancel), soon).status();
    EXPECT_FALSE(late.ok());
    for (int i = 0; i < 20 && cancels == "0"; ++i) cancels = world.Call(kCancels).value_or("?");
  }
  EXPECT_NE(cancels, "0");
  EXPECT_NE(cancels, "?");
}

TEST_P(Conformance, ACallInheritsThePriorityOfTheCallBeingHandled) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  if (GetParam().place == Place::kOneNode) GTEST_SKIP() << "one node is one service";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    CallOptions options = Long();
    options.priority = priority;
    Onward onward;
    onward.address = world.server_address();
    onward.type = kPriority;
    EXPECT_EQ(second.Call(kRelay, onward.ToText(), options).value_or("?"), Text(int{priority}));
    onward.detached = 1;
    EXPECT_EQ(second.Call(kRelay, onward.ToText(), options).value_or("?"),
              Text(int{kPriorityDefault}));
  }
}

}  // namespace
}  // namespace jackfield::conformance
