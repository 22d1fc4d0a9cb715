// A subscription outlives its service: over a lost connection with an exact count of the gap, over
// the death of the service with the word that nobody knows.
#include "services/topics/subscription.h"

#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "services/topics/instance.h"
#include "services/topics/world.h"

namespace jackfield::topics {
namespace {

class SubscriptionTest : public World {
 protected:
  // The connections end, and the topics live on.
  void ServeAgain(const std::vector<std::pair<std::string, std::string>>& meanwhile) {
    const std::string address = address_;
    port_.reset();
    for (const auto& [topic, text] : meanwhile) Publish(topic, text);
    Serve(address);
  }
  // Reads on and on, in the background.
  void Collect(Subscription& subscription, std::vector<std::string>& to) {
    node_->Spawn([](Node&, Subscription& on, std::vector<std::string>& shown) -> Task<void> {
      while (true) {
        const absl::StatusOr<TopicItem> item = co_await on.Read();
        if (!item.ok()) co_return;
        shown.push_back(Shown(item));
      }
    }(*node_, subscription, to));
  }
};
using Read = std::vector<std::string>;

TEST_P(SubscriptionTest, TheGapOfALostConnectionIsTheNumberOfWhatWasPublishedInIt) {
  const auto channel = NewChannel();
  const auto prices = Subscribe(*channel, "a.*"), other = Subscribe(*channel, "c");
  Read of_prices, of_other;
  Collect(*prices, of_prices);
  Collect(*other, of_other);
  Publish("a.x", "1");
  Publish("a.y", "2");
  Publish("c", "3");
  ASSERT_TRUE(Until([&] { return of_prices.size() == 2 && of_other.size() == 1; }));
  ServeAgain({{"a.x", "4"}, {"b", "5"}, {"a.x", "6"}});
  ASSERT_TRUE(Until([&] { return topics_->subscribers() == 2 && of_prices.size() == 3; }));
  Publish("a.y", "7");
  Publish("c", "8");
  ASSERT_TRUE(Until([&] { return of_prices.size() == 4 && of_other.size() == 2; }));
  EXPECT_EQ(of_prices, (Read{"a.x=1", "a.y=2", "a.x=6 last missed 2", "a.y=7"}))
      << "a.y, which was as it had been, does not come again";
  EXPECT_EQ(of_other, (Read{"c=3", "c=8"})) << "nothing was missed, and that is known";
}

TEST_P(SubscriptionTest, WhoHasReadNothingYetKnowsTheGapToo) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">");
  bool began = false;
  Read read;
  all->OnBegin([&began] { began = true; });
  Collect(*all, read);
  ASSERT_TRUE(Until([&] { return began; }));
  ServeAgain({{"a", "1"}, {"b", "2"}});
  ASSERT_TRUE(Until([&] { return read.size() == 2; }));
  EXPECT_EQ(read, (Read{"a=1 last missed 2", "b=2 last"}));
}

TEST_P(SubscriptionTest, WhoDoesNotReadIsSubscribedAgainWhenItDoes) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, "a");
  Publish("a", "1");
  EXPECT_EQ(Next(*all), "a=1");
  ServeAgain({});
  Publish("a", "2");
  EXPECT_EQ(Next(*all), "a=2 last missed 1");
}

TEST_P(SubscriptionTest, LastValuesThatWereNotReadComeAgain) {
  for (int i = 1000; i < 1200; ++i) Publish(Text("t.", i), "x");
  const auto channel = NewChannel();
  const auto late = Subscribe(*channel, ">");
  for (int i = 1000; i < 1010; ++i) ASSERT_EQ(Next(*late), Text("t.", i, "=x last"));
  ServeAgain({});
  int seen = 0;
  for (std::string next; next != "t.1199=x last"; ++seen) next = Next(*late);
  EXPECT_GE(seen, 190);
}

TEST_P(SubscriptionTest, WhatHadComeBeforeIsReadFirst) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, "a");
  Publish("a", "1");
  Publish("a", "2");
  Publish("a", "3");
  EXPECT_EQ(Next(*all), "a=1");
  ServeAgain({{"a", "4"}});
  uint64_t last = 1, read = 0, missed = 0;
  while (last < 4) {
    const absl::StatusOr<TopicItem> item = all->Read().Wait();
    ASSERT_TRUE(item.ok()) << item.status();
    ASSERT_TRUE(item->missed_is_known());
    missed += item->missed();
    if (!item->is_last_value()) ++read;
    last = item->sequence();
  }
  EXPECT_EQ(read + missed, 3u) << "2 and 3 are read or counted, 4 is counted";
}

TEST_P(SubscriptionTest, OthersTopicsAtTheSameAddressMakeTheGapUnknown) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, "a");
  Publish("a", "1");
  EXPECT_EQ(Next(*all), "a=1");
  const std::string address = address_;
  port_.reset();
  topics_.emplace(*node_, TopicSet::Publishers::kClients);
  Publish("a", "2");
  Serve(address);
  EXPECT_EQ(Next(*all), "a=2 last missed ?");
  Publish("a", "3");
  EXPECT_EQ(Next(*all), "a=3") << "it is told once";
}

TEST_P(SubscriptionTest, WithAChannelThatDoesNotGoOnItEnds) {
  const auto channel = NewChannel({.reconnect = false});
  const auto all = Subscribe(*channel, "a");
  port_.reset();
  const absl::Status ended = all->Read().Wait().status();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable) << ended;
  EXPECT_EQ(all->Read().Wait().status(), ended);
}

TEST_P(SubscriptionTest, AServiceWithoutTopicsIsSaidToBeOne) {
  const auto port = Port::Open(*node_, {GetParam()}).value();
  ASSERT_TRUE(port->WaitServing().ok());
  const auto channel = Channel::Open(*node_, port->addresses()[0]).value();
  const auto all = Subscription::Open(*channel, "a").value();
  const absl::Status ended = all->Read().Wait().status();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnimplemented) << ended;
}

TEST_P(SubscriptionTest, AReaderIsToldWhenTheSubscriptionIsDestroyed) {
  const auto channel = NewChannel();
  auto all = Subscribe(*channel, "a");
  std::optional<absl::Status> told;
  node_->Spawn([](Node&, Subscription& on, std::optional<absl::Status>& to) -> Task<void> {
    const absl::StatusOr<TopicItem> item = co_await on.Read();
    to = item.status();
  }(*node_, *all, told));
  node_->Turn(Loop::kDoNotSleep);
  EXPECT_FALSE(told.has_value());
  all.reset();
  ASSERT_TRUE(Until([&] { return told.has_value(); }));
  EXPECT_EQ(told->code(), absl::StatusCode::kCancelled) << *told;
  EXPECT_TRUE(Until([&] { return topics_->subscribers() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Over, SubscriptionTest,
                         testing::Values("unix:", "inproc:", "tcp://127.0.0.1:0"), NameOfMedium);

// ---- Death.

class RestartTest : public testing::TestWithParam<std::string> {};

TEST_P(RestartTest, ASubscriptionGoesOnWithTheNextInstanceAndTellsThatTheGapIsUnknown) {
  auto service = std::make_unique<Instance>(GetParam());
  const std::string address = service->address();
  const auto node = Node::Create({.name = "test", .registry = &Transports()}).value();
  const auto channel = Channel::Open(*node, address).value();
  const auto publisher = Channel::Open(*node, address).value();
  const auto all = Subscription::Open(*channel, "a.>").value();
  int begun = 0, publishers_instances = 1;
  std::vector<std::string> read;
  all->OnBegin([&begun] { ++begun; });
  publisher->OnInstance([&](uint64_t, uint64_t) { ++publishers_instances; });
  node->Spawn([](Node&, Subscription& on, std::vector<std::string>& to) -> Task<void> {
    while (true) {
      const absl::StatusOr<TopicItem> item = co_await on.Read();
      to.push_back(!item.ok() ? item.status().ToString()
                              : Text(item->topic(), "=", item->text(),
                                     item->missed_is_known() ? "" : " missed ?"));
      if (!item.ok()) co_return;
    }
  }(*node, *all, read));
  const auto until = [&](auto done) {
    return node->RunUntil(done, node->clock().NowNs() + 60'000'000'000);
  };
  ASSERT_TRUE(until([&] { return begun == 1; }));
  ASSERT_TRUE(PublishTo(*publisher, "a.b", "1").ok());
  ASSERT_TRUE(until([&] { return read.size() == 1; }));
  for (int life = 2; life <= 4; ++life) {
    service->Kill();
    service = std::make_unique<Instance>(address);
    ASSERT_TRUE(until([&] { return begun == life && publishers_instances == life; })) << life;
    EXPECT_EQ(read.size(), static_cast<size_t>(life - 1)) << "last values died with the service";
    ASSERT_TRUE(PublishTo(*publisher, "a.b", Text(life)).ok());
    ASSERT_TRUE(until([&] { return read.size() == static_cast<size_t>(life); })) << life;
  }
  EXPECT_EQ(read, (Read{"a.b=1", "a.b=2 missed ?", "a.b=3 missed ?", "a.b=4 missed ?"}));
}

INSTANTIATE_TEST_SUITE_P(Over, RestartTest,
                         testing::Values("unix:", "tcp://127.0.0.1:0", "shm:?size=256KiB"),
                         NameOfMedium);

}  // namespace
}  // namespace jackfield::topics
