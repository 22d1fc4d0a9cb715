#include "tools/wiring/plan.h"

#include <cstdlib>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/common_params.h"
#include "kernel/transport.h"
#include "tools/wiring/carry.h"
#include "tools/wiring/plan_world.h"

namespace jackfield {
namespace {

// A medium that loses messages, so that it cannot carry calls.
class LossyTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "lossy"; }
  absl::StatusOr<Caps> Describe(const Address&, Role) const override {
    Caps caps = CallNeeds();
    caps.reliable = caps.reply = false;
    return caps;
  }
  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address&, Role, Loop&,
                                                LinkSink&) const override {
    return absl::UnimplementedError("only described");
  }
};

class PlanTest : public PlanWorld {
 protected:
  PlanTest() : PlanWorld("shop.toml", {"source", "tokenize", "count"}) {
    setenv("PATH", "/nowhere:/usr/bin:/bin", 1);
    program_.machine = {{"shm", [](const Address& address, Role) {
                           return absl::UnavailableError(address.ToString() +
                                                         " this machine has no memory to share");
                         }}};
    registry_.Add(std::make_unique<LossyTransport>());
  }
};

constexpr std::string_view kWords =
    "name = \"words\"\nover = \"unix:\"\n"
    "[service.source]\nrun = \"source first\"\ncalls = [\"tokenize\"]\n"
    "[service.tokenize]\nrun = \"tokenize\"\ncalls = [\"count\"]\n"
    "[service.count]\nrun = \"count\"\n";

TEST_F(PlanTest, PutsProvidersBeforeTheirClients) {
  const auto plan = Make(kWords, {.over = "", .args = {"a", "b"}});
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->services.size(), 3u);
  EXPECT_EQ(plan->services[0].name, "count");
  EXPECT_EQ(plan->services[1].name, "tokenize");
  EXPECT_EQ(plan->services[2].name, "source");
  EXPECT_EQ(plan->services[2].args, (std::vector<std::string>{"first", "a", "b"}))
      << "what nothing calls gets the arguments";
  EXPECT_TRUE(plan->services[0].args.empty());
  EXPECT_EQ(Summary(*plan), "3 services, 2 channels");
  EXPECT_FALSE(plan->one_process);
}

TEST_F(PlanTest, ChannelsThatAskForTheSameShareOneAddress) {
  constexpr std::string_view kShared =
      "[service.a]\nrun = \"source\"\ncalls = { c = \"unix:\" }\n"
      "[service.b]\nrun = \"source\"\ncalls = { c = \"unix:?on_full=fail\", again = { service = "
      "\"c\", over = \"tcp:\" } }\n"
      "[service.c]\nrun = \"count\"\n";
  const auto plan = Make(kShared);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->services[0].serves.size(), 2u);
  const auto handed = Make(kShared, {.over = "pipe", .args = {}});
  ASSERT_TRUE(handed.ok()) << handed.status();
  EXPECT_EQ(handed->services[0].serves.size(), 3u)
      << "ends that are handed out belong to one channel each";
}

TEST_F(PlanTest, OverChangesEveryChannelButThoseThatSetNames) {
  const auto plan =
      Make(kWords, {.over = "pipe", .args = {}}, {"service.tokenize.calls.count=tcp:"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->channels[0].address.ToString(), "pipe:");
  EXPECT_EQ(plan->channels[1].address.ToString(), "tcp:");
}

TEST_F(PlanTest, AMediumOfOneProcessMakesTheWholePlanThreads) {
  const auto plan =
      Make(kWords, {.over = "", .args = {}}, {"service.tokenize.calls.count=inproc:"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->one_process);
}

TEST_F(PlanTest, SaysWhatIsWrongAndWhere) {
  const std::pair<std::string_view, std::string_view> kWrongs[] = {
      {"over = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = [\"b\"]\n[service.b]\nrun = "
       "\"count\"\ncalls = [\"a\"]\n",
       "/dev/shop.toml:8:10: calls go in a circle: a → b → a; take one of these calls out"},
      {"over = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = [\"a\"]\n",
       "/dev/shop.toml:5:10: calls go in a circle: a → a; take one of these calls out"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"unxi:\" }\n[service.b]\nrun = \"count\"\n",
       "/dev/shop.toml:4:15: \"unxi:\" is not a transport; did you mean \"unix:\"?"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"unix:?tipe=stream\" }\n[service.b]\nrun = "
       "\"count\"\n",
       "/dev/shop.toml:4:15: address \"unix:?tipe=stream\": no parameter \"tipe\"; did you mean "
       "\"type\"?"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"lossy:\" }\n[service.b]\nrun = \"count\"\n",
       "/dev/shop.toml:4:15: the calls of a to b: lossy: cannot carry this: it lacks reply and "
       "reliable; for one-way messages alone it would do: b = { over = \"lossy:\", one_way = true "
       "}"},
      {"[service.a]\nrun = \"source\"\ncalls = { cuonter = \"unix:\" }\n[service.counter]\nrun = "
       "\"count\"\n",
       "/dev/shop.toml:4:11: service a calls \"cuonter\", and there is no such service; did you "
       "mean \"counter\"?"},
      {"[service.a]\nrun = \"source\"\ncalls = [\"b\"]\n[service.b]\nrun = \"count\"\n",
       "/dev/shop.toml:4:10: over what does a call b? say it here, or for all channels by a line "
       "at the top: over = \"unix:\""},
      {"[service.a]\nrun = \"sourse\"\n",
       "/dev/shop.toml:3:7: there is no built-in service \"sourse\"; did you mean \"source\"?"},
      {"[service.a]\nrun = \"zzzzzzz\"\n",
       "/dev/shop.toml:3:7: there is no built-in service \"zzzzzzz\"; a program is written with a "
       "'/', such as \"./zzzzzzz\""},
      {"[service.a]\nrun = \"sh x.sh\"\n",
       "/dev/shop.toml:3:7: there is no built-in service \"sh\"; a program is written with a '/', "
       "such as \"/usr/bin/sh\""},
      {"[service.a]\nrun = \"./no/program\"\n",
       "/dev/shop.toml:3:7: the program of service a is not there: /dev/no/program: No such file "
       "or directory"},
      {"[service.a]\nrun = \"./null\"\n",
       "/dev/shop.toml:3:7: the program of service a is not a file: /dev/null"},
      {"[service.a]\nrun = \"/etc/passwd\"\n",
       "/dev/shop.toml:3:7: the program of service a may not be run; try: chmod +x /etc/passwd"},
      {"over = \"unix:@x\"\n[service.a]\nrun = \"source\"\ncalls = [\"b\", "
       "\"c\"]\n[service.b]\nrun = \"count\"\n[service.c]\nrun = \"count\"\n",
       "/dev/shop.toml:5:15: b and c cannot both serve at unix:@x; write \"unix:\" and each "
       "chooses a place of its own"},
      {"[service.a]\nrun = \"/bin/true\"\ncalls = { b = \"inproc:\" }\n[service.b]\nrun = "
       "\"count\"\n",
       "/dev/shop.toml:3:7: service a is a program, and inproc: joins only services of one "
       "process, which are built in; choose another medium, such as \"unix:\""},
      {"[service.a]\nrun = \"source\"\nenv = { A = \"1\" }\ncalls = { b = \"inproc:\" "
       "}\n[service.b]\nrun = \"count\"\n",
       "/dev/shop.toml:2:10: env, env_file, secrets, cwd, ready and limits.nofile of service a are "
       "of a "
       "process of its own, and inproc: joins threads of one process; choose another medium, such "
       "as "
       "\"unix:\""},
      {"[service.a]\nrun = \"source\"\ncwd = \"./not/there\"\n",
       "/dev/shop.toml:4:7: service a cannot run in /dev/not/there: No such file or directory"},
      {"[service.a]\nrun = \"source\"\ncwd = \"./null\"\n",
       "/dev/shop.toml:4:7: service a cannot run in /dev/null: it is no directory"},
      {"[service.a]\nrun = \"count\"\nserve = \"unix:\"\nready = \"port\"\n",
       "/dev/shop.toml:5:9: service a is ready by \"port\", and chooses its place over unix: "
       "itself; "
       "name one, such as \"unix:./a.sock\""},
      {"[service.a]\nrun = \"source\"\nready = \"port\"\n",
       "/dev/shop.toml:4:9: service a is ready by \"port\", and serves at no place"},
      {"[service.a]\nrun = \"source\"\nready = \"exec:./gone -q\"\n",
       "/dev/shop.toml:4:9: service a is ready when /dev/gone says so, which cannot be run: No "
       "such "
       "file or directory"},
      {"[service.a]\nrun = \"source\"\nsecrets = { TOKEN = \"./gone\" }\n",
       "/dev/shop.toml:4:1: cannot read the secret TOKEN, /dev/gone: No such file or directory"},
      {"[service.a]\nrun = \"source\"\nenv_file = \"./no.env\"\n",
       "/dev/shop.toml:4:12: cannot read /dev/no.env: No such file or directory"},
      {"[service.a]\nrun = \"source\"\nrestart = \"always\"\ncalls = { b = \"pipe:\" "
       "}\n[service.b]\nrun = \"count\"\n",
       "/dev/shop.toml:4:11: service a is to be restarted, and its channel with b over pipe: ends "
       "with either of them for good; choose a medium with a place, such as \"unix:\", or say "
       "restart = \"never\""},
      {"[service.a]\nrun = \"source\"\nrestart = \"always\"\ncalls = { b = { over = \"mmap:\", "
       "one_way = true } }\n[service.b]\nrun = \"count\"\nrestart = \"always\"\n",
       "/dev/shop.toml:8:11: service b is to be restarted, and its channel with a over mmap: is at "
       "a place that goes with its process; choose a medium with a place, such as \"unix:\", or "
       "say restart = \"never\""},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"sim:\" }\n[service.b]\nrun = \"count\"\n",
       "/dev/shop.toml:4:15: the calls of a to b: sim: joins nodes that one thread drives, and "
       "each "
       "service has a thread of its own; it is for tests"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"chaos+shm:?drop=0%\" }\n[service.b]\nrun = "
       "\"count\"\n",
       "/dev/shop.toml:4:15: shm: this machine has no memory to share"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"tcp://192.0.2.1:80\" }\n[service.b]\nrun = "
       "\"count\"\n",
       "/dev/shop.toml:4:15: tcp:192.0.2.1:80 is not loopback: without TLS anyone on the way could "
       "read and write; put tls+ in front, or, if that is meant, say ?plain"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"unix:?on_full=drop\" }\n[service.b]\nrun = "
       "\"count\"\n",
       "/dev/shop.toml:4:15: on_full=drop: it is wait, fail, drop_oldest or drop_newest"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = \"unix:?spin=often\" }\n[service.b]\nrun = "
       "\"count\"\n",
       "/dev/shop.toml:4:15: spin=often: it is always, learned, or a time such as 20us"},
  };
  for (const auto& [body, sentence] : kWrongs) EXPECT_EQ(ErrorOf(body), sentence) << body;
}

// What carries no answers is met again at a place that somebody chose.
TEST_F(PlanTest, AOneWayMediumWithAPlaceOfItsOwnAllowsRestart) {
  for (const std::string over : {"mmap:./events", "file:./events", "unix:"}) {
    const absl::StatusOr<Plan> plan =
        Make("[service.a]\nrun = \"source\"\ncalls = { b = { over = \"" + over +
             "\", one_way = true } }\n[service.b]\nrun = \"count\"\nrestart = \"always\"\n");
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->services[0].restart.when, RestartRule::When::kAlways) << over;
  }
  EXPECT_NE(ErrorOf("[service.a]\nrun = \"source\"\ncalls = { b = { over = \"signal:\", one_way = "
                    "true } }\n[service.b]\nrun = \"count\"\nrestart = \"always\"\n")
                .find("over signal: is at a place that goes with its process"),
            std::string::npos);
}

// The file may not contradict itself; the command line has the last word.
TEST_F(PlanTest, AMediumOfTheCommandLineWinsOverRestart) {
  constexpr std::string_view kWiring =
      "[service.a]\nrun = \"source\"\nrestart = \"always\"\ncalls = { b = \"unix:\" "
      "}\n[service.b]\nrun = \"count\"\nrestart = \"on-failure\"\n";
  const absl::StatusOr<Plan> kept = Make(kWiring);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->services[0].restart.when, RestartRule::When::kOnFailure);
  EXPECT_TRUE(kept->notes.empty());
  const absl::StatusOr<Plan> plan = Make(kWiring, {.over = "pipe"});
  ASSERT_TRUE(plan.ok()) << plan.status();
  for (const PlannedService& service : plan->services)
    EXPECT_EQ(service.restart.when, RestartRule::When::kNever) << service.name;
  EXPECT_EQ(plan->notes,
            (std::vector<std::string>{"a will not be restarted: its channel with b over pipe: ends "
                                      "with either of them for good",
                                      "b will not be restarted: its channel with a over pipe: ends "
                                      "with either of them for good"}));
}

TEST_F(PlanTest, AServiceAtTheEdgeServesOthersAndCallsWhatAlreadyRuns) {
  constexpr std::string_view kEdge =
      "over = \"unix:\"\n[service.gate]\nrun = \"count\"\nserve = [\"tcp://127.0.0.1:7000\", "
      "\"unix:./gate\"]\ncalls = { stock = { at = \"tcp://127.0.0.1:7001\" } }\n"
      "[service.a]\nrun = \"source\"\ncalls = { gate = \"tcp://127.0.0.1:7000\" }\n";
  const auto plan = Make(kEdge);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const PlannedService& gate = plan->services[0];
  EXPECT_EQ(gate.edges, 2u);
  ASSERT_EQ(gate.serves.size(), 2u) << "a channel that asks for the same shares it";
  EXPECT_EQ(gate.serves[1].ToString(), "unix:/dev/gate");
  ASSERT_EQ(gate.outside.size(), 1u);
  EXPECT_EQ(gate.outside[0].role, "stock");
  EXPECT_EQ(gate.outside[0].address.ToString(), "tcp:127.0.0.1:7001");
  EXPECT_TRUE(gate.wanted_from_outside());
  EXPECT_EQ(Summary(*plan), "2 services, 1 channel, 3 to the outside");

  const auto over =
      Make(kEdge, {.over = "pipe", .args = {}}, {"service.gate.calls.stock=tcp://127.0.0.1:7002"});
  ASSERT_TRUE(over.ok()) << over.status();
  EXPECT_EQ(over->services[0].serves[0].ToString(), "tcp:127.0.0.1:7000")
      << "--over is for channels";
  EXPECT_EQ(over->services[0].outside[0].address.ToString(), "tcp:127.0.0.1:7002");
}

TEST_F(PlanTest, RefusesAnEdgeThatCannotBe) {
  const std::pair<std::string_view, std::string_view> kWrongs[] = {
      {"[service.a]\nrun = \"count\"\nserve = \"pipe:\"\n",
       "/dev/shop.toml:4:9: pipe: joins only what this wiring starts, and serve is for others; "
       "write one such as \"tcp://127.0.0.1:7000\""},
      {"[service.a]\nrun = \"count\"\nserve = \"lossy:\"\n",
       "/dev/shop.toml:4:9: what a serves: lossy: cannot carry this: it lacks reply and reliable"},
      {"[service.a]\nrun = \"count\"\nserve = \"unix:@x\"\n[service.b]\nrun = \"count\"\nserve = "
       "\"unix:@x\"\n",
       "/dev/shop.toml:4:9: a and b cannot both serve at unix:@x\n"
       "/dev/shop.toml:7:9: b and a cannot both serve at unix:@x"},
      {"[service.a]\nrun = \"count\"\nserve = [\"unix:@x\", \"unix:@x\"]\n",
       "/dev/shop.toml:4:21: service a serves at \"unix:@x\" twice"},
      {"[service.a]\nrun = \"count\"\nserve = 3\n",
       "/dev/shop.toml:4:9: serve is an address, or an array of at most 16: "
       "[\"tcp://127.0.0.1:7000\"]"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = { at = \"tcp:\" } }\n",
       "/dev/shop.toml:4:22: at names the place where b serves, and \"tcp:\" names none; such as "
       "\"tcp://127.0.0.1:7000\""},
      {"[service.a]\nrun = \"source\"\ncalls = { b = { at = \"inproc:x\" } }\n",
       "/dev/shop.toml:4:22: inproc:x joins only what this wiring starts"},
      {"[service.a]\nrun = \"source\"\ncalls = { b = { at = \"unix:@x\", over = \"tcp:\" } }\n",
       "/dev/shop.toml:4:40: at says where a service runs that is none of this wiring: no service "
       "and no over stands beside it"},
      {"over = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { b = { one_way = 1 } }\n"
       "[service.b]\nrun = \"count\"\n",
       "/dev/shop.toml:5:27: one_way is true or false"},
  };
  for (const auto& [body, sentence] : kWrongs) EXPECT_EQ(ErrorOf(body), sentence) << body;
}

TEST_F(PlanTest, AChannelThatSaysItIsOneWayMayUseAMediumThatAnswersNothing) {
  constexpr std::string_view kSays =
      "over = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { b = { over = \"file:./rec\", "
      "one_way = true } }\n[service.b]\nrun = \"count\"\n";
  const auto plan = Make(kSays);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->channels[0].address.ToString(), "file:/dev/rec");
  EXPECT_EQ(plan->channels[0].carries, Carried::kOneWay);

  EXPECT_EQ(
      ErrorOf("[service.a]\nrun = \"source\"\ncalls = { b = \"file:/rec\" }\n[service.b]\n"
              "run = \"count\"\n"),
      "/dev/shop.toml:4:15: the calls of a to b: file:/rec cannot carry this: it lacks send "
      "and reply; for one-way messages alone it would do: b = { over = \"file:/rec\", one_way "
      "= true }");
}

TEST_F(PlanTest, ManyMayReadWhatReachesEveryReader) {
  const auto plan = Make(
      "[service.a]\nrun = \"source\"\n[service.a.calls]\nb = { over = "
      "\"udp://239.1.2.3:7000?plain\", one_way = true }\nc = { over = "
      "\"udp://239.1.2.3:7000?plain\", one_way = true }\n[service.b]\nrun = "
      "\"count\"\n[service.c]\nrun = \"count\"\n");
  EXPECT_TRUE(plan.ok()) << plan.status();
}

TEST_F(PlanTest, RefusesAnOverThatIsNoTransport) {
  EXPECT_EQ(ErrorOf("over = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = "
                    "[\"b\"]\n[service.b]\nrun = \"count\"\n",
                    {.over = "tpc", .args = {}}),
            "/dev/shop.toml, as changed by the command line: \"tpc:\" is not a transport; did you "
            "mean \"tcp:\"?");
}

TEST_F(PlanTest, AClientReachesThePlaceThatTheServerReportsWithItsOwnParameters) {
  const auto wired = registry_.Parse("unix:?type=seqpacket&on_full=fail&spin=0");
  const auto actual = registry_.Parse("unix:@7?type=seqpacket");
  EXPECT_EQ(ClientAddress(*wired, *actual).ToString(),
            "unix:@7?type=seqpacket&on_full=fail&spin=0");
  EXPECT_EQ(WithoutCommonParams(*wired).ToString(), "unix:?type=seqpacket");
}

}  // namespace
}  // namespace jackfield
