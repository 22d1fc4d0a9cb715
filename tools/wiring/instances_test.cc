// What `instances` and roles with many servers come to in a plan.
#include "tools/wiring/instances.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "tools/wiring/instance_name.h"
#include "tools/wiring/plan_world.h"

namespace jackfield {
namespace {

class InstancesTest : public PlanWorld {
 protected:
  InstancesTest() : PlanWorld("crew.toml", {"boss", "worker"}) {}
  static std::string NamesOf(const Plan& plan) {
    std::string names;
    for (const PlannedService& service : plan.services)
      names += Text(names.empty() ? "" : " ", service.name);
    return names;
  }
};

constexpr std::string_view kCrew =
    "over = \"unix:\"\n"
    "[service.boss]\nrun = \"boss\"\ncalls = [\"worker\"]\n"
    "[service.worker]\nrun = \"worker\"\ninstances = 3\nrestart = \"on-failure\"\n"
    "limits = { memory = \"64MiB\" }\n";

TEST_F(InstancesTest, EachIsAServiceOfItsOwnAndTheRoleHasThemAll) {
  const auto plan = Make(kCrew);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(NamesOf(*plan), "worker.1 worker.2 worker.3 boss");
  ASSERT_EQ(plan->channels.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(plan->channels[i].role, "worker");
    EXPECT_EQ(plan->services[plan->channels[i].server].name, InstanceName("worker", i + 1));
    EXPECT_EQ(MemoryOf(*plan, plan->services[i]), uint64_t{64 << 20}) << "limits are of each";
    EXPECT_EQ(plan->services[i].restart.when, RestartRule::When::kOnFailure);
  }
}

TEST_F(InstancesTest, OneInstanceIsTheServiceItself) {
  const auto plan = Make(kCrew, {}, {"service.worker.instances=1"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(NamesOf(*plan), "worker boss");
}

TEST_F(InstancesTest, TheCommandLineChangesHowManyThereAreAndOverWhat) {
  const auto plan = Make(kCrew, {.over = "pipe", .args = {}},
                         {"service.worker.instances=2", "service.worker.restart=never"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(NamesOf(*plan), "worker.1 worker.2 boss");
  EXPECT_EQ(plan->channels[1].address.ToString(), "pipe:");
}

TEST_F(InstancesTest, CallersMayBeManyToo) {
  const auto plan = Make(
      "over = \"unix:\"\n[service.boss]\nrun = \"boss\"\ncalls = [\"worker\"]\ninstances = 2\n"
      "[service.worker]\nrun = \"worker\"\ninstances = 2\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(NamesOf(*plan), "worker.1 worker.2 boss.1 boss.2");
  EXPECT_EQ(plan->channels.size(), 4u);
  EXPECT_EQ(plan->services[0].serves.size(), 1u) << "they share a place";
}

TEST_F(InstancesTest, ARoleNamesServicesInstancesAndAllInstances) {
  const auto plan = Make(
      "[service.boss]\nrun = \"boss\"\n[service.boss.calls]\n"
      "a = { services = [\"w\", \"v\"], over = \"unix:\" }\n"
      "b = { service = \"w.2\", over = \"tcp:\" }\n"
      "[service.w]\nrun = \"worker\"\ninstances = 2\n[service.v]\nrun = \"worker\"\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::string channels;
  for (const PlannedChannel& channel : plan->channels)
    channels += Text(channel.role, "=", plan->services[channel.server].name, " ");
  EXPECT_EQ(channels, "a=w.1 a=w.2 a=v b=w.2 ");
}

TEST_F(InstancesTest, EachChoosesAPlaceOfItsOwnAtTheEdge) {
  const auto plan = Make("[service.worker]\nrun = \"worker\"\ninstances = 2\nserve = \"unix:\"\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->services[1].edges, 1u);
}

TEST_F(InstancesTest, SaysWhatIsWrongAndWhereOnceForAllInstances) {
  const std::pair<std::string, std::string> kWrongs[] = {
      {"[service.worker]\nrun = \"worker\"\ninstances = 0\n",
       "/dev/crew.toml:4:13: instances is how many of the service there are, a number from 1 to "
       "64"},
      {"[service.worker]\nrun = \"worker\"\ninstances = 65\n",
       "/dev/crew.toml:4:13: instances is how many of the service there are, a number from 1 to "
       "64"},
      {"[service.worker]\nrun = \"worker\"\ninstances = \"many\"\n",
       "/dev/crew.toml:4:13: instances is how many of the service there are, a number from 1 to "
       "64"},
      {"[service." + std::string(63, 'w') + "]\nrun = \"worker\"\ninstances = 10\n",
       "/dev/crew.toml:4:13: the name of service " + std::string(63, 'w') +
           " has no room for the number of an instance; names are at most 64 long"},
      {"[service.worker]\nrun = \"nobody\"\ninstances = 3\n",
       "/dev/crew.toml:3:7: there is no built-in service \"nobody\"; a program is written with a "
       "'/', such as \"./nobody\""},
      {"[service.worker]\nrun = \"worker\"\ninstances = 2\nserve = \"tcp://127.0.0.1:7000\"\n",
       "/dev/crew.toml:5:9: service worker has 2 instances, and tcp:127.0.0.1:7000 is one place; "
       "write \"tcp:\" and each chooses a place of its own"},
      {"[service.boss]\nrun = \"boss\"\ncalls = { worker = \"unix:/run/w\" }\n"
       "[service.worker]\nrun = \"worker\"\ninstances = 2\n",
       "/dev/crew.toml:4:20: service worker has 2 instances, and unix:/run/w is one place; write "
       "\"unix:\" and each chooses a place of its own"},
      {"[service.boss]\nrun = \"boss\"\ncalls = { log = { service = \"worker\", over = "
       "\"mmap:/run/w\", one_way = true } }\n[service.worker]\nrun = \"worker\"\ninstances = 2\n",
       "/dev/crew.toml:4:46: service worker has 2 instances, and mmap:/run/w is one place; write "
       "\"mmap:\" and each chooses a place of its own"},
      {"over = \"unix:\"\n[service.boss]\nrun = \"boss\"\ncalls = { w = { services = [\"worker\", "
       "\"worker.2\"] } }\n[service.worker]\nrun = \"worker\"\ninstances = 2\n",
       "/dev/crew.toml:5:11: worker.2 stands twice in the role w of boss; take one of them out"},
      {"over = \"unix:\"\n[service.boss]\nrun = \"boss\"\ncalls = { w = { services = [\"wroker\"] "
       "} "
       "}\n[service.worker]\nrun = \"worker\"\ninstances = 2\n",
       "/dev/crew.toml:5:11: service boss calls \"wroker\", and there is no such service; did you "
       "mean \"worker\"?"},
      {"[service.boss]\nrun = \"boss\"\ncalls = { w = { services = \"worker\" } }\n",
       "/dev/crew.toml:4:28: services is an array of services that are in one role: [\"kv1\", "
       "\"kv2\"]"},
      {"[service.boss]\nrun = \"boss\"\ncalls = { w = { service = \"a\", services = [\"b\"] } }\n",
       "/dev/crew.toml:4:11: service and services say the same; write one of them"},
      {"over = \"unix:\"\n[service.boss]\nrun = \"boss\"\ncalls = { w = { services = [\"a\", "
       "\"b\"] "
       "} }\n[service.a]\nrun = \"worker\"\ninstances = 64\n[service.b]\nrun = \"worker\"\n",
       "/dev/crew.toml:5:11: the role w of boss has 65 servers, and a role has at most 64"},
  };
  for (const auto& [body, sentence] : kWrongs) EXPECT_EQ(ErrorOf(body), sentence) << body;
}

TEST_F(InstancesTest, InstancesCountAsServices) {
  std::string body;
  for (int i = 0; i < 5; ++i)
    body += Text("[service.w", i, "]\nrun = \"worker\"\ninstances = ", i < 4 ? 63 : 5, "\n");
  EXPECT_EQ(ErrorOf(body),
            "/dev/crew.toml:2:2: 257 services, each instance counted; a wiring has at most 256");
}

TEST_F(InstancesTest, AServiceHasAtMost512Channels) {
  std::string body = "over = \"unix:\"\n[service.w]\nrun = \"worker\"\ninstances = 64\n";
  const auto boss = [](int roles) {
    std::string text = "[service.boss]\nrun = \"boss\"\n[service.boss.calls]\n";
    for (int i = 0; i < roles; ++i) text += Text("r", i, " = { service = \"w\" }\n");
    return text;
  };
  EXPECT_TRUE(Make(body + boss(8)).ok()) << ErrorOf(body + boss(8));
  EXPECT_EQ(ErrorOf(body + boss(9)),
            "/dev/crew.toml:17:1: service boss has more than 512 channels, one to each server of "
            "its roles");
}

TEST(InstanceName, TellsAnInstanceFromAServiceThatIsOne) {
  EXPECT_EQ(InstanceName("worker", 2), "worker.2");
  EXPECT_EQ(GroupOf("worker.2"), "worker");
  EXPECT_EQ(GroupOf("worker"), "");
  EXPECT_TRUE(Means("worker", "worker"));
  EXPECT_TRUE(Means("worker", "worker.2"));
  EXPECT_TRUE(Means("worker.2", "worker.2"));
  EXPECT_FALSE(Means("worker.2", "worker.20"));
  EXPECT_FALSE(Means("work", "worker.2"));
  EXPECT_FALSE(Means("", "worker"));
}

}  // namespace
}  // namespace jackfield
