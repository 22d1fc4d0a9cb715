// A channel moves to another address: what was sent ends where it was sent, what is begun
// afterwards goes to the new one, and one-way messages stay in order.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MoveTest : public ChannelWorld {
 protected:
  ~MoveTest() override { channel_.reset(), other_.reset(), port_.reset(), node_.reset(); }
  // A second service, at wire:y.
  void ServeOther() {
    other_ = *Port::Open(*node_, {"wire:y"}, {});
    other_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes("y")).IgnoreError(); });
    other_->Handle(kNote, [this](ServerCall&) { order_.push_back("y"); });
  }
  static Address Y() { return Address("wire", "y"); }
  std::string Echo() {
    Result echo;
    if (absl::Status status = Start(kEcho, "x", echo); !status.ok()) return status.ToString();
    Pass(100'000'000);
    if (!echo.has_value()) return "nothing";
    return echo->ok() ? **echo : echo->status().ToString();
  }

  std::unique_ptr<Port> other_;
  std::vector<std::string> order_;
};

TEST_F(MoveTest, WhatIsBegunAfterwardsGoesThere) {
  Begin();
  ServeOther();
  EXPECT_EQ(Echo(), "x");
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  EXPECT_EQ(Echo(), "y");
  EXPECT_EQ(channel_->address().ToString(), "wire:y");
  EXPECT_TRUE(channel_->open());
  EXPECT_EQ(port_->clients(), 0u) << "the place before is left";
  ASSERT_TRUE(channel_->MoveTo(Address("wire", "x")).ok());
  EXPECT_EQ(Echo(), "x");
  const Ledger ledger = channel_->ledger();
  EXPECT_EQ(ledger.in_doubt, 0u);
  EXPECT_EQ(ledger.failed, 0u);
  EXPECT_EQ(ledger.delivered, 3u);
}

TEST_F(MoveTest, ACallUnderWayIsAnsweredWhereItWasSent) {
  Begin();
  ServeOther();
  Result held;
  ASSERT_TRUE(Start(kReplace, "", held).ok());
  Turns();
  ASSERT_NE(held_, nullptr);
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  EXPECT_EQ(Echo(), "y") << "and does not hold up what is begun";
  EXPECT_EQ(absl::StatusCode::kUnavailable, channel_->MoveTo(Address("wire", "x")).code());
  EXPECT_FALSE(held.has_value());
  std::exchange(held_, nullptr)->Reply(Bytes("at x")).IgnoreError();
  Pass(100'000'000);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->value_or("?"), "at x");
  EXPECT_EQ(port_->clients(), 0u);
  EXPECT_TRUE(channel_->MoveTo(Address("wire", "x")).ok());
}

TEST_F(MoveTest, OneWayMessagesStayInOrder) {
  Begin();
  ServeOther();
  port_.reset();
  port_ = *Port::Open(*node_, {"wire:x"}, {});  // the next instance, which is slow
  port_->HandleTask(kNote, [this](ServerCall& call) -> Task<absl::Status> {
    co_await call.node().Sleep(500ms);
    order_.push_back("x");
    co_return absl::OkStatus();
  });
  Pass(200'000'000);
  ASSERT_TRUE(channel_->open());
  ASSERT_TRUE(TryNote());
  Turns();
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  ASSERT_TRUE(TryNote()) << "it waits in the outbox";
  Pass(400'000'000);
  EXPECT_TRUE(order_.empty());
  EXPECT_FALSE(channel_->open()) << "the first one is not handled yet";
  Pass(200'000'000);
  EXPECT_THAT(order_, ElementsAre("x", "y"));
}

TEST_F(MoveTest, WhatHasNotBeenSentGoesThere) {
  Begin();
  ServeOther();
  Result queued;
  wire_.blocked = true;
  ASSERT_TRUE(Start(kEcho, "x", queued, {.timeout = 30s}).ok());
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  Turns();
  port_.reset();
  Turns();
  wire_.blocked = false;
  Pass(200'000'000);
  ASSERT_TRUE(queued.has_value());
  ASSERT_TRUE(queued->ok()) << queued->status();
  EXPECT_EQ(**queued, "y");
}

TEST_F(MoveTest, AWayOutOfAPlaceWhereNobodyServes) {
  ServeOther();
  Connect();
  Pass(1'000'000'000);
  EXPECT_FALSE(channel_->open());
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  EXPECT_EQ(Echo(), "y");
  ASSERT_TRUE(channel_->MoveTo(Address("wire", "z")).ok());
  Pass(20'000'000'000);
  EXPECT_TRUE(channel_->ended_why().ok()) << "it waits there, as for a service that has gone";
  EXPECT_THAT(channel_->Describe(), HasSubstr("wire:z (connecting again: nobody serves there"));
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  EXPECT_EQ(Echo(), "y");
}

TEST_F(MoveTest, WhatCannotBeIsRefusedAndChangesNothing) {
  Begin({.reconnect = false});
  EXPECT_EQ(channel_->MoveTo(Y()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(channel_->MoveTo(Address("nowhere", "y")).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Echo(), "x");
  channel_->Close(0s);
  EXPECT_EQ(channel_->MoveTo(Y()), channel_->ended_why());
}

TEST_F(MoveTest, AServiceServesAtOneMoreAddressAndLeavesTheFirst) {
  Begin();
  std::vector<std::string> told;
  const auto tell = [&told](const absl::StatusOr<Address>& actual) {
    told.push_back(actual.ok() ? actual->ToString() : std::string(actual.status().message()));
  };
  ASSERT_TRUE(port_->ServeAt("wire:y", tell).ok());
  Turns();
  EXPECT_THAT(told, ElementsAre("wire:y"));
  EXPECT_EQ(port_->addresses().size(), 2u);
  ASSERT_TRUE(port_->LeaveAddress(Address("wire", "x")).ok());
  EXPECT_TRUE(channel_->open()) << "who came there stays";
  EXPECT_EQ(Echo(), "x");
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  EXPECT_EQ(Echo(), "x");
  EXPECT_EQ(channel_->address().ToString(), "wire:y");
  ASSERT_EQ(port_->addresses().size(), 1u);
  EXPECT_EQ(port_->addresses()[0].ToString(), "wire:y");
  EXPECT_TRUE(port_->serving());
  EXPECT_EQ(port_->LeaveAddress(Address("wire", "x")).code(), absl::StatusCode::kNotFound);
}

TEST_F(MoveTest, APortThatCannotServeThereIsAsItWas) {
  Begin();
  EXPECT_EQ(port_->ServeAt("nowhere:y", {}).code(), absl::StatusCode::kInvalidArgument);
  wire_.no_place = absl::PermissionDeniedError("not there");
  std::vector<std::string> told;
  ASSERT_TRUE(port_
                  ->ServeAt("wire:y",
                            [&told](const absl::StatusOr<Address>& actual) {
                              told.push_back(std::string(actual.status().message()));
                            })
                  .ok());
  Turns();
  EXPECT_THAT(told, ElementsAre("not there"));
  EXPECT_TRUE(port_->serving());
  EXPECT_TRUE(port_->failure().ok());
  EXPECT_EQ(port_->addresses().size(), 1u);
  EXPECT_EQ(Echo(), "x");
}

TEST_F(MoveTest, WhatLingersOfAChannelThatMovesStillArrives) {
  node_->SetGrace(2s, [](const std::string& sentence) { ADD_FAILURE() << sentence; });
  Begin();
  ServeOther();
  ASSERT_TRUE(TryNote());
  ASSERT_TRUE(channel_->MoveTo(Y()).ok());
  ASSERT_TRUE(TryNote());
  channel_.reset();
  Pass(1'000'000'000);
  EXPECT_EQ(notes_, 1);
  EXPECT_THAT(order_, ElementsAre("y"));
}

}  // namespace
}  // namespace jackfield
