// allow = … says who may call a service; who calls it without being named there is wrong.
#include "tools/wiring/allow_key.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "tools/wiring/plan_changes.h"
#include "tools/wiring/plan_world.h"

namespace jackfield {
namespace {

using allow::Rule;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AllowKeyTest : public PlanWorld {
 protected:
  AllowKeyTest() : PlanWorld("allow.toml", {"kv", "orders", "gate"}) {}
  static std::string Wiring(std::string_view allow, std::string_view more = "") {
    return "over = \"unix:\"\n[service.kv]\nrun = \"kv\"\nallow = " + std::string(allow) +
           "\n[service.orders]\nrun = \"orders\"\ncalls = [\"kv\"]\ninstances = 2\n" +
           std::string(more);
  }
  const PlannedService& Kv(const Plan& plan) {
    for (const PlannedService& service : plan.services) {
      if (service.name == "kv") return service;
    }
    return plan.services[0];
  }
};

TEST_F(AllowKeyTest, AnArrayIsForAllAndATableForSingleMethods) {
  absl::StatusOr<Plan> plan = Make(Wiring("[\"orders\", \"uid:0\", \"gid:root\"]"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Kv(*plan).allows,
              ElementsAre(Rule{"*", "orders"}, Rule{"*", "uid:0"}, Rule{"*", "gid:root"}));
  plan = Make(Wiring("{ \"*\" = [\"orders\"], \"kv.Store/Drop\" = [\"nobody\"] }"));
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(Kv(*plan).allows, ElementsAre(Rule{"*", "orders"}, Rule{"kv.Store/Drop", "nobody"}));
}

TEST_F(AllowKeyTest, WhoCallsWithoutBeingNamedIsWrong) {
  EXPECT_THAT(ErrorOf(Wiring("[\"orders\"]", "[service.gate]\nrun = \"gate\"\ncalls = [\"kv\"]\n")),
              HasSubstr("gate calls kv, and allow of kv does not name it: add \"gate\" there"));
  EXPECT_THAT(ErrorOf(Wiring("[\"nobody\"]")), HasSubstr("add \"orders\" there"));
  EXPECT_EQ(ErrorOf(Wiring("[\"uid:1\"]")), "") << "as which user it runs is known when it calls";
  EXPECT_EQ(ErrorOf(Wiring("{ \"kv.Store/Drop\" = [\"nobody\"] }")), "") << "it may do the rest";
}

TEST_F(AllowKeyTest, WhatMeansNobodyThatCanBeKnownIsWrong) {
  EXPECT_THAT(ErrorOf(Wiring("[\"order\"]")),
              HasSubstr("/dev/allow.toml:5:10: allow of kv names \"order\", and there is no such "
                        "service in the wiring; did you mean \"orders\"?"));
  EXPECT_THAT(ErrorOf(Wiring("[\"uid:no-such-user\"]")), HasSubstr("there is no user"));
  EXPECT_THAT(ErrorOf(Wiring("[\"pid:1\"]")), HasSubstr("is nobody who could be known"));
  EXPECT_THAT(ErrorOf(Wiring("[7]")), HasSubstr("each word in allow is a text"));
  EXPECT_THAT(ErrorOf(Wiring("[]")), HasSubstr("an empty allow says nothing"));
  EXPECT_THAT(ErrorOf(Wiring("\"orders\"")), HasSubstr("allow is allow = ["));
  EXPECT_THAT(ErrorOf(Wiring("{ \"a b\" = [\"orders\"] }")), HasSubstr("\"a b\" is no method"));
}

TEST_F(AllowKeyTest, AMediumThatBringsNoWordOfItsSenderIsWrong) {
  EXPECT_THAT(ErrorOf("[service.kv]\nrun = \"kv\"\nallow = [\"orders\"]\n[service.orders]\n"
                      "run = \"orders\"\ncalls = { kv = { over = \"mmap:\", one_way = true } }\n"),
              HasSubstr("brings no word of who sends"));
}

TEST_F(AllowKeyTest, WhoServesBeyondThisUserToAnybodyIsNamed) {
  constexpr std::string_view kOpen =
      "[service.kv]\nrun = \"kv\"\nserve = \"tcp://127.0.0.1:7000\"\n";
  absl::StatusOr<Plan> plan = Make(kOpen);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(OpenToAnybody(*plan, registry_),
              ElementsAre(HasSubstr("kv serves at tcp:127.0.0.1:7000 whoever can reach it")));
  plan = Make(std::string(kOpen) + "allow = [\"uid:0\"]\n");
  EXPECT_THAT(OpenToAnybody(*plan, registry_), IsEmpty());
  plan = Make("[service.kv]\nrun = \"kv\"\nserve = \"unix:@kv\"\n");
  EXPECT_THAT(OpenToAnybody(*plan, registry_), IsEmpty());
}

TEST_F(AllowKeyTest, AnotherRuleStartsTheServiceAnew) {
  const absl::StatusOr<Plan> old = Make(Wiring("[\"orders\"]")),
                             wanted = Make(Wiring("[\"orders\", \"uid:0\"]"));
  ASSERT_TRUE(old.ok() && wanted.ok());
  const absl::StatusOr<PlanChanges> changes = ChangesBetween(*old, *wanted);
  ASSERT_TRUE(changes.ok()) << changes.status();
  ASSERT_TRUE(changes->restarted.contains("kv"));
  EXPECT_EQ(changes->restarted.at("kv").text, "others may call it");
}

TEST_F(AllowKeyTest, WhoIsAskedForABadgeFromNowOnIsStartedAnewToHaveOne) {
  constexpr std::string_view kMore = "[service.gate]\nrun = \"gate\"\nserve = \"unix:@gate\"\n";
  const std::string closed = Wiring("[\"orders\"]", kMore);
  std::string open = closed;
  open.erase(open.find("allow"), open.find('\n', open.find("allow")) - open.find("allow"));
  const absl::StatusOr<Plan> old = Make(open), wanted = Make(closed);
  ASSERT_TRUE(old.ok() && wanted.ok()) << old.status() << wanted.status();
  absl::StatusOr<PlanChanges> changes = ChangesBetween(*old, *wanted);
  ASSERT_TRUE(changes.ok()) << changes.status();
  for (const char* service : {"kv", "orders.1", "orders.2"})
    EXPECT_TRUE(changes->restarted.contains(service)) << service;
  EXPECT_FALSE(changes->restarted.contains("gate")) << "it calls nobody";
  EXPECT_EQ(changes->restarted.at("orders.1").text,
            "kv asks who calls, and its badge is given to it at its start");
  changes = ChangesBetween(*wanted, *old);
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_FALSE(changes->restarted.contains("orders.1")) << "a badge too many does no harm";
}

TEST_F(AllowKeyTest, ACallThatGoesToAnotherServiceThatAsksStartsItsClientAnew) {
  const auto with = [](std::string_view server) {
    return "over = \"unix:\"\n[service.kv]\nrun = \"kv\"\nallow = [\"orders\"]\n"
           "[service.kv2]\nrun = \"kv\"\nallow = [\"orders\"]\n[service.orders]\nrun = "
           "\"orders\"\ncalls = { kv = { service = \"" +
           std::string(server) + "\" } }\n";
  };
  const absl::StatusOr<Plan> old = Make(with("kv")), wanted = Make(with("kv2"));
  ASSERT_TRUE(old.ok() && wanted.ok()) << old.status() << wanted.status();
  const absl::StatusOr<PlanChanges> changes = ChangesBetween(*old, *wanted);
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_TRUE(changes->restarted.contains("orders"));
}

}  // namespace
}  // namespace jackfield
