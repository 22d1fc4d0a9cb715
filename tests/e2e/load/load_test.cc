// The verb `load` as a user runs it, against a service in a child process that counts what comes.
//
// This machine may have other things to do: no test asks that a run is steady, or the generator in
// time. A ramp and given moments are not judged for steadiness, and with --lag-max off any lag will
// do; such runs are valid, or not, for what the test made happen.
#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "services/echo/echo_service.h"
#include "tests/e2e/up/command.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr size_t kNumbers = 4096;

// What the service has seen, in memory that the test shares with it.
struct Seen {
  std::atomic<uint64_t> calls;
  std::array<std::atomic<uint32_t>, kNumbers> numbers;  // how often a text was that number
};

class Counting final : public echo::EchoService {
 public:
  explicit Counting(Seen& seen) : seen_(seen) {}
  Handling Say(CallOf<echo::SayRequest, echo::SayReply> call) override {
    seen_.calls.fetch_add(1);
    const std::string text = call->text()->str();
    const size_t number = std::strtoul(text.c_str(), nullptr, 10);
    if (number < kNumbers) seen_.numbers[number].fetch_add(1);
    if (text == "never") {
      call.call().Hold();
      return absl::OkStatus();
    }
    if (text == "wrong") return absl::NotFoundError("no such thing");
    return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) {
      return echo::CreateSayReply(fbb, fbb.CreateString(text));
    });
  }
  Handling Hear(OneWayOf<echo::SayRequest>) override { return absl::OkStatus(); }
  Handling Repeat(ServerStreamOf<echo::RepeatRequest, echo::SayReply>) override {
    return absl::OkStatus();
  }
  Handling Join(ClientStreamOf<echo::SayRequest, echo::Joined>) override {
    return absl::OkStatus();
  }
  Handling Chat(BothStreamsOf<echo::SayRequest, echo::SayReply>) override {
    return absl::OkStatus();
  }

 private:
  Seen& seen_;
};

class CountingProcess {
 public:
  CountingProcess() {
    seen_ =
        new (mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
            Seen();
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) Serve(ends[1]);
    close(ends[1]);
    char letter = 0;
    while (read(ends[0], &letter, 1) == 1) address_ += letter;
    close(ends[0]);
  }
  ~CountingProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    munmap(seen_, sizeof(Seen));
  }
  const std::string& address() const { return address_; }
  Seen& seen() const { return *seen_; }
  void Signal(int number) const { kill(pid_, number); }
  void WaitForCalls(uint64_t count) const {
    while (seen_->calls.load() < count) std::this_thread::yield();
  }

 private:
  [[noreturn]] void Serve(int fd) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Registry registry;
    AddBuiltinTransports(registry);
    auto node = *Node::Create({.name = "counting", .registry = &registry});
    auto port = *Port::Open(*node, {"unix:"});
    Counting counting(*seen_);
    counting.RegisterOn(*port);
    if (!port->WaitServing().ok()) _exit(1);
    const std::string text = port->addresses()[0].ToString();
    if (write(fd, text.data(), text.size()) < 0) _exit(1);
    close(fd);
    node->Run().IgnoreError();
    _exit(0);
  }
  Seen* seen_;
  pid_t pid_ = -1;
  std::string address_;
};

struct Ended {
  int exit_status;
  std::string out, err;
};

std::vector<std::string> LoadWords(const CountingProcess& service,
                                   const std::vector<std::string>& flags,
                                   const std::string& json = R"({"text":"{{n}}"})") {
  std::vector<std::string> words = {"load", service.address(), "Say", json, "--lag-max", "off"};
  words.insert(words.end(), flags.begin(), flags.end());
  return words;
}

Ended RunWords(const std::vector<std::string>& words, const std::string& directory = ".") {
  Command command(words, directory);
  const int exit_status = command.Wait();
  return {exit_status, command.out(), command.err()};
}

Ended Load(const CountingProcess& service, const std::vector<std::string>& flags,
           const std::string& json = R"({"text":"{{n}}"})") {
  return RunWords(LoadWords(service, flags, json));
}

// The number behind `"key":`, after `"part":` where it is given.
double NumberIn(const std::string& json, const std::string& key, const std::string& part = "") {
  size_t at = part.empty() ? 0 : json.find("\"" + part + "\":");
  if (at != std::string::npos) at = json.find("\"" + key + "\":", at);
  if (at == std::string::npos) {
    ADD_FAILURE() << "no " << part << " " << key << " in " << json;
    return -1;
  }
  return std::strtod(json.c_str() + at + key.size() + 3, nullptr);
}

TEST(LoadTest, EveryCallIsMadeAndCountedOnce) {
  const CountingProcess service;
  const Ended end = Load(service, {"--ramp", "400..600", "--duration", "1s", "-o", "json"});
  EXPECT_EQ(end.exit_status, 0) << end.err;
  for (const char* key : {"due", "sent", "answered"}) EXPECT_EQ(NumberIn(end.out, key), 500) << key;
  EXPECT_EQ(NumberIn(end.out, "not_sent"), 0);
  EXPECT_EQ(service.seen().calls.load(), 500u);
  for (size_t i = 0; i < 500; ++i) EXPECT_EQ(service.seen().numbers[i].load(), 1u) << i;
}

TEST(LoadTest, SeveralProcessesShareTheCalls) {
  const CountingProcess service;
  const Ended end = Load(service, {"--ramp", "400..600", "--duration", "1s", "--processes", "3",
                                   "--connections", "5", "-o", "json"});
  EXPECT_EQ(end.exit_status, 0) << end.err;
  EXPECT_EQ(NumberIn(end.out, "answered"), 500);
  EXPECT_EQ(NumberIn(end.out, "n", "from_intended"), 500);
  for (size_t i = 0; i < 500; ++i) EXPECT_EQ(service.seen().numbers[i].load(), 1u) << i;
}

TEST(LoadTest, AConstantRateIsJudged) {
  const CountingProcess service;
  const Ended end = Load(service, {"--rate", "300/s", "--duration", "1s", "-o", "json"});
  EXPECT_THAT(end.exit_status, AnyOf(0, 1)) << end.err;  // this machine may be unsteady
  EXPECT_EQ(NumberIn(end.out, "due"), 300);
  EXPECT_EQ(NumberIn(end.out, "answered"), 300);
  EXPECT_THAT(end.out, Not(HasSubstr("not judged")));
}

// 2,000 calls a second with 16 out; the service is stopped for half a second. Of the 1,000 that
// were due meanwhile 16 were sent; who counts from there sees nothing.
TEST(LoadTest, AStallDelaysAllThatWereDueMeanwhile) {
  const TemporaryDirectory directory;
  std::string moments;
  for (int i = 0; i < 6000; ++i) moments += std::to_string(i * 500) + "us\n";
  const std::string file = directory.Write("moments", moments);
  const CountingProcess service;
  Command command(LoadWords(service, {"--times", file, "--out", "16", "-o", "json"}));
  service.WaitForCalls(1000);
  service.Signal(SIGSTOP);
  usleep(500'000);  // the stall
  service.Signal(SIGCONT);
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(NumberIn(command.out(), "answered"), 6000);
  EXPECT_EQ(NumberIn(command.out(), "out_most"), 16);
  const double intended = NumberIn(command.out(), "p99_ns", "from_intended");
  const double sent = NumberIn(command.out(), "p99_ns", "from_sent");
  RecordProperty("intended_p99_us", static_cast<int>(intended / 1000));
  RecordProperty("sent_p99_us", static_cast<int>(sent / 1000));
  EXPECT_GE(intended, 300e6);
  EXPECT_LT(sent, intended / 2);
  EXPECT_GE(NumberIn(command.out(), "max_ns", "from_sent"), 400e6);  // of the 16
  EXPECT_GE(NumberIn(command.out(), "p99_ns", "own_queue"), 250e6);
}

TEST(LoadTest, ErrorsAreCountedByOutcomeAndStatus) {
  const CountingProcess service;
  const std::vector<std::string> flags = {"--ramp", "90..110", "--duration", "500ms",
                                          "-T",     "200ms",   "-o",         "json"};
  const Ended wrong = Load(service, flags, R"({"text":"wrong"})");
  EXPECT_EQ(wrong.exit_status, 1);
  EXPECT_EQ(NumberIn(wrong.out, "answered_with_error"), 50);
  EXPECT_EQ(NumberIn(wrong.out, "NOT_FOUND", "statuses"), 50);
  EXPECT_THAT(wrong.err, HasSubstr("no call was answered; the first: no such thing"));
  const Ended late = Load(service, flags, R"({"text":"never"})");
  EXPECT_EQ(late.exit_status, 1);
  EXPECT_EQ(NumberIn(late.out, "in_doubt"), 50);
  EXPECT_EQ(NumberIn(late.out, "DEADLINE_EXCEEDED", "statuses"), 50);
  EXPECT_GE(NumberIn(late.out, "p50_ns", "from_intended"), 200e6);  // the time that they took
}

TEST(LoadTest, WhatFindsNoPlaceIsNotSentAndMakesTheRunInvalid) {
  const CountingProcess service;
  const Ended end = Load(service,
                         {"--ramp", "90..110", "--duration", "500ms", "-T", "100ms", "--out", "1",
                          "--queue-max", "3", "--drain", "0s", "--assert", "max<1ns", "-o", "json"},
                         R"({"text":"never"})");
  EXPECT_EQ(end.exit_status, 1);  // not 99: of a run that is not valid nothing is claimed
  EXPECT_GT(NumberIn(end.out, "not_sent"), 0);
  EXPECT_LE(NumberIn(end.out, "waiting_most"), 3);
  EXPECT_EQ(NumberIn(end.out, "due"),
            NumberIn(end.out, "answered") + NumberIn(end.out, "in_doubt") +
                NumberIn(end.out, "refused") + NumberIn(end.out, "failed") +
                NumberIn(end.out, "not_sent"));
  EXPECT_THAT(end.err, HasSubstr("calls were not sent"));
}

TEST(LoadTest, AClaimThatDoesNotHoldIsExitStatus99) {
  const CountingProcess service;
  const std::vector<std::string> flags = {"--ramp", "200..300", "--duration", "500ms", "--assert"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), flags.begin(), flags.end());
    return Load(service, more);
  };
  const Ended holds = with({"errors==0", "--assert", "p50<1h"});
  EXPECT_EQ(holds.exit_status, 0) << holds.err;
  EXPECT_EQ(holds.err, "");
  const Ended fails = with({"errors==0", "--assert", "max<1ns"});
  EXPECT_EQ(fails.exit_status, 99);
  EXPECT_THAT(fails.err, HasSubstr("jackfield: max<1ns does not hold: it is "));
  const Ended untold = with({"p99.9<1h"});
  EXPECT_EQ(untold.exit_status, 1);
  EXPECT_THAT(untold.err, HasSubstr("p99.9<1h cannot be told: it needs 10000 calls"));
}

TEST(LoadTest, PeopleGetATable) {
  const CountingProcess service;
  const Ended end = Load(service, {"--steps", "100,200", "--step-time", "300ms", "-q"});
  EXPECT_THAT(end.exit_status, AnyOf(0, 1)) << end.err;
  EXPECT_THAT(end.out, HasSubstr("jackfield.echo.Echo/Say at " + service.address()));
  EXPECT_THAT(end.out, HasSubstr("100/s, 200/s for 300ms each, evenly; 1 process, 1 connection"));
  EXPECT_THAT(end.out, HasSubstr("calls    90 due, 90 sent, 90 answered, 0 errors, 0 not sent"));
  EXPECT_THAT(end.out, HasSubstr("from intended"));
  EXPECT_THAT(end.out, HasSubstr("from sent"));
  EXPECT_THAT(end.out, HasSubstr("generator's lag"));
}

TEST(LoadTest, WritesWhatOtherProgramsRead) {
  const TemporaryDirectory directory;
  const CountingProcess service;
  const std::string csv = directory.path() + "/rows.csv", hgrm = directory.path() + "/all.hgrm";
  const Ended end =
      Load(service, {"--ramp", "100..300", "--duration", "500ms", "--csv", csv, "--hgrm", hgrm});
  EXPECT_EQ(end.exit_status, 0) << end.err;
  std::stringstream rows, all;
  rows << std::ifstream(csv).rdbuf();
  all << std::ifstream(hgrm).rdbuf();
  EXPECT_THAT(rows.str(), HasSubstr("at_ms,due,lag_p99_us,ended,"));
  EXPECT_THAT(rows.str(), HasSubstr("\n400,"));
  EXPECT_THAT(all.str(), HasSubstr("Total count    =          100"));
  const Ended refused = Load(service, {"--rate", "10", "--csv", directory.path() + "/no/such"});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_THAT(refused.err, HasSubstr("cannot write "));
}

TEST(LoadTest, RequestsComeFromAFileInTurn) {
  const TemporaryDirectory directory;
  const std::string file =
      directory.Write("requests", "{\"text\":\"7\"}\n{\"text\":\"9\"}\n{\"text\":\"11\"}\n");
  const CountingProcess service;
  const Ended end = RunWords({"load", service.address(), "Say", "--requests", file, "--ramp",
                              "50..70", "--duration", "500ms", "--lag-max", "off"});
  EXPECT_EQ(end.exit_status, 0) << end.err;
  for (const size_t number : {7, 9, 11}) EXPECT_EQ(service.seen().numbers[number].load(), 10u);
}

TEST(LoadTest, InterruptedItPrintsWhatThereIs) {
  const CountingProcess service;
  Command command(LoadWords(service, {"--rate", "200", "--duration", "10m"}));
  service.WaitForCalls(100);
  command.Signal(SIGINT);
  EXPECT_EQ(command.Wait(), 130) << command.err();
  EXPECT_THAT(command.out(), HasSubstr(" answered, 0 errors"));
  EXPECT_THAT(command.out(), HasSubstr("from intended"));
}

TEST(LoadTest, CallsOfAServiceThatDiesAreCounted) {
  const CountingProcess service;
  Command command(
      LoadWords(service, {"--ramp", "200..300", "--duration", "2s", "-T", "100ms", "-o", "json"}));
  service.WaitForCalls(100);
  service.Signal(SIGKILL);
  EXPECT_THAT(command.Wait(), AnyOf(0, 1)) << command.err();
  const std::string& out = command.out();
  EXPECT_EQ(NumberIn(out, "due"), 500);
  const double errors =
      NumberIn(out, "in_doubt") + NumberIn(out, "refused") + NumberIn(out, "failed");
  EXPECT_GT(errors, 0);
  EXPECT_EQ(NumberIn(out, "answered") + errors + NumberIn(out, "not_sent"), 500);
}

// The children of a process, from /proc.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  DIR* proc = opendir("/proc");
  while (const dirent* entry = readdir(proc)) {
    std::ifstream stat("/proc/" + std::string(entry->d_name) + "/stat");
    std::string pid, name, state;
    pid_t of = 0;
    if (stat >> pid >> name >> state >> of && of == parent) children.push_back(std::stoi(pid));
  }
  closedir(proc);
  return children;
}

TEST(LoadTest, AGeneratorThatIsKilledMakesTheRunFail) {
  const CountingProcess service;
  Command command(LoadWords(service, {"--rate", "200", "--duration", "10m", "--processes", "2"}));
  service.WaitForCalls(50);
  const std::vector<pid_t> generators = ChildrenOf(command.pid());
  ASSERT_EQ(generators.size(), 2u);
  kill(generators[0], SIGKILL);
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_THAT(command.err(), HasSubstr("a generator process was killed by signal 9"));
  EXPECT_FALSE(IsAlive(generators[1]));
}

TEST(LoadTest, TwoServicesAreComparedByPairsOfRuns) {
  const CountingProcess one, two;
  const Ended end = Load(
      one, {"--rate", "300", "--duration", "200ms", "--against", two.address(), "--pairs", "4"});
  EXPECT_EQ(one.seen().calls.load(), 240u);
  EXPECT_EQ(two.seen().calls.load(), 240u);
  // A run may have been unsteady on this machine.
  if (end.exit_status == 0)
    EXPECT_THAT(end.out, HasSubstr("4 pairs of runs"));
  else
    EXPECT_THAT(end.err, HasSubstr("pairs are not valid; the first: "));
}

TEST(LoadTest, AWrongCommandIsToldWhatIsWrong) {
  const CountingProcess service;
  const std::string at = service.address();
  const std::pair<std::vector<std::string>, std::string> kWrongs[] = {
      {{at}, "load: which method?"},
      {{at, "Say", "{}", "more"}, "one word too many"},
      {{at, "Say"}, "load: how many calls a second?  try: --rate 1000"},
      {{at, "Say", "--rate", "fast"}, "load: --rate: \"fast\" is not a rate"},
      {{at, "Say", "--rate", "1", "--ramp", "1..2"}, "exclude each other"},
      {{at, "Say", "--rate", "5", "--duration", "10ms"}, "--duration is 100ms to "},
      {{at, "Say", "--rate", "1", "--duration", "500ms"}, "not one call is due"},
      {{at, "Say", "--steps", "1,2", "--duration", "1s"}, "each lasts --step-time"},
      {{at, "Say", "--rate", "5", "--step-time", "1s"}, "--step-time is for --steps"},
      {{at, "Say", "--rate", "5", "--arrivals", "random"}, "--arrivals is even or poisson"},
      {{at, "Say", "--rate", "5", "--processes", "65"}, "--processes is a number of 1 to 64"},
      {{at, "Say", "--rate", "5", "--processes", "2", "--out", "1"}, "each of 2 processes needs"},
      {{at, "Say", "--rate", "5", "--lag-max", "2"}, "--lag-max: \"2\" is not a share"},
      {{at, "Say", "--rate", "5", "--assert", "p99"}, "--assert: \"p99\": write METRIC OP LIMIT"},
      {{at, "Say", "--find", "errors==0"}, "--find takes an upper bound of a quantile"},
      {{at, "Say", "--ramp", "1..5", "--find", "p99<1s"}, "--find goes with --rate only"},
      {{at, "Say", "--rate", "5", "--pairs", "5"}, "--pairs is for --against"},
      {{at, "Say", "--rate", "5", "{\"text\":\"{{m}}\"}"}, "did you mean \"n\"?"},
      {{at, "Say", "--rate", "5", "{\"txt\":\"x\"}"}, "request 1, line 1, column "},
      {{at, "Say", "--rate", "5", "{}", "--requests", "x"}, "the requests stand in --requests, or"},
      {{at, "Hear", "--rate", "5"}, "jackfield.echo.Echo/Hear is one-way; load makes calls"},
      {{at, "Chat", "--rate", "5"}, "jackfield.echo.Echo/Chat is a stream; load makes calls"},
  };
  for (const auto& [words, sentence] : kWrongs) {
    std::vector<std::string> all = {"load"};
    all.insert(all.end(), words.begin(), words.end());
    const Ended end = RunWords(all);
    EXPECT_EQ(end.exit_status, 2) << sentence;
    EXPECT_THAT(end.err, HasSubstr(sentence));
    EXPECT_EQ(end.out, "") << sentence;
  }
  EXPECT_EQ(service.seen().calls.load(), 0u);
  EXPECT_EQ(RunWords({"load", at, "Sya", "--rate", "5"}).exit_status, 76);
  EXPECT_EQ(
      RunWords({"load", "unix:@nobody-is-there", "Say", "--rate", "5", "-T", "50ms"}).exit_status,
      3);
  EXPECT_EQ(RunWords({"load", at, "Say", "--times", "no/such", "-q"}).exit_status, 1);
}

}  // namespace
}  // namespace jackfield
