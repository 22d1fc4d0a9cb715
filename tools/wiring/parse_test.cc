#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "gtest/gtest.h"
#include "tools/wiring/wiring.h"

namespace jackfield {
namespace {

absl::StatusOr<Wiring> Parse(std::string_view text, std::vector<std::string> sets = {}) {
  return ParseWiring("shop.toml", text, sets);
}

std::string ErrorOf(std::string_view text, std::vector<std::string> sets = {}) {
  return std::string(Parse(text, std::move(sets)).status().message());
}

constexpr std::string_view kShop = R"(jackfield = 1
name = "shop"
over = "unix:"

[service.orders]
run   = ["./orders", "--workers=4", "two words"]
calls = { kv = "shm:", log = { service = "logger" } }

[service.kv]
run = "kv  --dir ./data"

[service.logger]
run = "logger"
calls = ["kv"]
)";

TEST(ParseTest, ReadsAWholeWiringInTheOrderOfTheFile) {
  const auto wiring = Parse(kShop);
  ASSERT_TRUE(wiring.ok()) << wiring.status();
  EXPECT_EQ(wiring->name, "shop");
  EXPECT_EQ(wiring->over, "unix:");
  ASSERT_EQ(wiring->services.size(), 3u);
  const ServiceEntry& orders = wiring->services[0];
  EXPECT_EQ(orders.name, "orders");
  EXPECT_EQ(orders.run, (std::vector<std::string>{"./orders", "--workers=4", "two words"}));
  ASSERT_EQ(orders.calls.size(), 2u);
  EXPECT_EQ(orders.calls[0].services, std::vector<std::string>{"kv"});
  EXPECT_EQ(orders.calls[0].over, "shm:");
  EXPECT_EQ(orders.calls[0].place.line, 7u);
  EXPECT_EQ(orders.calls[1].role, "log");
  EXPECT_EQ(orders.calls[1].services, std::vector<std::string>{"logger"});
  EXPECT_EQ(orders.calls[1].over, "");
  EXPECT_EQ(wiring->services[1].run, (std::vector<std::string>{"kv", "--dir", "./data"}));
  EXPECT_EQ(wiring->services[2].calls[0].services, std::vector<std::string>{"kv"});
}

TEST(ParseTest, TheMemoryOfAServiceIsASizeAndNotGivenIsNoLimit) {
  const auto wiring = Parse(
      "jackfield = 1\n[service.a]\nrun = \"a\"\nlimits = { memory = \"64MiB\" }\n"
      "[service.b]\nrun = \"b\"\n");
  ASSERT_TRUE(wiring.ok()) << wiring.status();
  EXPECT_EQ(wiring->services[0].memory_bytes, uint64_t{64 << 20});
  EXPECT_EQ(wiring->services[1].memory_bytes, 0u);
}

TEST(ParseTest, SetChangesOneValueAndNothingElse) {
  const auto wiring = Parse(
      kShop, {"service.orders.calls.kv=tcp://:7001", "service.logger.calls.kv=pipe:", "name=bazaar",
              "service.orders.calls.log=unix:@x"});
  ASSERT_TRUE(wiring.ok()) << wiring.status();
  EXPECT_EQ(wiring->name, "bazaar");
  for (const ServiceEntry& service : wiring->services) {
    for (const CallEntry& call : service.calls) {
      EXPECT_EQ(call.over_place.line, 0u) << "what --set wrote is not in the file";
      EXPECT_EQ(call.services, std::vector<std::string>{call.role == "log" ? "logger" : "kv"})
          << "the role keeps its service";
    }
  }
}

TEST(ParseTest, SetCanAddAndCanBeAnyValue) {
  const auto wiring =
      Parse(kShop, {"service.kv.calls.logger=unix:", "service.kv.run=[\"kv\", \"-x\"]",
                    "service.logger.calls=[]"});
  ASSERT_TRUE(wiring.ok()) << wiring.status();
  EXPECT_EQ(wiring->services[1].calls[0].services, std::vector<std::string>{"logger"});
  EXPECT_EQ(wiring->services[1].run, (std::vector<std::string>{"kv", "-x"}));
  EXPECT_TRUE(wiring->services[2].calls.empty());
}

struct Wrong {
  std::string_view text, sentence;
};

TEST(ParseTest, SaysWhatIsWrongAndWhere) {
  const Wrong kWrongs[] = {
      {"[service.a]\nrun = \"a\"\n",
       "shop.toml:1:1: the first line should be: jackfield = 1   (the format of this file)"},
      {"jackfield = 2\n[service.a]\nrun = \"a\"\n",
       "shop.toml:1:13: this program reads wiring files of format 1: jackfield = 1"},
      {"jackfield = 1\n",
       "shop.toml:1:1: no services; a service is a table: [service.NAME] with a line run = …"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\ncals = [\"b\"]\n",
       "shop.toml:4:1: unknown key \"cals\" in service a; did you mean \"calls\"?"},
      {"jackfield = 1\nzzzzz = 3\n[service.a]\nrun = \"a\"\n",
       "shop.toml:2:1: unknown key \"zzzzz\"; known here: jackfield, name, over, logs, service and "
       "load"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nrestart = { max = 0 }\n",
       "shop.toml:4:19: max is how often in a row a service is restarted, a number from 1 to "
       "1000000"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nrestart = { backof = \"1s\" }\n",
       "shop.toml:4:13: unknown key \"backof\" in the restart of a; did you mean \"backoff\"?"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nrestart = { backoff = \"2s..1s\" }\n",
       "shop.toml:4:23: backoff is the least and the longest pause before a restart, such as "
       "\"100ms..10s\"; at most 60m"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nrestart = \"sometimes\"\n",
       "shop.toml:4:11: a service is restarted \"never\", \"on-failure\" or \"always\""},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nrestart = 3\n",
       "shop.toml:4:11: restart is \"never\", \"on-failure\" or \"always\", or { when = "
       "\"on-failure\", backoff = \"100ms..10s\", max = 5 }"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nenv = { \"A-B\" = \"x\" }\n",
       "shop.toml:4:9: \"A-B\" cannot name a variable; a name is made of a-z, A-Z, 0-9 and '_', "
       "and does not begin with a digit"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nenv = { JACKFIELD_GRANTS = \"x\" }\n",
       "shop.toml:4:9: JACKFIELD_GRANTS is set by jackfield itself, for every service"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nenv = { PORT = 70 }\n",
       "shop.toml:4:16: the value of PORT in env is a text in quotes, such as \"unix:\""},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\ncwd = \"\"\n",
       "shop.toml:4:7: cwd is a path, seen from this file, such as \"./here\""},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nlimits = { nofile = 5 }\n",
       "shop.toml:4:21: nofile is how many descriptors the service may have, a number from 16 to "
       "1048576"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nlimits = { memory = 64 }\n",
       "shop.toml:4:21: memory is a size of at least 1 MiB, such as 64MiB, not \"a number\""},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\nlimits = { memory = \"64k\" }\n",
       "shop.toml:4:21: memory is a size of at least 1 MiB, such as 64MiB, not \"64k\""},
      {"jackfield = 1\n[load.x]\nrate = 3\n[service.a]\nrun = \"a\"\n",
       "shop.toml:2:7: load x has no line target = \"SERVICE/METHOD\""},
      {"jackfield = 1\n[service.a]\n",
       "shop.toml:2:10: service a has no line run = …, the built-in service or the program that it "
       "is"},
      {"jackfield = 1\n[service.a]\nrun = 3\n",
       "shop.toml:3:7: run is a text, or an array of texts: the built-in service or the program, "
       "then its arguments"},
      {"jackfield = 1\n[service.a]\nrun = \"\"\n",
       "shop.toml:3:7: run is empty; it names a built-in service or a program"},
      {"jackfield = 1\n[service.a]\nrun = 'a \"b c\"'\n",
       "shop.toml:3:7: run is cut at its spaces, and quotes mean nothing in it; write run = "
       "[\"program\", \"an argument\"]"},
      {"jackfield = 1\n[service.\"a b\"]\nrun = \"a\"\n",
       "shop.toml:2:10: \"a b\" cannot name a service; a name is made of a-z, A-Z, 0-9, '-' and "
       "'_', at most 64"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\ncalls = 3\n",
       "shop.toml:4:9: calls is { ROLE = \"unix:\" } or an array of services: [\"kv\"]"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\ncalls = [\"b\", \"b\"]\n",
       "shop.toml:4:15: service a calls \"b\" twice"},
      {"jackfield = 1\n[service.a]\nrun = \"a\"\ncalls = { b = { servise = \"c\" } }\n",
       "shop.toml:4:17: unknown key \"servise\" in the call of b; did you mean \"service\"?"},
      {"jackfield = 1\nover = 3\n[service.a]\nrun = \"a\"\n",
       "shop.toml:2:8: over is a text in quotes, such as \"unix:\""},
  };
  for (const Wrong& wrong : kWrongs) EXPECT_EQ(ErrorOf(wrong.text), wrong.sentence) << wrong.text;
}

TEST(ParseTest, ASyntaxErrorHasItsPlace) {
  EXPECT_EQ(ErrorOf("jackfield = 1\nname = shop\n").substr(0, 14), "shop.toml:2:8:")
      << ErrorOf("jackfield = 1\nname = shop\n");
  EXPECT_EQ(ErrorOf("jackfield = 1\n[service.a\n").substr(0, 12), "shop.toml:2:");
}

TEST(ParseTest, NamesEverythingThatIsWrong) {
  EXPECT_EQ(ErrorOf("jackfield = 1\n[service.a]\nrum = \"a\"\n[service.b]\nrun = 3\n"),
            "shop.toml:3:1: unknown key \"rum\" in service a; did you mean \"run\"?\n"
            "shop.toml:2:10: service a has no line run = …, the built-in service or the program "
            "that it is\n"
            "shop.toml:5:7: run is a text, or an array of texts: the built-in service or the "
            "program, then its arguments");
}

TEST(ParseTest, RefusesASetThatFindsNothing) {
  EXPECT_EQ(ErrorOf(kShop, {"service.ordres.calls.kv=unix:"}),
            "--set service.ordres.calls.kv=unix:: there is no service \"ordres\"; did you mean "
            "\"orders\"?");
  EXPECT_EQ(ErrorOf(kShop, {"servce.orders.calls.kv=unix:"}),
            "--set servce.orders.calls.kv=unix:: there is no service \"servce\"; did you mean "
            "\"service\"?");
  EXPECT_EQ(ErrorOf(kShop, {"over"}),
            "--set over: write --set KEY=VALUE, such as --set service.orders.calls.kv=unix:");
  EXPECT_EQ(ErrorOf(kShop, {"service.orders.cals=[]"}),
            "shop.toml, as changed by the command line: unknown key \"cals\" in service orders; "
            "did you mean \"calls\"?");
}

TEST(ParseTest, RefusesAFileThatIsNoWiring) {
  const std::string large(kWiringBytesMax + 1, '#');
  char name[] = "/tmp/jackfield-wiring-XXXXXX";
  const int fd = mkstemp(name);
  ASSERT_EQ(write(fd, large.data(), large.size()), static_cast<ssize_t>(large.size()));
  close(fd);
  EXPECT_EQ(std::string(ReadWiring(name, {}).status().message()),
            std::string(name) + ": larger than 1 MiB; is it a wiring file?");
  unlink(name);
  EXPECT_EQ(std::string(ReadWiring(name, {}).status().message()),
            "cannot read the wiring file " + std::string(name) + ": No such file or directory");
  EXPECT_EQ(std::string(ReadWiring("/", {}).status().message()),
            "/ is a directory, and a wiring is a file");
  EXPECT_EQ(std::string(ReadWiring("/dev/null", {}).status().message()),
            "/dev/null is a device, and a wiring is a file");
}

// Opening a FIFO waits for somebody to write to it.
TEST(ParseTest, RefusesAFifoAtOnceAndReadsAPipeThatItWasStartedWith) {
  char name[] = "/tmp/jackfield-wiring-XXXXXX";
  close(mkstemp(name));
  unlink(name);
  ASSERT_EQ(mkfifo(name, 0600), 0);
  EXPECT_EQ(std::string(ReadWiring(name, {}).status().message()),
            std::string(name) +
                " is a FIFO, and a wiring is a file; one that comes through a pipe is read from "
                "/dev/stdin");
  unlink(name);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], kShop.data(), kShop.size()), static_cast<ssize_t>(kShop.size()));
  close(ends[1]);
  const auto wiring = ReadWiring("/dev/fd/" + std::to_string(ends[0]), {});
  EXPECT_TRUE(wiring.ok()) << wiring.status();
  close(ends[0]);
}

TEST(ParseTest, RefusesMoreServicesThanTheLimit) {
  std::string text = "jackfield = 1\n";
  for (size_t i = 0; i < kServicesMax; ++i)
    text += "[service.s" + std::to_string(i) + "]\nrun = \"a\"\n";
  EXPECT_TRUE(Parse(text).ok());
  text += "[service.more]\nrun = \"a\"\n";
  EXPECT_EQ(ErrorOf(text), "shop.toml:2:2: 257 services; a wiring has at most 256");
}

TEST(ParseTest, WhatAServiceRunsInAndWhenItIsRestarted) {
  const absl::StatusOr<Wiring> wiring =
      ParseWiring("shop.toml",
                  "jackfield = 1\n[service.kv]\nrun = \"kv\"\nenv = { LANG = \"C\" }\nenv_file = "
                  "\"./kv.env\"\ncwd = \"./data\"\nlimits = { nofile = 64 }\n"
                  "restart = { when = \"always\", backoff = \"5ms..1s\", max = 7 }\n"
                  "[service.log]\nrun = \"log\"\nrestart = \"on-failure\"\n"
                  "[service.once]\nrun = \"once\"\n",
                  {});
  ASSERT_TRUE(wiring.ok()) << wiring.status();
  const ServiceEntry& kv = wiring->services[0];
  EXPECT_EQ(kv.env, (Variables{{"LANG", "C"}}));
  EXPECT_EQ(kv.env_file, "./kv.env");
  EXPECT_EQ(kv.cwd, "./data");
  EXPECT_EQ(kv.descriptors_max, 64u);
  EXPECT_EQ(kv.restart.when, RestartRule::When::kAlways);
  EXPECT_EQ(kv.restart.pause_least_ns, 5'000'000);
  EXPECT_EQ(kv.restart.pause_most_ns, 1'000'000'000);
  EXPECT_EQ(kv.restart.restarts_max, 7u);
  EXPECT_EQ(wiring->services[1].restart.when, RestartRule::When::kOnFailure);
  EXPECT_EQ(wiring->services[1].restart.restarts_max, 5u);
  EXPECT_EQ(wiring->services[2].restart.when, RestartRule::When::kNever);
}

TEST(ParseTest, WhenAServiceIsReady) {
  const std::string service = "jackfield = 1\n[service.a]\nrun = \"x\"\n";
  EXPECT_EQ(Parse(service)->services[0].ready, ReadyRule());
  EXPECT_EQ(Parse(service + "ready = \"notify\"\n")->services[0].ready.how,
            ReadyRule::How::kNotify);
  EXPECT_EQ(Parse(service + "ready = \"port\"\n")->services[0].ready.how, ReadyRule::How::kPort);
  EXPECT_EQ(Parse(service + "ready = \"exec:./is-up  -q\"\n")->services[0].ready,
            (ReadyRule{.how = ReadyRule::How::kExec, .command = {"./is-up", "-q"}}));
  for (const std::string wrong : {"exec:", "exec:is-up"}) {
    EXPECT_EQ(ErrorOf(service + "ready = \"" + wrong + "\"\n"),
              "shop.toml:4:9: exec: is followed by a program, which is written with a '/', and its "
              "arguments: \"exec:./is-up --quiet\"");
  }
  EXPECT_EQ(ErrorOf(service + "ready = \"soon\"\n"),
            "shop.toml:4:9: a service is ready by \"notify\" (READY=1 to NOTIFY_SOCKET), \"port\" "
            "(it answers at its places) or \"exec:PROGRAM\" (which exits with 0)");
}

TEST(ParseTest, ASecretIsAFileUnderAName) {
  const std::string service = "jackfield = 1\n[service.a]\nrun = \"x\"\n";
  EXPECT_EQ(Parse(service + "secrets = { TOKEN = \"./t\" }\n")->services[0].secrets,
            (Variables{{"TOKEN", "./t"}}));
  EXPECT_EQ(ErrorOf(service + "secrets = \"./t\"\n"),
            "shop.toml:4:11: secrets is a table of files, at most 64: secrets = { TOKEN = "
            "\"./token\" }");
  EXPECT_EQ(ErrorOf(service + "secrets = { TOKEN = \"\" }\n"),
            "shop.toml:4:13: the file of TOKEN in secrets is empty");
  EXPECT_EQ(ErrorOf(service + "env = { TOKEN_FILE = \"x\" }\nsecrets = { TOKEN = \"t\" }\n"),
            "shop.toml:5:13: TOKEN_FILE, in which the service finds the secret, is also in env");
  EXPECT_EQ(ErrorOf(service + "secrets = { JACKFIELD_X = \"t\" }\n"),
            "shop.toml:4:13: JACKFIELD_X_FILE is set by jackfield itself, for every service");
}

TEST(ParseTest, HowMuchOfLogsIsKeptIsBounded) {
  const std::string service = "[service.a]\nrun = \"x\"\n";
  EXPECT_EQ(Parse("jackfield = 1\n" + service)->logs, LogLimits());
  const absl::StatusOr<Wiring> wiring =
      Parse("jackfield = 1\nlogs = { size = \"64KiB\", files = 100 }\n" + service);
  ASSERT_TRUE(wiring.ok()) << wiring.status();
  EXPECT_EQ(wiring->logs, (LogLimits{.file_bytes = 64 << 10, .files = 100}));
  for (const std::string wrong : {"size = \"63KiB\"", "size = \"2GiB\"", "size = 64"}) {
    EXPECT_EQ(ErrorOf("jackfield = 1\nlogs = { " + wrong + " }\n" + service),
              "shop.toml:2:17: size is that of one file of a service's log, such as \"8MiB\"; from "
              "64 KiB to 1 GiB")
        << wrong;
  }
  for (const std::string wrong : {"files = 0", "files = 101", "files = \"4\""}) {
    EXPECT_EQ(ErrorOf("jackfield = 1\nlogs = { " + wrong + " }\n" + service),
              "shop.toml:2:18: files is how many of a service's log are kept, a number from 1 to "
              "100")
        << wrong;
  }
  EXPECT_EQ(ErrorOf("jackfield = 1\nlogs = { sise = \"1MiB\" }\n" + service),
            "shop.toml:2:10: unknown key \"sise\" in logs; did you mean \"size\"?");
}

}  // namespace
}  // namespace jackfield
