// What differs between two plans, and the plans in between. Each row of the table is an edit of one
// wiring, and the lines are what must be done: nothing that is the same is in them. What stands
// between two plans is shown to be the one or the other where everything, or nothing, was taken.
#include "tools/wiring/plan_changes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "tools/wiring/plan_between.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

absl::Status NoService(Service&) { return absl::OkStatus(); }

class PlanChangesTest : public ::testing::Test {
 protected:
  PlanChangesTest() {
    AddBuiltinTransports(registry_);
    program_.registry = &registry_;
    program_.services = {{"one", NoService, ""}, {"other", NoService, ""}};
  }
  Plan Make(std::string_view body) {
    absl::StatusOr<Wiring> wiring = ParseWiring(
        "/dev/shop.toml", Text("jackfield = 1\nname = \"shop\"\nover = \"unix:\"\n", body), {});
    EXPECT_TRUE(wiring.ok()) << wiring.status() << body;
    absl::StatusOr<Plan> plan = MakePlan(*std::move(wiring), program_, {});
    EXPECT_TRUE(plan.ok()) << plan.status() << body;
    return *std::move(plan);
  }

  static std::vector<std::string> Lines(const PlanChanges& changes) {
    std::vector<std::string> lines;
    for (const std::string& note : changes.noted) lines.push_back(note);
    for (const ServeName& serve : changes.served)
      lines.push_back(Text("serve ", serve.service, " ", serve.address));
    for (const std::string& name : changes.added) lines.push_back(Text("add ", name));
    for (const MovedCall& call : changes.moved)
      lines.push_back(
          Text("move ", call.call.client, ".", call.call.call, " ", call.from, " ", call.to));
    for (const auto& [name, why] : changes.restarted)
      lines.push_back(Text("restart ", name, ": ", why.text, why.own ? "" : " (along)"));
    for (const std::string& name : changes.removed) lines.push_back(Text("remove ", name));
    for (const ServeName& serve : changes.left)
      lines.push_back(Text("leave ", serve.service, " ", serve.address));
    return lines;
  }
  static std::vector<std::string> ChangesOf(const Plan& old, const Plan& wanted) {
    const absl::StatusOr<PlanChanges> changes = ChangesBetween(old, wanted);
    EXPECT_TRUE(changes.ok()) << changes.status();
    return changes.ok() ? Lines(*changes) : std::vector<std::string>{"?"};
  }
  // All that `changes` names, and all addresses.
  static Taken All(const Plan& old, const Plan& wanted, const PlanChanges& changes) {
    Taken taken;
    taken.services.insert(changes.added.begin(), changes.added.end());
    for (const auto& [name, why] : changes.restarted) taken.services.insert(name);
    taken.gone.insert(changes.removed.begin(), changes.removed.end());
    for (const MovedCall& call : changes.moved) taken.calls.insert(call.call);
    for (const PlannedService& service : wanted.services) {
      for (const Address& serve : service.serves)
        taken.served.insert({service.name, serve.ToString()});
    }
    for (const PlannedService& service : old.services) {
      for (const Address& serve : service.serves) {
        if (!taken.served.contains({service.name, serve.ToString()}))
          taken.left.insert({service.name, serve.ToString()});
      }
    }
    return taken;
  }
  // A plan as text: all that counts, in the order of names.
  static std::string TextOf(const Plan& plan) {
    std::vector<std::string> lines;
    for (const PlannedService& service : plan.services) {
      std::vector<std::string> parts;
      for (size_t i = 0; i < service.serves.size(); ++i)
        parts.push_back(Text(i < service.edges ? " edge " : " at ", service.serves[i].ToString()));
      for (const size_t call : service.calls) {
        const PlannedChannel& channel = plan.channels[call];
        parts.push_back(Text(" ", channel.role, "=", plan.services[channel.server].name, "@",
                             channel.address.ToString(), "/",
                             ServeAddress(plan, channel).ToString()));
        EXPECT_EQ(plan.services[channel.client].name, service.name);
      }
      for (const size_t called : service.called)
        EXPECT_EQ(plan.services[plan.channels[called].server].name, service.name);
      for (const OutsideCall& call : service.outside)
        parts.push_back(Text(" ", call.role, "@", call.address.ToString()));
      std::sort(parts.begin(), parts.end());
      std::string line = service.name;
      for (const std::string& arg : service.args) line += Text(" '", arg, "'");
      for (const std::string& part : parts) line += part;
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }

  Registry registry_;
  Program program_;
};

// kv ← orders ← gate, which serves others and calls one outside.
constexpr std::string_view kShop =
    "[service.gate]\nrun = \"one\"\nserve = [\"tcp://127.0.0.1:7000\"]\n"
    "calls = { orders = \"tcp:\", bank = { at = \"tcp://127.0.0.1:7001\" } }\n"
    "[service.orders]\nrun = \"one a\"\ncalls = { kv = \"unix:\" }\n"
    "[service.kv]\nrun = \"one\"\n";

std::string Edited(std::string_view what, std::string_view by) {
  std::string text(kShop);
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

struct Row {
  std::string name, wiring;
  std::vector<std::string> lines;
};

std::vector<Row> Rows() {
  const std::string audit = "[service.audit]\nrun = \"one\"\ncalls = [\"kv\"]\n";
  return {
      {"nothing", std::string(kShop), {}},
      {"a comment", Edited("[service.kv]", "# text\n\n[service.kv]"), {}},
      {"the medium of a channel",
       Edited("kv = \"unix:\"", "kv = \"shm:\""),
       {"move orders.kv unix: shm:"}},
      {"a parameter of it",
       Edited("orders = \"tcp:\"", "orders = \"tcp:?spin=0\""),
       {"move gate.orders tcp: tcp:?spin=0"}},
      {"arguments", Edited("one a", "one b"), {"restart orders: its arguments have changed"}},
      {"what it runs", Edited("one a", "other a"), {"restart orders: it runs another program"}},
      {"its environment",
       Edited("one a\"", "one a\"\nenv = { A = \"1\" }"),
       {"restart orders: its environment has changed"}},
      {"where it runs",
       Edited("one a\"", "one a\"\ncwd = \"/\""),
       {"restart orders: it runs elsewhere"}},
      {"its limits",
       Edited("one a\"", "one a\"\nlimits = { memory = \"8MiB\" }"),
       {"restart orders: its limits have changed"}},
      {"its descriptors",
       Edited("one a\"", "one a\"\nlimits = { nofile = 64 }"),
       {"restart orders: its limits have changed"}},
      {"its grace",
       Edited("one a\"", "one a\"\ngrace = \"1s\""),
       {"restart orders: its grace has changed"}},
      {"its restart rule",
       Edited("one a\"", "one a\"\nrestart = \"always\""),
       {"orders: its restart rule has changed"}},
      {"a service more", std::string(kShop) + audit, {"add audit"}},
      {"a service less",
       Edited(std::string(kShop).substr(0, kShop.find("[service.orders]")), ""),
       {"remove gate"}},
      {"a role more",
       Edited("kv = \"unix:\"", "kv = \"unix:\", again = { service = \"kv\" }"),
       {"restart orders: it calls again"}},
      {"a role less",
       Edited(", bank = { at = \"tcp://127.0.0.1:7001\" }", ""),
       {"restart gate: it calls bank no more"}},
      {"another server",
       Edited("kv = \"unix:\"", "kv = { service = \"store\", over = \"shm:\" }") +
           "[service.store]\nrun = \"one\"\n",
       {"add store", "move orders.kv kv over unix: store over shm:"}},
      {"a service outside",
       Edited("at = \"tcp://127.0.0.1:7001\"", "at = \"tcp://127.0.0.1:7002\""),
       {"move gate.bank tcp:127.0.0.1:7001 tcp:127.0.0.1:7002"}},
      {"one from outside comes in",
       Edited("{ at = \"tcp://127.0.0.1:7001\" }", "{ service = \"kv\" }"),
       {"move gate.bank bank outside over tcp:127.0.0.1:7001 kv over unix:"}},
      {"a place for others",
       Edited("127.0.0.1:7000\"]", "127.0.0.1:7000\", \"unix:/tmp/g\"]"),
       {"serve gate unix:/tmp/g"}},
      {"another place for others",
       Edited("127.0.0.1:7000", "127.0.0.1:7009"),
       {"serve gate tcp:127.0.0.1:7009", "leave gate tcp:127.0.0.1:7000"}},
      {"to inherited ends",
       Edited("kv = \"unix:\"", "kv = \"pipe:\""),
       {"move orders.kv unix: pipe:",
        "restart kv: orders calls it over pipe:, whose ends are inherited (along)",
        "restart orders: its call kv comes to pipe:, whose ends are inherited"}},
  };
}

TEST_F(PlanChangesTest, AnEditIsWhatItChangesAndNothingElse) {
  const Plan old = Make(kShop);
  for (const Row& row : Rows()) {
    const Plan wanted = Make(row.wiring);
    EXPECT_THAT(ChangesOf(old, wanted), ElementsAreArray(row.lines)) << row.name;
  }
}

TEST_F(PlanChangesTest, WhatIsHalfWayIsTheOneOrTheOther) {
  for (const Row& row : Rows()) {
    const Plan old = Make(kShop), wanted = Make(row.wiring);
    for (const auto& [from, to] : {std::pair{&old, &wanted}, std::pair{&wanted, &old}}) {
      const absl::StatusOr<PlanChanges> changes = ChangesBetween(*from, *to);
      ASSERT_TRUE(changes.ok()) << row.name;
      EXPECT_EQ(TextOf(Between(*from, *to, {})), TextOf(*from)) << row.name;
      EXPECT_EQ(TextOf(Between(*from, *to, All(*from, *to, *changes))), TextOf(*to)) << row.name;
    }
  }
}

TEST_F(PlanChangesTest, AnAddressIsServedBesideTheOldOneUntilThatIsLeft) {
  const Plan old = Make(kShop), wanted = Make(Edited("kv = \"unix:\"", "kv = \"shm:\""));
  Taken taken;
  taken.served.insert({"kv", "shm:"});
  EXPECT_EQ(FindPlanned(Between(old, wanted, taken), "kv")->serves.size(), 2u);
  taken.calls.insert({"orders", "kv"});
  const Plan moved = Between(old, wanted, taken);
  EXPECT_EQ(FindPlanned(moved, "kv")->serves.size(), 2u);
  EXPECT_EQ(FindCall(moved, {"orders", "kv"}).channel->address.ToString(), "shm:");
  taken.left.insert({"kv", "unix:"});
  EXPECT_EQ(FindPlanned(Between(old, wanted, taken), "kv")->serves.size(), 1u);
  // What another change finds half way is nothing to it, but the address more.
  EXPECT_THAT(ChangesOf(moved, wanted), IsEmpty());
}

// At both ends of a pipe, or at a place that goes with its process, nobody is restarted alone.
TEST_F(PlanChangesTest, WhoSharesInheritedEndsIsRestartedToo) {
  const std::string piped = Edited("kv = \"unix:\"", "kv = \"pipe:\"");
  std::string other = piped;
  other.replace(other.find("[service.kv]\nrun = \"one"), 23, "[service.kv]\nrun = \"other");
  EXPECT_THAT(ChangesOf(Make(piped), Make(other)),
              ElementsAre("restart kv: it runs another program",
                          "restart orders: its channel with kv over pipe: ends with either of them "
                          "(along)"));
  const std::string log = Edited("kv = \"unix:\"", "kv = { over = \"mmap:\", one_way = true }");
  other = log;
  other.replace(other.find("[service.kv]\nrun = \"one"), 23, "[service.kv]\nrun = \"other");
  EXPECT_THAT(ChangesOf(Make(log), Make(other)),
              ElementsAre("restart kv: it runs another program",
                          "restart orders: its channel with kv over mmap: is at a place that goes "
                          "with its process (along)"));
}

// A client leaves a pipe as it leaves any other medium, and its server does not mind.
TEST_F(PlanChangesTest, ACallLeavesInheritedEndsWithoutARestart) {
  EXPECT_THAT(ChangesOf(Make(Edited("kv = \"unix:\"", "kv = \"pipe:\"")), Make(kShop)),
              ElementsAre("move orders.kv pipe: unix:"));
}

TEST_F(PlanChangesTest, ThreadsDoNotBecomeProcesses) {
  const Plan threads = Make(Edited("kv = \"unix:\"", "kv = \"inproc:\""));
  const absl::StatusOr<PlanChanges> changes = ChangesBetween(threads, Make(kShop));
  EXPECT_EQ(changes.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(changes.status().message(),
            "the services of shop are threads and would be processes, which takes a new start: "
            "jackfield down, then up");
}

TEST_F(PlanChangesTest, TheNameStaysAndThatIsSaid) {
  Plan renamed = Make(kShop);
  renamed.name = "store";
  EXPECT_THAT(ChangesOf(Make(kShop), renamed),
              ElementsAre("the name stays shop until the wiring is down, and is then store"));
}

}  // namespace
}  // namespace jackfield
