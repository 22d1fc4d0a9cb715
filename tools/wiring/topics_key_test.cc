// topics = { pub = […], sub = […] } comes to a channel and to the rules of the topics' service.
#include "tools/wiring/topics_key.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wiring/plan_changes.h"
#include "tools/wiring/plan_world.h"

namespace jackfield {
namespace {

using Words = std::vector<std::string>;

class TopicsKeyTest : public PlanWorld {
 protected:
  TopicsKeyTest() : PlanWorld("topics.toml", {"topics", "orders", "prices", "kv"}) {}

  static std::string ServiceLines(std::string_view name, std::string_view more = "") {
    return "[service." + std::string(name) + "]\nrun = \"" + std::string(name) + "\"\n" +
           std::string(more) + "\n";
  }
};

const PlannedService& In(const Plan& plan, std::string_view name) {
  const PlannedService* found = FindPlanned(plan, name);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}

TEST_F(TopicsKeyTest, AWiringWithoutTopicsGetsThemAndIsTold) {
  const absl::StatusOr<Plan> plan =
      Make(ServiceLines("orders", "topics = { pub = [\"order.*\"], sub = [\"price.>\"] }") +
           ServiceLines("prices", "topics = { pub = [\"price.*\"] }"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  const PlannedService& topics = In(*plan, "topics");
  ASSERT_NE(topics.builtin, nullptr);
  EXPECT_EQ(topics.builtin->name, "topics");
  EXPECT_EQ(topics.args, (Words{"--pub", "orders=order.*", "--sub", "orders=price.>", "--pub",
                                "prices=price.*"}));
  EXPECT_EQ(topics.edges, 0u) << "it is for the services of the wiring";
  ASSERT_EQ(plan->channels.size(), 2u);
  EXPECT_EQ(plan->channels[0].role, "topics");
  EXPECT_EQ(plan->channels[0].address.ToString(), "unix:") << "where the wiring says nothing";
  ASSERT_EQ(plan->notes.size(), 1u);
  EXPECT_EQ(plan->notes[0].find("a service topics is started for"), 0u) << plan->notes[0];
}

TEST_F(TopicsKeyTest, TheOneThatIsThereIsUsedOverWhatIsSaid) {
  const absl::StatusOr<Plan> plan =
      Make("over = \"shm:\"\n[service.feed]\nrun = [\"topics\", \"--log\", \"d\"]\n" +
           ServiceLines("orders", "topics = { pub = [\"a\"] }") +
           ServiceLines("prices", "topics = { sub = [\"a\"], over = \"tcp:\" }"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->services.size(), 3u);
  EXPECT_EQ(In(*plan, "feed").args,
            (Words{"--log", "d", "--pub", "orders=a", "--sub", "prices=a"}));
  EXPECT_EQ(plan->channels[0].address.ToString(), "shm:");
  EXPECT_EQ(plan->channels[1].address.ToString(), "tcp:");
  EXPECT_TRUE(plan->notes.empty());
}

TEST_F(TopicsKeyTest, InstancesHaveAChannelEachAndOneRule) {
  const absl::StatusOr<Plan> plan =
      Make(ServiceLines("orders", "instances = 3\ntopics = { pub = [\"a\"] }"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->channels.size(), 3u);
  EXPECT_EQ(In(*plan, "topics").args, (Words{"--pub", "orders=a"}));
}

TEST_F(TopicsKeyTest, WhatNobodyMayPublishIsAWarningUnlessSomebodyUnknownMay) {
  const std::string deaf = ServiceLines("orders", "topics = { sub = [\"price.>\", \"a\"] }") +
                           ServiceLines("prices", "topics = { pub = [\"price.*\"] }");
  const absl::StatusOr<Plan> plan = Make(ServiceLines("topics") + deaf);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->notes,
            (Words{"/dev/topics.toml:7:30: orders subscribes to \"a\", and no service may publish "
                   "any of it"}));
  for (const std::string& open :
       {ServiceLines("topics", "serve = [\"unix:@feed\"]") + deaf,
        ServiceLines("topics") + deaf + ServiceLines("kv", "calls = { topics = \"unix:\" }")}) {
    const absl::StatusOr<Plan> heard = Make(open);
    ASSERT_TRUE(heard.ok()) << heard.status();
    EXPECT_TRUE(heard->notes.empty()) << heard->notes[0];
  }
}

TEST_F(TopicsKeyTest, WhatIsWrongIsSaidWithItsPlace) {
  const auto error = [this](std::string_view key, std::string_view others = "") {
    return ErrorOf(ServiceLines("orders", "topics = " + std::string(key)) + std::string(others));
  };
  EXPECT_EQ(error("{ pub = [\"a..b\"] }"),
            "/dev/topics.toml:4:19: the pattern \"a..b\" has a level without a name");
  EXPECT_NE(error("[\"a\"]").find("topics is what the service may publish"), std::string::npos);
  EXPECT_NE(error("{ pub = [] }").find("topics is what the service may publish"),
            std::string::npos);
  EXPECT_NE(error("{ pub = \"a\" }").find("pub is an array of patterns"), std::string::npos);
  EXPECT_NE(error("{ pub = [7] }").find("each pattern in pub is a text"), std::string::npos);
  EXPECT_NE(error("{ pup = [\"a\"], sub = [\"a\"] }").find("did you mean \"pub\"?"),
            std::string::npos);
  EXPECT_NE(error("{ sub = [\"a\"], service = \"kw\" }", ServiceLines("kv"))
                .find("those of \"kw\", and there is no such service; did you mean \"kv\"?"),
            std::string::npos);
  EXPECT_NE(error("{ sub = [\"a\"], service = \"kv\" }", ServiceLines("kv"))
                .find("those of \"kv\", and it is none of topics; run = \"topics\" is"),
            std::string::npos);
  EXPECT_NE(
      error("{ sub = [\"a\"] }", ServiceLines("topics", "instances = 2")).find("it has instances"),
      std::string::npos);
  EXPECT_NE(error("{ sub = [\"a\"] }", "[service.topics]\nrun = \"kv\"\n")
                .find("the one that is called topics is another one"),
            std::string::npos);
  EXPECT_NE(error("{ sub = [\"a\"] }\ncalls = { topics = \"unix:\" }", ServiceLines("topics"))
                .find("has the role topics twice"),
            std::string::npos);
  EXPECT_NE(error("{ sub = [\"a\"] }", ServiceLines("topics") + "[service.feed]\nrun = \"topics\"")
                .find("of topics or of feed? say it: topics = { …, service = \"feed\" }"),
            std::string::npos);
  EXPECT_NE(
      ErrorOf(ServiceLines("topics", "topics = { pub = [\"a\"] }")).find("cannot call itself"),
      std::string::npos);
}

TEST_F(TopicsKeyTest, AWiringHasAsManyPatternsAsItMay) {
  std::string many = "topics = { pub = [";
  for (size_t i = 0; i < kTopicPatternsMax; ++i) many += "\"a" + std::to_string(i) + "\", ";
  EXPECT_TRUE(Make(ServiceLines("orders", many + "] }")).ok());
  EXPECT_NE(ErrorOf(ServiceLines("orders", many + "\"one\"] }")).find("at most 1024 patterns"),
            std::string::npos);
}

TEST_F(TopicsKeyTest, AnotherRuleRestartsTheTopicsAndNoOtherService) {
  const auto plan = [this](std::string_view patterns) {
    return Make(ServiceLines("orders", "topics = { pub = [" + std::string(patterns) + "] }"))
        .value();
  };
  const PlanChanges changes = ChangesBetween(plan("\"a\""), plan("\"a\", \"b\"")).value();
  EXPECT_TRUE(changes.restarted.contains("topics"));
  EXPECT_FALSE(changes.restarted.contains("orders"));
}

}  // namespace
}  // namespace jackfield
