// Services that call services: what travels along with a call, and calls that would wait for
// themselves.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/call_chain.h"
#include "tests/conformance/second_service.h"

namespace jackfield::conformance {
namespace {

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

class Chains : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    if (OneClientOnly() && !IsSkipped()) GTEST_SKIP() << "one client only: nobody can call back";
  }

  // The two services of a test, one call away from each other in both directions. False: the test
  // has failed and has said why.
  [[nodiscard]] bool Meet(const ServerSetup& first_setup = {},
                          const ServerSetup& second_setup = {}) {
    world_.emplace(GetParam(), first_setup);
    if (!world_->ok()) return false;
    second_.emplace(*world_, second_setup);
    return second_->ok();
  }

  std::string first() const { return world_->server_address(); }
  std::string second() const { return second_->address(); }
  // The second service passes `onward` on.
  absl::StatusOr<std::string> Relay(std::string_view onward, const CallOptions& options = Long()) {
    return second_->Call(kRelay, onward, options);
  }

  std::optional<World> world_;
  std::optional<SecondService> second_;  // after the world, and gone before it
};

TEST_P(Chains, ACallThatWouldWaitForItselfIsRefusedWithTheCycle) {
  ASSERT_TRUE(Meet());
  const absl::Status refused = Relay(To(first(), kRelay, To(second(), kEcho))).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_TRUE(Contains(refused, GetParam().place == Place::kOneNode
                                    ? "client → client would wait for itself"
                                    : "client → server → client would wait for itself"))
      << refused;
  EXPECT_EQ(world_->Call(kEcho, "well").value_or("?"), "well");
  EXPECT_EQ(second_->Call(kEcho, "well").value_or("?"), "well");
}

TEST_P(Chains, ACycleThroughABusyServiceIsRefusedAtOnceNotAtItsDeadline) {
  // Its only handler is the one that waits: what would wait behind it would wait for itself.
  ASSERT_TRUE(Meet({.handlers_max = 1}, {.handlers_max = 1}));
  const absl::Status refused = Relay(To(first(), kRelay, To(second(), kEcho))).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_TRUE(Contains(refused, "would wait for itself")) << refused;
}

TEST_P(Chains, AOneWayMessageToWhomWaitsForTheSenderArrives) {
  ASSERT_TRUE(Meet());
  for (uint32_t i = 1; i <= 3; ++i) {
    const std::string back = To(second(), kNote, Pattern(i, 16));
    EXPECT_EQ(Relay(To(first(), kTell, back)).value_or("?"), "told");
  }
  EXPECT_TRUE(world_->Drive([&] { return second_->Call(kNotes, "").value_or("?") == "1 2 3 "; }));
}

TEST_P(Chains, AReentrantServiceMayBeCalledByWhomItWaitsFor) {
  ASSERT_TRUE(Meet({.reentrant = 1}, {.reentrant = 1}));
  EXPECT_EQ(Relay(To(first(), kRelay, To(second(), kEcho, "round"))).value_or("?"), "round");
}

TEST_P(Chains, AChainThatGrowsWithoutEndIsRefused) {
  ASSERT_TRUE(Meet({.reentrant = 1}, {.reentrant = 1}));
  std::string payload = "end";
  uint32_t type = kEcho;
  for (size_t i = 0; i <= kChainLinksMax; ++i) {
    payload = To(i % 2 == 0 ? first() : second(), type, std::move(payload));
    type = kRelay;
  }
  const absl::Status refused = Relay(payload).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_TRUE(Contains(refused, Text("a chain of more than ", kChainLinksMax, " calls")))
      << refused;
}

TEST_P(Chains, ADetachedCallIsNoPartOfTheChain) {
  ASSERT_TRUE(Meet());
  Onward onward;
  onward.address = first();
  onward.type = kRelay;
  onward.payload = To(second(), kEcho, "round");
  onward.detached = 1;
  const absl::StatusOr<std::string> answer = Relay(onward.ToText());
  EXPECT_EQ(answer.value_or("?"), "round");
}

TEST_P(Chains, BlockingInsideAHandlerIsRefusedWithAnExplanation) {
  ASSERT_TRUE(Meet());
  for (const std::string& answer :
       {world_->Call(kBlock, To(second(), kEcho), Long()).value_or("?"),
        second_->Call(kBlock, To(first(), kEcho), Long()).value_or("?")}) {
    EXPECT_EQ(answer.find("REFUSED misuse REFUSED misuse"), 0u) << answer;
    EXPECT_NE(answer.find("would wait for itself: use co_await"), std::string::npos) << answer;
  }
}

TEST_P(Chains, WhatRemainsOfADeadlineReachesTheSecondHandler) {
  ASSERT_TRUE(Meet({}, {.reentrant = 1}));
  Onward onward;
  onward.address = first();
  onward.type = kRemaining;
  onward.timeout_us = 300'000'000;  // more than its caller has
  onward.linger_us = 10'000;
  CallOptions options;
  options.timeout = 30s;
  const std::string left = Relay(onward.ToText(), options).value_or("0");
  EXPECT_LE(std::stoll(left), 30'000'000 - 10'000);
  EXPECT_GT(std::stoll(left), 0);
  onward.timeout_us = 3'000'000;  // less: its own holds
  const std::string own = Relay(onward.ToText(), options).value_or("0");
  EXPECT_LE(std::stoll(own), 3'000'000);
  EXPECT_GT(std::stoll(own), 0);
  onward.timeout_us = 300'000'000;
  onward.detached = 1;
  const std::string detached = Relay(onward.ToText(), options).value_or("0");
  EXPECT_GT(std::stoll(detached), 30'000'000);
}

TEST_P(Chains, CancellationReachesTheSecondHandler) {
  ASSERT_TRUE(Meet());
  // The inner call has the outer's deadline, which ends it there too. Over a medium that mends
  // losses a call may not arrive in so short a time: then it is given more.
  std::string cancels = "0";
  CallOptions soon;
  for (soon.timeout = 50ms; cancels == "0" && soon.timeout < 10s; soon.timeout *= 4) {
    const absl::Status late = Relay(To(first(), kWaitForCancel), soon).status();
    EXPECT_FALSE(late.ok());
    for (int i = 0; i < 20 && cancels == "0"; ++i) cancels = world_->Call(kCancels).value_or("?");
  }
  EXPECT_NE(cancels, "0");
  EXPECT_NE(cancels, "?");
}

TEST_P(Chains, ACallInheritsThePriorityOfTheCallBeingHandled) {
  ASSERT_TRUE(Meet());
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    CallOptions options = Long();
    options.priority = priority;
    Onward onward;
    onward.address = first();
    onward.type = kPriority;
    EXPECT_EQ(Relay(onward.ToText(), options).value_or("?"), Text(int{priority}));
    onward.detached = 1;
    EXPECT_EQ(Relay(onward.ToText(), options).value_or("?"), Text(int{kPriorityDefault}));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Chains, testing::ValuesIn(EveryParam()),
                         [](const auto& info) { return NameOf(info.param); });

}  // namespace
}  // namespace jackfield::conformance
