// Topics and their subscribers in one process, over media with and without a system between: each
// policy, the exact counts, last values, limits, and one who sleeps among a hundred.
#include "services/topics/topic_set.h"

#include <algorithm>
#include <array>

#include "kernel/base/text.h"
#include "services/topics/world.h"

namespace jackfield::topics {
namespace {

class TopicSetTest : public World {};

TEST_P(TopicSetTest, WhatIsPublishedComesInOrderToThoseWhosePatternMatches) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, "shop.>"), tea = Subscribe(*channel, "shop.*.tea");
  EXPECT_EQ(Publish("shop.price.tea", "420").subscribers, 2u);
  EXPECT_EQ(Publish("shop.price.milk", "160").subscribers, 1u);
  EXPECT_EQ(Publish("other", "x").subscribers, 0u);
  EXPECT_EQ(Publish("shop.stock.tea", "7").sequence, 4u);
  EXPECT_EQ(Next(*all), "shop.price.tea=420");
  EXPECT_EQ(Next(*all), "shop.price.milk=160");
  EXPECT_EQ(Next(*all), "shop.stock.tea=7");
  EXPECT_EQ(Next(*tea), "shop.price.tea=420");
  const absl::StatusOr<TopicItem> item = tea->Read().Wait();
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->sequence(), 4u);
  EXPECT_EQ(item->epoch(), topics_->epoch());
}

TEST_P(TopicSetTest, APayloadIsAnyBytesUpToItsLimit) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">");
  const std::string bytes("\0\xff\n", 3), large(kPayloadBytesMax, 'x');
  Publish("a", bytes);
  Publish("a", "");
  EXPECT_EQ(Next(*all), "a=" + bytes);
  EXPECT_EQ(Next(*all), "a=");
  Publish(std::string(kNameBytesMax, 'n'), large);
  EXPECT_EQ(all->Read().Wait()->text(), large);
  const std::string larger = large + "x";
  EXPECT_EQ(topics_->Publish("a", std::as_bytes(std::span(larger))).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(topics_->Publish("a.*", {}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(topics_->sequence(), 3u) << "what is refused has no number";
}

TEST_P(TopicSetTest, WhoComesLateGetsTheLastValuesFirstAndMarked) {
  for (const char* text : {"1", "2", "3"}) Publish("a.x", text);
  Publish("a.y", "4");
  Publish("b", "5");
  const auto channel = NewChannel();
  const auto late = Subscribe(*channel, "a.*");
  const auto none = Subscribe(*channel, "a.*", {.last_values = false});
  EXPECT_EQ(Next(*late), "a.x=3 last");
  EXPECT_EQ(Next(*late), "a.y=4 last");
  Publish("a.y", "6");
  EXPECT_EQ(Next(*late), "a.y=6");
  EXPECT_EQ(Next(*none), "a.y=6");
}

TEST_P(TopicSetTest, MoreLastValuesThanItsQueueHoldsComeAllAndNoneIsMissed) {
  for (int i = 1000; i < 2000; ++i) Publish(Text("t.", i), "x");
  const auto channel = NewChannel();
  const auto late = Subscribe(*channel, ">", {.items = 2});
  Publish("t.1999", "y");  // long before its last value could be sent
  for (int i = 1000; i < 1999; ++i) ASSERT_EQ(Next(*late), Text("t.", i, "=x last"));
  EXPECT_EQ(Next(*late), "t.1999=y") << "what was replaced does not come";
}

TEST_P(TopicSetTest, WithDropOldestTheNewestCome) {
  const auto channel = NewChannel();
  const auto slow = Subscribe(*channel, "a", {.when_full = WhenFull::DropOldest, .items = 3});
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(Publish("a", Text(i)).full, i > 3 ? 1u : 0u);
  EXPECT_EQ(Next(*slow), "a=8 missed 7");
  EXPECT_EQ(Next(*slow), "a=9");
  EXPECT_EQ(Next(*slow), "a=10");
}

TEST_P(TopicSetTest, WithDropNewestTheOldestCome) {
  const auto channel = NewChannel();
  const auto slow = Subscribe(*channel, "a", {.when_full = WhenFull::DropNewest, .items = 3});
  for (int i = 1; i <= 10; ++i) Publish("a", Text(i));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(Next(*slow), Text("a=", i));
  Publish("a", "11");
  EXPECT_EQ(Next(*slow), "a=11 missed 7");
}

TEST_P(TopicSetTest, WithEndAFullQueueIsTheEndAndSaysWhy) {
  const auto channel = NewChannel();
  const auto strict = Subscribe(*channel, "a", {.when_full = WhenFull::End, .items = 3});
  const auto other = Subscribe(*channel, "a");
  for (int i = 1; i <= 5; ++i) Publish("a", Text(i));
  const absl::Status ended = strict->Read().Wait().status();
  EXPECT_EQ(ended.code(), absl::StatusCode::kResourceExhausted) << ended;
  EXPECT_NE(ended.ToString().find("3 messages of"), std::string::npos) << ended;
  EXPECT_EQ(strict->Read().Wait().status(), ended) << "it is for good";
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(Next(*other), Text("a=", i));
  EXPECT_TRUE(Until([&] { return topics_->subscribers() == 1; }));
}

TEST_P(TopicSetTest, WithEndWhoDoesNotReadAtAllEndsAlthoughItsStreamIsFull) {
  const auto channel = NewChannel();
  const auto strict = Subscribe(*channel, "a", {.when_full = WhenFull::End, .items = 3});
  for (int i = 0; i < 5000 && topics_->subscribers() == 1; ++i) {
    Publish("a", "x");
    node_->Turn(Loop::kDoNotSleep);
  }
  EXPECT_TRUE(Until([&] { return topics_->subscribers() == 0; }));
  absl::StatusOr<TopicItem> item = strict->Read().Wait();
  int read = 0;
  for (; item.ok(); item = strict->Read().Wait()) ++read;
  EXPECT_EQ(item.status().code(), absl::StatusCode::kResourceExhausted) << item.status();
  EXPECT_GT(read, 0) << "what had come can be read";
}

TEST_P(TopicSetTest, TheBoundInBytesCountsToo) {
  const auto channel = NewChannel();
  const auto slow = Subscribe(*channel, "a", {.bytes = 10'000});
  const std::string text(4000, 'x');
  for (int i = 0; i < 10; ++i) Publish("a", text);
  const absl::StatusOr<TopicItem> item = slow->Read().Wait();
  ASSERT_TRUE(item.ok()) << item.status();
  EXPECT_EQ(item->missed(), 8u);
}

TEST_P(TopicSetTest, OneOfAHundredSleepsAndTheOthersGetAll) {
  constexpr size_t kAll = 100;
  constexpr uint64_t kMessages = 2000, kAtOnce = 100;
  struct Reader {
    std::unique_ptr<Channel> channel;
    std::unique_ptr<Subscription> subscription;
    uint64_t read = 0, missed = 0, last = 0;
    bool in_order = true;
  };
  std::array<Reader, kAll> readers;
  for (Reader& reader : readers) {
    reader.channel = NewChannel();
    reader.subscription = Subscribe(*reader.channel, "a.>");
  }
  Reader& sleeper = readers[kAll / 2];
  for (Reader& reader : readers) {
    if (&reader == &sleeper) continue;
    node_->Spawn([](Node&, Reader& on) -> Task<void> {
      while (true) {
        const absl::StatusOr<TopicItem> item = co_await on.subscription->Read();
        if (!item.ok()) co_return;
        on.in_order &= item->sequence() == on.last + 1;
        on.last = item->sequence();
        on.missed += item->missed();
        ++on.read;
      }
    }(*node_, reader));
  }
  for (uint64_t sent = 0; sent < kMessages;) {
    for (uint64_t i = 0; i < kAtOnce; ++i, ++sent)
      ASSERT_EQ(Publish("a.b", "some text").subscribers, kAll);
    ASSERT_TRUE(Until([&] {
      return std::all_of(readers.begin(), readers.end(), [&](const Reader& reader) {
        return &reader == &sleeper || reader.read == sent;
      });
    })) << sent;
  }
  for (const Reader& reader : readers) {
    if (&reader == &sleeper) continue;
    EXPECT_TRUE(reader.in_order);
    EXPECT_EQ(reader.missed, 0u);
  }
  // And it misses what it must, and knows exactly how much.
  while (sleeper.last < kMessages) {
    const absl::StatusOr<TopicItem> item = sleeper.subscription->Read().Wait();
    ASSERT_TRUE(item.ok()) << item.status();
    ASSERT_EQ(item->sequence(), sleeper.last + item->missed() + 1);
    sleeper.last = item->sequence();
    sleeper.missed += item->missed();
    ++sleeper.read;
  }
  EXPECT_EQ(sleeper.read + sleeper.missed, kMessages);
  EXPECT_GT(sleeper.missed, kMessages / 2);
  for (Reader& reader : readers) reader.subscription.reset();
  EXPECT_TRUE(Until([&] { return topics_->subscribers() == 0; }));
}

TEST_P(TopicSetTest, AClientPublishesAndIsAnsweredWhileASubscriberSleeps) {
  const auto channel = NewChannel(), publisher = NewChannel();
  const auto sleeper = Subscribe(*channel, "a");
  TopicsClient client(*publisher);
  uint64_t full = 0;
  for (int i = 1; i <= 1000; ++i) {
    const absl::StatusOr<MessageOf<Published>> published =
        client
            .Publish([](flatbuffers::FlatBufferBuilder& fbb) {
              return CreateMessage(fbb, fbb.CreateString("a"));
            })
            .Wait();
    ASSERT_TRUE(published.ok()) << published.status();
    EXPECT_EQ((*published)->sequence(), static_cast<uint64_t>(i));
    EXPECT_EQ((*published)->subscribers(), 1u);
    full += (*published)->full();
  }
  EXPECT_GT(full, 0u);
  EXPECT_EQ(Next(*sleeper), "a=");
}

TEST_P(TopicSetTest, ABadRequestIsRefusedWithASentence) {
  const auto channel = NewChannel();
  const auto refusal = [&](std::string_view pattern, const SubscriptionOptions& options) {
    const auto subscription = Subscription::Open(*channel, pattern, options).value();
    const absl::Status status = subscription->Read().Wait().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return status.ToString();
  };
  EXPECT_NE(refusal("a.>.b", {}).find("the pattern \"a.>.b\" has"), std::string::npos);
  EXPECT_NE(refusal("a", {.items = 0}).find("items is 1..65536, not 0"), std::string::npos);
  EXPECT_NE(refusal("a", {.bytes = 1 << 30}).find("bytes is 1.."), std::string::npos);
  EXPECT_NE(refusal("a", {.when_full = static_cast<WhenFull>(9)}).find("when_full is 0..2, not 9"),
            std::string::npos);
  EXPECT_EQ(topics_->subscribers(), 0u);
}

TEST_P(TopicSetTest, WhoIsSubscribedIsListed) {
  const auto channel = NewChannel();
  const auto slow = Subscribe(*channel, "a.*", {.when_full = WhenFull::DropNewest, .items = 2});
  for (int i = 0; i < 5; ++i) Publish("a.b", "text");
  TopicsClient client(*channel);
  auto list =
      client.List([](flatbuffers::FlatBufferBuilder& fbb) { return CreateListRequest(fbb); });
  ASSERT_TRUE(list.ok()) << list.status();
  const std::optional<MessageOf<Subscriber>> subscriber = list->Read().Wait();
  ASSERT_TRUE(subscriber.has_value());
  EXPECT_EQ((*subscriber)->pattern()->str(), "a.*");
  EXPECT_EQ((*subscriber)->name()->str(), "test");
  EXPECT_EQ((*subscriber)->when_full(), WhenFull::DropNewest);
  EXPECT_EQ((*subscriber)->missed(), 3u);
  EXPECT_EQ((*subscriber)->delivered() + (*subscriber)->items(), 2u);
  EXPECT_FALSE(list->Read().Wait().has_value());
  EXPECT_TRUE(list->Finish().Wait().ok());
}

TEST_P(TopicSetTest, OneSubscriberMoreThanTheLimitIsRefusedUntilAnotherEnds) {
  std::vector<std::unique_ptr<Channel>> channels;
  std::vector<std::unique_ptr<Subscription>> all;
  while (all.size() < TopicSet::kSubscribersMax) {
    if (all.size() % 256 == 0) channels.push_back(NewChannel());
    all.push_back(Subscription::Open(*channels.back(), Text("a.", all.size())).value());
    if (all.size() % 64 != 0) continue;
    ASSERT_TRUE(Until([&] { return topics_->subscribers() == all.size(); })) << all.size();
  }
  channels.push_back(NewChannel());
  const auto more = Subscription::Open(*channels.back(), "b").value();
  const absl::Status refused = more->Read().Wait().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_NE(refused.ToString().find("there are 4096 subscribers"), std::string::npos) << refused;
  EXPECT_EQ(Publish("a.7", "x").subscribers, 1u);
  EXPECT_EQ(Next(*all[7]), "a.7=x");
  all.pop_back();
  ASSERT_TRUE(Until([&] { return topics_->subscribers() == all.size(); }));
  const auto next = Subscribe(*channels.back(), "b");
  Publish("b", "x");
  EXPECT_EQ(Next(*next), "b=x");
}

INSTANTIATE_TEST_SUITE_P(Over, TopicSetTest, testing::Values("unix:", "inproc:"), NameOfMedium);

class OwnTopicsTest : public World {
 protected:
  OwnTopicsTest() : World(TopicSet::Publishers::kThisProcess) {}
};

TEST_P(OwnTopicsTest, AClientMayNotPublishToTheTopicsOfAnother) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">");
  const absl::Status refused = TopicsClient(*channel)
                                   .Publish([](flatbuffers::FlatBufferBuilder& fbb) {
                                     return CreateMessage(fbb, fbb.CreateString("a"));
                                   })
                                   .Wait()
                                   .status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
  Publish("a", "its own");
  EXPECT_EQ(Next(*all), "a=its own");
}

INSTANTIATE_TEST_SUITE_P(Over, OwnTopicsTest, testing::Values("unix:", "inproc:"), NameOfMedium);

class LittleMemoryTest : public World {
 protected:
  LittleMemoryTest() : World(TopicSet::Publishers::kClients, 16 << 20) {}
};

// A subscriber in a node of its own, with memory of its own.
struct Client {
  explicit Client(const std::string& address, const SubscriptionOptions& options)
      : node(Node::Create({.name = "client", .registry = &Transports()}).value()),
        channel(Channel::Open(*node, address).value()),
        subscription(Subscription::Open(*channel, "a", options).value()) {}
  void Begin() {
    node->Spawn([](Node&, Client& self) -> Task<void> {
      while (true) {
        const absl::StatusOr<TopicItem> item = co_await self.subscription->Read();
        self.ended = item.status();
        if (!item.ok()) co_return;
        self.in_order &= item->sequence() == self.last + item->missed() + 1;
        self.last = item->sequence();
        ++self.read;
      }
    }(*node, *this));
  }
  std::unique_ptr<Node> node;
  std::unique_ptr<Channel> channel;
  std::unique_ptr<Subscription> subscription;
  uint64_t read = 0, last = 0;
  bool in_order = true;
  absl::Status ended;
};

// The longest queue is given up, and nobody else notices.
TEST_P(LittleMemoryTest, WhoSleepsWithALongQueueDoesNotStopThePublisher) {
  constexpr uint64_t kMessages = 400;
  const SubscriptionOptions kLong = {.items = 60'000, .bytes = 64 << 20};
  const SubscriptionOptions kStrict = {
      .when_full = WhenFull::End, .items = 60'000, .bytes = 64 << 20};
  Client reader(address_, {}), sleeper(address_, kLong), strict(address_, kStrict);
  const auto until = [&](auto done) {
    const int64_t end_ns = node_->clock().NowNs() + 60'000'000'000;
    while (!done() && node_->clock().NowNs() < end_ns) {
      node_->Turn(Loop::kDoNotSleep);
      for (Client* client : {&reader, &sleeper, &strict}) client->node->Turn(Loop::kDoNotSleep);
    }
    return done();
  };
  ASSERT_TRUE(until([&] { return topics_->subscribers() == 3; }));
  reader.Begin();
  const std::string text(100'000, 'x');
  for (uint64_t i = 1; i <= kMessages; ++i) {
    Publish("a", text);
    ASSERT_TRUE(until([&] { return reader.read == i; })) << i << reader.ended;
  }
  sleeper.Begin();
  strict.Begin();
  EXPECT_TRUE(until([&] { return sleeper.last == kMessages; })) << sleeper.ended;
  EXPECT_TRUE(sleeper.in_order) << "each is read, or counted";
  EXPECT_LT(sleeper.read, kMessages);
  EXPECT_TRUE(until([&] { return !strict.ended.ok(); }));
  EXPECT_EQ(strict.ended.code(), absl::StatusCode::kResourceExhausted) << strict.ended;
  EXPECT_TRUE(reader.in_order);
}

INSTANTIATE_TEST_SUITE_P(Over, LittleMemoryTest, testing::Values("unix:"), NameOfMedium);

}  // namespace
}  // namespace jackfield::topics
