// The command as a user sees it: exit status, stdout, stderr.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/bench/command_for_tests.h"
#include "transports/builtin.h"

namespace jackfield::bench {
namespace {

// The number of `key` in a line of JSON; -1 when it is not there.
double NumberOf(const std::string& json, const std::string& key) {
  const size_t at = json.find("\"" + key + "\":");
  return at == json.npos ? -1 : std::stod(json.substr(at + key.size() + 3));
}

void ExpectRefused(std::vector<std::string> args, const std::string& says) {
  const Ended ended = Bench(args);
  EXPECT_EQ(ended.status, 2) << says;
  EXPECT_EQ(ended.out, "");
  EXPECT_NE(ended.err.find(says), std::string::npos) << ended.err;
  EXPECT_EQ(ended.err.substr(0, 11), "jackfield: ");
  const size_t end = ended.err.find('\n');
  EXPECT_TRUE(end == ended.err.size() - 1 || ended.err.substr(end + 1, 6) == "  try:")
      << "more than one sentence: " << ended.err;
}

TEST(BenchArgumentsTest, AreRefusedInOneSentence) {
  ExpectRefused({"--mode", "latincy"}, "did you mean \"latency\"?");
  ExpectRefused({"--mode=all"}, "--mode is one of latency, throughput and fanin");
  ExpectRefused({"--size", "0"}, "--size 0 is too small");
  ExpectRefused({"--size", "7"}, "--size 7 is too small");
  ExpectRefused({"--size", "16MiB"}, "it is at most 16777168, 16 MiB with the header");
  ExpectRefused({"--size", "-1"}, "--size is a number of bytes");
  ExpectRefused({"--size", "many"}, "--size is a number of bytes");
  ExpectRefused({"--seconds", "0"}, "--seconds is a number");
  ExpectRefused({"--seconds", "nan"}, "--seconds is a number");
  ExpectRefused({"--connections", "4"}, "--connections is for --mode fanin");
  ExpectRefused({"--mode", "fanin", "--connections", "0"}, "--connections is a number from 1");
  ExpectRefused({"--mode", "fanin", "--depth", "5000"}, "--depth is a number from 1 to 4096");
  ExpectRefused({"--pin", "both"}, "--pin is one of split, same and none");
  ExpectRefused({"--rounds"}, "--rounds needs a value");
  ExpectRefused({"--jsn"}, "did you mean \"--json\"?");
  ExpectRefused({"-o", "xml"}, "there are table and json");
  ExpectRefused({"--over=unix:", "--counts", "--mode=fanin"}, "--counts is for --mode latency");
  ExpectRefused({"--json=yes"}, "--json is a switch and takes no value");
  ExpectRefused({"unix:"}, "by --over");
}

TEST(BenchArgumentsTest, AddressesAreRefusedBeforeAnythingRuns) {
  ExpectRefused({"--over", "unx:"}, "unix");
  ExpectRefused({"--over", "unix:,tcpp:"}, "did you mean \"tcp");
  ExpectRefused({"--over", ""}, "--over needs at least one address");
  ExpectRefused({"--over", "unix:?tipe=stream"}, "type");
  ExpectRefused({"--over", "unix:?spin=5"}, "5");
  ExpectRefused({"--over", "unix:?type=seqpacket&raw", "--size", "1MiB"}, "carries at most");
  ExpectRefused({"--over", "mq:?frame=4KiB&raw", "--size", "5000"}, "carries at most");
}

TEST(BenchArgumentsTest, HelpNamesEveryOption) {
  const Ended ended = Bench({"--help"});
  EXPECT_EQ(ended.status, 0);
  for (const char* flag :
       {"--over", "--mode", "--size", "--seconds", "--connections", "--depth", "--json", "--output",
        "--floor", "--rounds", "--pin", "--counts", "--csv", "--html"}) {
    EXPECT_NE(ended.out.find(flag), std::string::npos) << flag;
  }
}

class BenchModeTest : public testing::TestWithParam<const char*> {};

// Every payload is verified on both sides, so exit status 0 says that all were right.
TEST_P(BenchModeTest, PrintsOneLineOfJsonWithAllKeys) {
  const Ended ended =
      Bench({"--over=unix:", "--mode", GetParam(), "--seconds", "0.2", "--size", "64", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out.find('\n'), ended.out.size() - 1) << ended.out;
  EXPECT_EQ(ended.out.front(), '{');
  EXPECT_NE(ended.out.find("\"name\":\"jackfield unix:\""), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find(std::string("\"mode\":\"") + GetParam() + "\""), std::string::npos);
  EXPECT_EQ(NumberOf(ended.out, "size"), 64);
  EXPECT_GT(NumberOf(ended.out, "count"), 0);
  EXPECT_GT(NumberOf(ended.out, "msgs_per_s"), 0);
  EXPECT_GT(NumberOf(ended.out, "gb_per_s"), 0);
  // How many calls there are, and so which quantiles are known, is the machine's affair.
  const bool timed = std::string(GetParam()) != "throughput";
  EXPECT_EQ(ended.out.find("\"max_ns\":null") == ended.out.npos, timed) << ended.out;
  for (const char* key : {"p50_ns", "p99_ns", "p999_ns", "noise", "noisy", "allocations"})
    EXPECT_NE(ended.out.find(std::string("\"") + key + "\":"), ended.out.npos) << key;
}

TEST_P(BenchModeTest, FloorStandsBesideTheBusOverEveryMedium) {
  const Ended ended =
      Bench({"--mode", GetParam(), "--over",
             "unix:,unix:?type=seqpacket,unix:?spin=0,tcp:,pipe:,inproc:,inproc:?spin=0,"
             "shm:,shm:?spin=0",
             "--seconds", "0.05", "--rounds", "2", "--connections",
             std::string(GetParam()) == "fanin" ? "3" : "1", "--size", "100", "--json", "--floor"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  std::vector<std::string> lines;
  for (size_t at = 0; at < ended.out.size();) {
    const size_t end = ended.out.find('\n', at);
    lines.push_back(ended.out.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), 18u) << ended.out;
  for (size_t i = 0; i < lines.size(); i += 2) {
    EXPECT_GT(NumberOf(lines[i], "ratio"), 0) << lines[i];
    EXPECT_GT(NumberOf(lines[i], "cpu_ratio"), 0) << lines[i];
    EXPECT_NE(lines[i].find("\"floor\":\"floor "), std::string::npos) << lines[i];
    EXPECT_NE(lines[i + 1].find("\"name\":\"floor "), std::string::npos) << lines[i + 1];
    EXPECT_GT(NumberOf(lines[i + 1], "count"), 0) << lines[i + 1];
  }
}

// Datagrams and queues: round trips, blocking and spinning.
TEST(BenchFloorTest, OfMessagesWithoutAConnectionIsOfRoundTrips) {
  const char* over =
      "mq:?depth=2,mq:?depth=2&spin=0,sysv:,sysv:?spin=0,udp:,udp:?spin=0,unix:?type=dgram,unix:?"
      "type=dgram&spin=0";
  const Ended ended = Bench(
      {"--over", over, "--seconds", "0.05", "--rounds", "2", "--size", "100", "--json", "--floor"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  size_t ratios = 0;
  for (size_t at = ended.out.find("\"ratio\":"); at != ended.out.npos;
       at = ended.out.find("\"ratio\":", at + 1))
    ++ratios;
  EXPECT_EQ(ratios, 8u) << ended.out;
  for (const char* name : {"floor POSIX queue pair, spinning", "floor POSIX queue pair, blocking",
                           "floor SysV queue pair, spinning", "floor SysV queue pair, blocking",
                           "floor udp loopback, spinning", "floor udp loopback, blocking",
                           "floor unix datagrams, spinning", "floor unix datagrams, blocking"})
    EXPECT_NE(ended.out.find(name), ended.out.npos) << name;
}

TEST(BenchFloorTest, WhatTheBareMediumCannotDoIsSaid) {
  Ended ended = Bench({"--over", "mq:?depth=2", "--size", "9000", "--seconds", "0.05", "--json",
                       "--floor", "--rounds=1"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_NE(ended.err.find("at most 8192 bytes"), ended.err.npos) << ended.err;
  ended = Bench({"--over", "sysv:", "--mode=throughput", "--seconds", "0.05", "--json", "--floor",
                 "--rounds=1"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_NE(ended.err.find("round trips only"), ended.err.npos) << ended.err;
  ended = Bench({"--over", "unix:?type=seqpacket", "--size=200KiB", "--mode=throughput",
                 "--seconds", "0.05", "--floor", "--rounds=1"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_NE(ended.err.find("at most 131072 bytes"), ended.err.npos) << ended.err;
}

TEST_P(BenchModeTest, CarriesPayloadsOfAllSizes) {
  for (const char* size : {"8", "1000", "70001", "3MiB"}) {
    const Ended ended = Bench(
        {"--over=unix:", "--mode", GetParam(), "--seconds", "0.05", "--size", size, "--depth=1"});
    EXPECT_EQ(ended.status, 0) << size << ": " << ended.err;
  }
}

TEST(BenchSizeTest, TheGreatestThatIsDocumentedIsCarriedByEveryMediumThatHasNoLimitOfItsOwn) {
  const Ended ended = Bench({"--over", "unix:,tcp:,pipe:,fifo:,shm:,inproc:", "--size", "16777168",
                             "--seconds", "0.05", "--json"});
  EXPECT_EQ(ended.status, 0) << ended.err;
}

// Where both sides have one CPU there is nobody to spin for.
TEST(BenchFloorTest, BlocksInEveryModeWhereBothSidesHaveOneCpu) {
  for (const char* mode : {"latency", "throughput", "fanin"}) {
    const Ended ended =
        Bench({"--mode", mode, "--pin=same", "--floor", "--rounds=1", "--seconds=0.05", "-o",
               "json", "--over", "unix:,unix:?type=seqpacket,tcp:,pipe:,shm:,inproc:"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    EXPECT_EQ(ended.out.find(", spinning"), ended.out.npos) << ended.out;
    size_t blocking = 0;
    for (size_t at = 0; (at = ended.out.find("\"name\":\"floor ", at)) != ended.out.npos; ++at)
      ++blocking;
    EXPECT_EQ(blocking, 6u) << ended.out;
  }
}

TEST(BenchFloorTest, OfLargeMessagesChecksThemToo) {
  for (const char* mode : {"latency", "throughput"}) {
    const Ended ended =
        Bench({"--mode", mode, "--over", "unix:,unix:?type=seqpacket,pipe:,shm:", "--size=64000",
               "--seconds=0.05", "--floor", "--rounds=1"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_NE(ended.out.find("  floor, "), ended.out.npos) << ended.out;
  }
}

TEST(BenchFaninTest, OverMqIsRefusedWithTheLimitAndWhatHelps) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_MSGQUEUE, &before), 0);
  const rlimit few{std::min<rlim_t>(before.rlim_cur, 819'200), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &few), 0);
  const Ended ended = Bench({"--mode=fanin", "--over=mq:", "--seconds=0.05"});
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &before), 0);
  EXPECT_EQ(ended.status, 1);
  for (const char* part : {"RLIMIT_MSGQUEUE", "ulimit -q", "?depth="})
    EXPECT_NE(ended.err.find(part), ended.err.npos) << ended.err;
}

TEST(BenchFaninTest, OverPipesIsRefusedWithTheLimitOrWorks) {
  EXPECT_EQ(Bench({"--mode=fanin", "--over=pipe:", "--seconds=0.05"}).status, 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = few.rlim_max = 256;
  const pid_t child = fork();  // the hard limit, too, which cannot be raised again
  if (child == 0) {
    setrlimit(RLIMIT_NOFILE, &few);
    const Ended ended =
        Bench({"--mode=fanin", "--over=pipe:", "--connections=100", "--seconds=0.05"});
    _exit(ended.status == 1 && ended.err.find("RLIMIT_NOFILE is 256: ulimit -n") != ended.err.npos
              ? 0
              : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Every transport in the program, which needs no address for it.
TEST(BenchEveryTest, TransportIsARowMeasuredOrWithTheReason) {
  const Ended ended = Bench({"--seconds=0.02", "--rounds=1", "-o", "json"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  Registry registry;
  AddBuiltinTransports(registry);
  for (const auto& transport : registry.transports()) {
    const std::string name = "{\"name\":\"jackfield " + std::string(transport->scheme()) + ":\"";
    EXPECT_NE(ended.out.find(name), ended.out.npos) << name << " in " << ended.out;
  }
  EXPECT_NE(ended.out.find("\"jackfield unix:?type=seqpacket\""), ended.out.npos);
  EXPECT_EQ(ended.out.find("\"jackfield unix:?type=stream\""), ended.out.npos) << "it is unix:";
  EXPECT_NE(ended.out.find("\"lacks\":\"it carries one-way messages, and no calls\""),
            ended.out.npos);
  const std::string unix_line = ended.out.substr(ended.out.find("\"jackfield unix:\""));
  EXPECT_GT(NumberOf(unix_line, "count"), 0);
  EXPECT_GT(NumberOf(unix_line, "ratio"), 0);
}

TEST(BenchFilesTest, AreWrittenAndANameThatCannotBeIsToldBeforeAnythingRuns) {
  const std::string base = testing::TempDir() + "bench_files";
  const Ended ended =
      Bench({"--over=unix:", "--seconds=0.05", "--csv", base + ".csv", "--html", base + ".html"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  for (const char* ending : {".csv", ".html"}) {
    std::ifstream file(base + ending);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(text.find("unix:"), text.npos) << ending;
    unlink((base + ending).c_str());
  }
  const Ended refused = Bench({"--over=unix:", "--html", "/nowhere/at/all.html"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.out, "");
  EXPECT_NE(refused.err.find("cannot write /nowhere/at/all.html"), refused.err.npos);
}

INSTANTIATE_TEST_SUITE_P(Modes, BenchModeTest, testing::Values("latency", "throughput", "fanin"),
                         [](const auto& info) { return std::string(info.param); });

TEST(BenchTableTest, IsAtMostEightyColumnsWide) {
  for (const char* mode : {"latency", "throughput", "fanin"}) {
    const Ended ended = Bench({"--mode", mode, "--over", "unix:?type=seqpacket&spin=100us&uid=same",
                               "--seconds", "0.05", "--floor", "--rounds=1"});
    ASSERT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(ended.out.find("closed loop: ") != ended.out.npos, std::string(mode) != "throughput");
    size_t column = 0;
    for (const char c : ended.out) {
      if (c == '\n') {
        column = 0;
      } else if ((c & 0xc0) != 0x80) {
        EXPECT_LE(++column, 80u) << ended.out;
      }
    }
    EXPECT_NE(ended.out.find("RATIO"), std::string::npos);
  }
}

// As a harness calls it that gives all flags to every program.
TEST(BenchTest, FlagsOfFaninWithTheValueOneOrNoEffectAreTakenInEveryMode) {
  const Ended ended = Bench({"--over=unix:", "--mode=throughput", "--connections=1", "--depth=16",
                             "--seconds=0.05", "--json"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(NumberOf(ended.out, "depth"), 1);
}

TEST(BenchTest, PinsAsItIsTold) {
  for (const char* pin : {"split", "same", "none"}) {
    const Ended ended = Bench({"--over=unix:", "--pin", pin, "--seconds", "0.05", "--json"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_NE(ended.out.find(std::string("\"pin\":\"") + pin), std::string::npos);
  }
}

}  // namespace
}  // namespace jackfield::bench
