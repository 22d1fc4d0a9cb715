// What a client may publish and subscribe to is what its rules say, and nothing else.
#include "services/topics/rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace jackfield::topics {
namespace {

TopicRules RulesOf(std::vector<std::string> args) {
  const absl::StatusOr<TopicRules> rules = TopicRules::Take(args);
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.value_or(TopicRules());
}

TEST(TopicRulesTest, TakesItsArgumentsAndLeavesTheOthers) {
  std::vector<std::string> args = {"--log", "d", "--pub", "a=x.*", "--log-age", "1h"};
  ASSERT_TRUE(TopicRules::Take(args).ok());
  EXPECT_EQ(args, (std::vector<std::string>{"--log", "d", "--log-age", "1h"}));
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"--pub"}, {"--sub", "a"}, {"--sub", "=x"}, {"--pub", "a=x..y"}, {"--pub", "a="}}) {
    std::vector<std::string> words = bad;
    EXPECT_EQ(TopicRules::Take(words).status().code(), absl::StatusCode::kInvalidArgument)
        << bad.back();
  }
}

TEST(TopicRulesTest, PublishesWhatOnePatternMatchesAndNothingElse) {
  const TopicRules rules =
      RulesOf({"--pub", "orders=order.*", "--pub", "orders=audit.>", "--sub", "orders=price.>"});
  EXPECT_TRUE(rules.CheckPublish("orders", "order.new").ok());
  EXPECT_TRUE(rules.CheckPublish("orders", "audit.a.b").ok());
  const absl::Status refused = rules.CheckPublish("orders", "price.tea");
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(refused.message(),
            "orders may not publish \"price.tea\": its wiring lets it publish order.*, audit.>  "
            "try: topics = { pub = [\"price.tea\"] } under [service.orders]");
  EXPECT_TRUE(rules.CheckPublish("orders", "a..b").ok()) << "that it is no topic is said elsewhere";
}

TEST(TopicRulesTest, SubscribesToWhatOnePatternCoversAndNothingWider) {
  const TopicRules rules = RulesOf({"--sub", "orders=price.>", "--sub", "orders=a.*"});
  for (const char* narrow : {"price.>", "price.tea", "price.*.x", "a.*", "a.b"})
    EXPECT_TRUE(rules.CheckSubscribe("orders", narrow).ok()) << narrow;
  for (const char* wide : {">", "*.tea", "a.>", "a.b.c", "price", "*"})
    EXPECT_EQ(rules.CheckSubscribe("orders", wide).code(), absl::StatusCode::kPermissionDenied)
        << wide;
  EXPECT_EQ(rules.CheckPublish("orders", "price.tea").message(),
            "orders may not publish \"price.tea\": its wiring lets it publish nothing  try: topics "
            "= { pub = [\"price.tea\"] } under [service.orders]");
}

TEST(TopicRulesTest, InstancesShareTheRulesOfTheirServiceAndWhoIsNotNamedHasNone) {
  const TopicRules rules = RulesOf({"--pub", "packer=pack.*"});
  EXPECT_TRUE(rules.CheckPublish("packer.2", "pack.a").ok());
  EXPECT_FALSE(rules.CheckPublish("packer.17", "price.a").ok());
  EXPECT_TRUE(rules.CheckPublish("kv", "price.a").ok());
  EXPECT_TRUE(rules.CheckPublish("packer.x", "price.a").ok()) << "no instance is called so";
  EXPECT_TRUE(rules.CheckSubscribe("kv", ">").ok());
}

}  // namespace
}  // namespace jackfield::topics
