// The command as a user sees it: exit status, stdout, stderr.
#include "tools/verbs/bench.h"

#include <sys/wait.h>

#include <cerrno>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/cli/program.h"
#include "transports/builtin.h"

namespace jackfield::bench {
namespace {

struct Ended {
  int status;
  std::string out, err;
};

Ended Bench(std::vector<std::string> args) {
  Registry registry;
  AddBuiltinTransports(registry);
  Program program;
  program.registry = &registry;
  program.verbs.push_back(BenchVerb());
  args.insert(args.begin(), {"jackfield", "bench"});
  std::vector<char*> pointers;
  for (std::string& arg : args) pointers.push_back(arg.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ended ended;
  ended.status = RunProgram(program, static_cast<int>(pointers.size()), pointers.data());
  ended.out = testing::internal::GetCapturedStdout();
  ended.err = testing::internal::GetCapturedStderr();
  return ended;
}

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
  ExpectRefused({"--size", "16777217"}, "at most 16 MiB");
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
  ExpectRefused({"--size", "16777216"},
                "carries at most 16777168 bytes");  // the header is part of the frame
}

TEST(BenchArgumentsTest, HelpNamesEveryOption) {
  const Ended ended = Bench({"--help"});
  EXPECT_EQ(ended.status, 0);
  for (const char* flag : {"--over", "--mode", "--size", "--seconds", "--connections", "--depth",
                           "--json", "--floor", "--rounds", "--pin"}) {
    EXPECT_NE(ended.out.find(flag), std::string::npos) << flag;
  }
}

class BenchModeTest : public testing::TestWithParam<const char*> {};

// Every payload is verified on both sides, so exit status 0 says that all were right.
TEST_P(BenchModeTest, PrintsOneLineOfJsonWithAllKeys) {
  const Ended ended = Bench({"--mode", GetParam(), "--seconds", "0.2", "--size", "64", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out.find('\n'), ended.out.size() - 1) << ended.out;
  EXPECT_EQ(ended.out.front(), '{');
  EXPECT_NE(ended.out.find("\"name\":\"jackfield unix:\""), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find(std::string("\"mode\":\"") + GetParam() + "\""), std::string::npos);
  EXPECT_EQ(NumberOf(ended.out, "size"), 64);
  EXPECT_GT(NumberOf(ended.out, "count"), 0);
  EXPECT_GT(NumberOf(ended.out, "msgs_per_s"), 0);
  EXPECT_GT(NumberOf(ended.out, "gb_per_s"), 0);
  const bool timed = std::string(GetParam()) != "throughput";
  for (const char* key : {"p50_ns", "p99_ns", "p999_ns"}) {
    EXPECT_EQ(NumberOf(ended.out, key) > 0, timed) << key;
    EXPECT_GE(NumberOf(ended.out, key), 0) << key;
  }
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
  for (const char* name : {"floor POSIX queue pair, spin", "floor POSIX queue pair, blocking",
                           "floor SysV queue pair, spin", "floor SysV queue pair, blocking",
                           "floor udp loopback, spin", "floor udp loopback, blocking",
                           "floor unix datagrams, spin", "floor unix datagrams, blocking"})
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
}

TEST_P(BenchModeTest, CarriesPayloadsOfAllSizes) {
  for (const char* size : {"8", "1000", "70001", "3MiB"}) {
    const Ended ended =
        Bench({"--mode", GetParam(), "--seconds", "0.05", "--size", size, "--depth=1"});
    EXPECT_EQ(ended.status, 0) << size << ": " << ended.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, BenchModeTest, testing::Values("latency", "throughput", "fanin"),
                         [](const auto& info) { return std::string(info.param); });

TEST(BenchTableTest, IsAtMostEightyColumnsWide) {
  for (const char* mode : {"latency", "throughput", "fanin"}) {
    const Ended ended = Bench({"--mode", mode, "--over", "unix:?type=seqpacket&spin=100us&uid=same",
                               "--seconds", "0.05", "--floor", "--rounds=1"});
    ASSERT_EQ(ended.status, 0) << ended.err;
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
  const Ended ended =
      Bench({"--mode=throughput", "--connections=1", "--depth=16", "--seconds=0.05", "--json"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(NumberOf(ended.out, "depth"), 1);
}

TEST(BenchTest, PinsAsItIsTold) {
  for (const char* pin : {"split", "same", "none"}) {
    const Ended ended = Bench({"--pin", pin, "--seconds", "0.05", "--json"});
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_NE(ended.out.find(std::string("\"pin\":\"") + pin), std::string::npos);
  }
}

TEST(BenchTest, LeavesNoProcessBehind) {
  EXPECT_EQ(Bench({"--seconds", "0.05"}).status, 0);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// The directory does not exist: the server cannot serve, and says so.
TEST(BenchTest, AServerThatCannotServeIsOneLineAndExitOne) {
  const Ended ended =
      Bench({"--over", "unix:/nowhere/at/all/socket,unix:", "--seconds", "0.05", "--json"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.err.find("/nowhere/at/all/socket"), std::string::npos) << ended.err;
  EXPECT_NE(ended.out.find("\"name\":\"jackfield unix:\""), std::string::npos)
      << "the other address is measured all the same";
}

}  // namespace
}  // namespace jackfield::bench
