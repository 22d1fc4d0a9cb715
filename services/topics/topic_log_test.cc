// Topics with a log: what was published before comes from there, over restarts and deaths too, and
// what is gone from it is told as missed.
#include "services/topics/topic_log.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "kernel/base/text.h"
#include "services/topics/instance.h"
#include "services/topics/world.h"

namespace jackfield::topics {
namespace {

class TopicLogTest : public World {
 protected:
  TopicLogTest() {
    char name[] = "/tmp/jackfield_topics.XXXXXX";
    top_ = mkdtemp(name);
    Begin();
  }
  ~TopicLogTest() override {
    port_.reset();
    topics_.reset();
    log_.reset();
    std::filesystem::remove_all(top_);
  }
  // The next life of the topics, at the same place.
  void Begin(const journal::LogOptions& options = {.bytes_max = journal::kLogBytesLeast}) {
    port_.reset();
    topics_.reset();
    log_.reset();
    log_ = TopicLog::Open(top_ + "/log", options).value();
    topics_.emplace(*node_, TopicSet::Publishers::kClients, log_.get());
    Serve(address_);
  }
  // 600 messages of 10,000 bytes, on a and b in turn: six times as much as the log holds.
  void PublishMany() {
    const std::string text(10'000, 'x');
    for (int i = 0; i < 300; ++i) {
      Publish("a", text);
      Publish("b", text);
    }
  }
  struct Sum {
    uint64_t read = 0, missed = 0, last = 0;
    bool is_known = true, in_order = true;
  };
  static Sum ReadUpTo(Subscription& subscription, uint64_t last) {
    Sum sum;
    while (sum.last < last) {
      const absl::StatusOr<TopicItem> item = subscription.Read().Wait();
      EXPECT_TRUE(item.ok()) << item.status();
      if (!item.ok()) break;
      sum.in_order &= item->sequence() > sum.last;
      sum.last = item->sequence();
      sum.missed += item->missed();
      sum.is_known &= item->missed_is_known();
      ++sum.read;
    }
    return sum;
  }

  std::string top_;
  std::unique_ptr<TopicLog> log_;
};

TEST_P(TopicLogTest, FromANumberOnComesWhatIsInTheLogThenWhatIsPublished) {
  for (const char* topic : {"a", "b", "a", "c"}) Publish(topic, Text(log_->last() + 1));
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">", {.last_values = false, .from = 2});
  const auto some = Subscribe(*channel, "a", {.from = SubscriptionOptions::kOldest});
  EXPECT_EQ(Next(*all), "b=2");
  EXPECT_EQ(Next(*all), "a=3");
  Publish("a", "5");
  for (const char* next : {"c=4", "a=5"}) EXPECT_EQ(Next(*all), next);
  for (const char* next : {"a=1", "a=3", "a=5"}) EXPECT_EQ(Next(*some), next);
  Publish("a", "6");
  EXPECT_EQ(Next(*all), "a=6");
  EXPECT_EQ(Next(*some), "a=6");
}

TEST_P(TopicLogTest, TheLastValuesOfBeforeThatNumberComeFirst) {
  for (const char* topic : {"a", "b", "a", "c"}) Publish(topic, Text(log_->last() + 1));
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">", {.from = 3});
  for (const char* next : {"b=2 last", "a=3", "c=4"}) EXPECT_EQ(Next(*all), next);
}

TEST_P(TopicLogTest, FromANumberThatIsYetToComeIsFromNow) {
  Publish("a", "1");
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">", {.last_values = false, .from = 7});
  Publish("a", "2");
  EXPECT_EQ(Next(*all), "a=2");
}

TEST_P(TopicLogTest, NumbersAndLastValuesSurviveARestart) {
  Publish("a", "1");
  Publish("b", "2");
  const uint64_t epoch = topics_->epoch();
  Begin();
  EXPECT_EQ(topics_->epoch(), epoch);
  EXPECT_EQ(topics_->sequence(), 2u);
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">");
  for (const char* next : {"a=1 last", "b=2 last"}) EXPECT_EQ(Next(*all), next);
  Publish("a", "3");
  EXPECT_EQ(Next(*all), "a=3");
}

TEST_P(TopicLogTest, ASubscriptionOverARestartMissesNothing) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, "a.>");
  Publish("a.x", "1");
  EXPECT_EQ(Next(*all), "a.x=1");
  for (int life = 0; life < 3; ++life) {
    Begin();
    for (const char* text : {"2", "3"}) Publish("a.x", text);
    Publish("b", "another");
    for (const char* next : {"a.x=2", "a.x=3"}) EXPECT_EQ(Next(*all), next);
  }
}

TEST_P(TopicLogTest, WhatIsGoneFromTheLogIsToldExactly) {
  PublishMany();
  ASSERT_GT(log_->first(), 300u);
  const auto channel = NewChannel();
  for (const char* pattern : {">", "a", "*"}) {
    const auto from_first =
        Subscription::Open(*channel, pattern, {.last_values = false, .from = 1}).value();
    const Sum sum = ReadUpTo(*from_first, 599);
    EXPECT_TRUE(sum.is_known && sum.in_order) << pattern;
    const uint64_t of_all = pattern == std::string_view("a") ? 300 : 599;
    EXPECT_EQ(sum.read + sum.missed, of_all) << pattern;
    EXPECT_GT(sum.read, 30u) << pattern;
  }
  const auto oldest =
      Subscription::Open(*channel, "a",
                         {.last_values = false, .from = SubscriptionOptions::kOldest})
          .value();
  EXPECT_EQ(ReadUpTo(*oldest, 599).missed, 0u);
}

TEST_P(TopicLogTest, OfWhatWasGoneBeforeARestartOnlyTheNumberOfAllIsKnown) {
  PublishMany();
  Begin();
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">", {.last_values = false, .from = 1});
  const Sum sum = ReadUpTo(*all, 600);
  EXPECT_TRUE(sum.is_known);
  EXPECT_EQ(sum.read + sum.missed, 600u);
  const auto some = Subscribe(*channel, "a", {.last_values = false, .from = 1});
  EXPECT_FALSE(some->Read().Wait()->missed_is_known());
  const uint64_t first = log_->first();
  const auto known = Subscribe(*channel, "a", {.last_values = false, .from = first});
  EXPECT_TRUE(known->Read().Wait()->missed_is_known());
}

TEST_P(TopicLogTest, WhoReadsTheLogAndIsOvertakenMissesExactlyWhatIsGone) {
  const std::string text(10'000, 'x');
  for (int i = 0; i < 90; ++i) Publish("a", text);
  const auto channel = NewChannel();
  const auto slow = Subscribe(*channel, "a", {.items = 1, .from = 1});
  // Until all that has room on the way is under way.
  for (int i = 0; i < 50; ++i) node_->Turn(Loop::kDoNotSleep);
  PublishMany();
  const Sum sum = ReadUpTo(*slow, 689);
  EXPECT_TRUE(sum.is_known && sum.in_order);
  EXPECT_EQ(sum.read + sum.missed, 390u);
  EXPECT_GT(sum.missed, 100u);
  Publish("a", "1");
  const absl::StatusOr<TopicItem> item = slow->Read().Wait();
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(item->missed(), 0u);
  EXPECT_EQ(item->sequence(), 691u);
}

TEST_P(TopicLogTest, WhatIsPublishedWhileSomebodyReadsTheLogComesOnceAndInOrder) {
  for (int i = 0; i < 2000; ++i) Publish(i % 2 == 0 ? "a" : "b", "x");
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, ">", {.from = 1}),
             some = Subscribe(*channel, "c", {.from = 1});
  for (uint64_t number = 1; number <= 4000; ++number) {
    if (number % 2 == 0) Publish(number % 400 == 0 ? "c" : "a", "y");
    const absl::StatusOr<TopicItem> item = all->Read().Wait();
    ASSERT_TRUE(item.ok()) << item.status();
    ASSERT_EQ(item->sequence(), number);
    ASSERT_EQ(item->missed(), 0u);
  }
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(Next(*some), "c=y");
}

TEST_P(TopicLogTest, WhereTheLogTakesNothingNobodyGetsIt) {
  const auto channel = NewChannel();
  const auto all = Subscribe(*channel, "a");
  Publish("a", "1");
  log_->log().Sync().IgnoreError();
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit none = before;
  none.rlim_cur = log_->log().bytes();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &none), 0);
  const absl::Status refused = topics_->Publish("a", {}).status();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(topics_->sequence(), 1u);
  Publish("a", "2");
  for (const char* next : {"a=1", "a=2"}) EXPECT_EQ(Next(*all), next);
}

INSTANTIATE_TEST_SUITE_P(Over, TopicLogTest, testing::Values("unix:", "inproc:"), NameOfMedium);

class WithoutLogTest : public World {};

TEST_P(WithoutLogTest, WhoWantsWhatWasBeforeIsRefusedWithWhatHelps) {
  const auto channel = NewChannel();
  for (const uint64_t from : {uint64_t{1}, SubscriptionOptions::kOldest}) {
    const auto subscription = Subscription::Open(*channel, "a", {.from = from}).value();
    const absl::Status refused = subscription->Read().Wait().status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
    EXPECT_NE(refused.ToString().find("\"--log\", \"DIRECTORY\""), std::string::npos) << refused;
  }
}

INSTANTIATE_TEST_SUITE_P(Over, WithoutLogTest, testing::Values("unix:"), NameOfMedium);

class KilledLogTest : public testing::TestWithParam<std::string> {};

// All that was answered is read, once and in order; what was under way may be.
TEST_P(KilledLogTest, OverAServiceThatIsKilledNothingThatWasAnsweredIsMissed) {
  char name[] = "/tmp/jackfield_topics.XXXXXX";
  const std::string top = mkdtemp(name);
  const std::vector<std::string> args = {"--log", top + "/log"};
  auto service = std::make_unique<Instance>(GetParam(), args);
  const std::string address = service->address();
  const auto node = Node::Create({.name = "test", .registry = &Transports()}).value();
  const auto channel = Channel::Open(*node, address).value();
  const auto publisher = Channel::Open(*node, address).value();
  const auto all =
      Subscription::Open(*channel, "a", {.from = SubscriptionOptions::kOldest}).value();
  uint64_t answered = 0, read = 0, missed = 0;
  bool known = true, in_order = true;
  node->Spawn([](Node&, Subscription& on, uint64_t& count, uint64_t& gone, bool& sure,
                 bool& order) -> Task<void> {
    while (true) {
      const absl::StatusOr<TopicItem> item = co_await on.Read();
      if (!item.ok()) co_return;
      order &= item->sequence() == ++count;
      gone += item->missed();
      sure &= item->missed_is_known();
    }
  }(*node, *all, read, missed, known, in_order));
  for (int life = 0; life < 4; ++life) {
    for (int i = 0; i < 200; ++i) answered += PublishTo(*publisher, "a", "x").ok();
    service->Kill();
    service = std::make_unique<Instance>(address, args);
  }
  while (!PublishTo(*publisher, "a", "last").ok()) {  // as long as it meets the one that died
  }
  EXPECT_TRUE(
      node->RunUntil([&] { return read > answered; }, node->clock().NowNs() + 60'000'000'000));
  EXPECT_TRUE(known && in_order);
  EXPECT_EQ(missed, 0u);
  service->Kill();
  std::filesystem::remove_all(top);
}

INSTANTIATE_TEST_SUITE_P(Over, KilledLogTest, testing::Values("unix:", "shm:?size=256KiB"),
                         NameOfMedium);

}  // namespace
}  // namespace jackfield::topics
