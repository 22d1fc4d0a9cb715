// `jackfield up` when all goes well: the shape of the main job over every transport that can carry
// it.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "gtest/gtest.h"
#include "kernel/caps.h"
#include "kernel/registry.h"
#include "tests/e2e/up/command.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

constexpr std::string_view kWords = R"(jackfield = 1
name = "words"
over = "unix:"
[service.source]
run = "source"
calls = ["tokenize"]
[service.tokenize]
run = "tokenize"
calls = ["count"]
[service.count]
run = "count"
)";

// Every scheme that can carry calls; found by asking, so that a new transport is tested without a
// word here.
std::vector<std::string> Schemes() {
  Registry registry;
  AddBuiltinTransports(registry);
  std::vector<std::string> schemes;
  for (const auto& transport : registry.transports()) {
    const absl::StatusOr<Caps> caps =
        transport->Describe(Address(std::string(transport->scheme()), ""), Role::kServe);
    if (caps.ok() && MissingNeeds(*caps, CallNeeds()).empty() && !caps->one_thread)
      schemes.emplace_back(transport->scheme());
  }
  schemes.push_back("unix:?type=seqpacket");
  // Of its default queues a user may have seven at once, and other tests run at the same time.
  std::replace(schemes.begin(), schemes.end(), std::string("mq"), std::string("mq:?depth=2"));
  return schemes;
}

class UpOverTest : public ::testing::TestWithParam<std::string> {};

TEST_P(UpOverTest, CarriesTheMainJobAndEndsByItself) {
  const TemporaryDirectory directory;
  Command command(
      {"up", directory.Write("words.toml", kWords), "--over", GetParam(), "--", "a", "b", "", "c"});
  const int status = command.Wait();
  // What the running kernel must have for a medium and has not, the program says.
  if (status == 2 && command.err().find("modprobe ") != std::string::npos)
    GTEST_SKIP() << command.err();
  EXPECT_EQ(status, 0) << command.err();
  EXPECT_EQ(command.out(), "3 words\n") << "stdout is the services' and nothing else";
  EXPECT_NE(command.err().find("words is up: 3 services, 2 channels, "), std::string::npos)
      << command.err();
  EXPECT_NE(command.err().find("words has finished: "), std::string::npos) << command.err();
}

INSTANTIATE_TEST_SUITE_P(EveryScheme, UpOverTest, ::testing::ValuesIn(Schemes()),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase_if(name, [](char c) {
                             return !isalnum(static_cast<unsigned char>(c));
                           });
                           return name;
                         });

TEST(UpTest, EachChannelMayHaveItsOwnMedium) {
  const TemporaryDirectory directory;
  Command command({"up", directory.Write("words.toml", kWords), "--set",
                   "service.source.calls.tokenize=pipe:", "--set",
                   "service.tokenize.calls.count=tcp:", "--", "a", "b"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.out(), "2 words\n");
}

// One server over two media at once: a client calls it directly and through another service.
TEST(UpTest, OneServerServesTwoMediaAtOnce) {
  const TemporaryDirectory directory;
  const std::string wiring = directory.Write("two.toml", R"(jackfield = 1
[service.source]
run = "source"
calls = { tokenize = "unix:", other = { service = "count", over = "pipe:" } }
[service.tokenize]
run = "tokenize"
calls = { count = "tcp:" }
[service.count]
run = "count"
)");
  Command command({"up", wiring, "--", "twice", "a", "b"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.out(), "4 words\n");
}

TEST(UpTest, AServiceMayBeAProgramAndGetsItsArguments) {
  const TemporaryDirectory directory;
  std::string wiring(kWords);
  wiring.replace(wiring.rfind("\"count\""), 7,
                 "[\"" + BinaryPath("count_program") + "\", \"in all\"]");
  Command command({"up", directory.Write("words.toml", wiring), "--", "a"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.out(), "in all 1 words\n");
}

// A debugger, env with a secret, taskset, a shell: what they pass on is what the service gets.
TEST(UpTest, AProgramThatIsWrappedGetsTheArgumentsThatItIsGivenInTheEnd) {
  const TemporaryDirectory directory;
  const std::string program = BinaryPath("count_program");
  for (const std::string& run :
       {"[\"/usr/bin/env\", \"TOKEN=x\", \"" + program + "\", \"in all\"]",
        "[\"/bin/sh\", \"-c\", 'exec \"$0\" \"$@\"', \"" + program + "\", \"in all\"]"}) {
    std::string wiring(kWords);
    wiring.replace(wiring.rfind("\"count\""), 7, run);
    Command command({"up", directory.Write("words.toml", wiring), "--", "a"});
    EXPECT_EQ(command.Wait(), 0) << command.err();
    EXPECT_EQ(command.out(), "in all 1 words\n");
  }
}

// They are handed over as those of any program are.
TEST(UpTest, AnArgumentMayBeAnyText) {
  const TemporaryDirectory directory;
  const std::string wiring =
      directory.Write("talk.toml", "jackfield = 1\n[service.talker]\nrun = \"talker\"\n");
  const std::string odd = "two\nlines, \xff and serve unix:@x", large(130'000, 'x');
  for (const std::string over : {"unix", "inproc"}) {
    Command command({"up", "-q", wiring, "--over", over, "--", odd, "", large, large});
    EXPECT_EQ(command.Wait(), 0) << command.err();
    EXPECT_EQ(command.out(), odd + "\n\n" + large + "\n" + large + "\n");
  }
}

// Two wirings: what one serves for others, the other calls. The first stays until it is asked to
// stop.
TEST(UpTest, AServiceAtTheEdgeIsReachedFromAnotherWiring) {
  const TemporaryDirectory directory;
  const std::string server = directory.Write(
      "server.toml", "jackfield = 1\n[service.count]\nrun = \"count\"\nserve = \"unix:./count\"\n");
  const std::string client = directory.Write("client.toml", R"(jackfield = 1
over = "unix:"
[service.source]
run = "source"
calls = ["tokenize"]
[service.tokenize]
run = "tokenize"
calls = { count = { at = "unix:./count" } }
)");
  EXPECT_EQ(OutputOf({"check", "-v", client}),
            client +
                ": ok, 2 services, 1 channel, 1 to the outside\n  source → tokenize  unix:\n"
                "  tokenize → count (outside)  unix:" +
                directory.path() + "/count\n");
  EXPECT_EQ(OutputOf({"check", "-v", "-o", "json", server}),
            "{\"file\":\"" + server +
                "\",\"services\":1,\"channels\":0,\"wired\":[{\"client\":\"\",\"server\":"
                "\"count\",\"role\":\"\",\"address\":\"unix:" +
                directory.path() + "/count\"}]}\n");
  EXPECT_EQ(
      OutputOf({"explain", client, "tokenize", "count"}).find("tokenize → count (outside)  unix:"),
      0u);
  Command serving({"up", server});
  ASSERT_TRUE(serving.WaitForStderr("is up: 1 service, 0 channels, 1 to the outside"))
      << serving.err();
  for (int round = 0; round < 2; ++round) {
    Command calling({"up", client, "--", "a", "b"});
    EXPECT_EQ(calling.Wait(), 0) << calling.err();
  }
  serving.Signal(15);
  EXPECT_EQ(serving.Wait(), 130) << serving.err();
  EXPECT_EQ(serving.out(), "2 words\n4 words\n");
}

TEST(UpTest, StderrComesWithTheNameInFrontAndStdoutUnchanged) {
  const TemporaryDirectory directory;
  const std::string wiring =
      directory.Write("talk.toml", "jackfield = 1\n[service.talker]\nrun = \"talker\"\n");
  Command command({"up", "-q", wiring, "--", "one", "two  words"});
  EXPECT_EQ(command.Wait(), 0);
  EXPECT_EQ(command.out(), "one\ntwo  words\n");
  EXPECT_EQ(command.err(), "talker | one\ntalker | two  words\ntalker | no newline\n")
      << "and -q leaves nothing else";
}

TEST(UpTest, AServiceIsShownByItsName) {
  const TemporaryDirectory directory;
  Command command({"up", directory.Write("words.toml", kWords), "--over", "pipe", "--", "hang"});
  ASSERT_TRUE(command.WaitForStderr("is up")) << command.err();
  const auto read = [&](std::string_view service, const std::string& file) {
    std::ostringstream text;
    text << std::ifstream("/proc/" + std::to_string(command.PidOf(service)) + "/" + file).rdbuf();
    return text.str();
  };
  // The main thread's name is set before a service says that it is ready.
  EXPECT_EQ(read("tokenize", "comm"), "tokenize\n");
  EXPECT_EQ(read("tokenize", "cmdline").substr(0, 8), "tokenize");
  command.Signal(15);
  EXPECT_EQ(command.Wait(), 130) << command.err();
}

// With pipe: every descriptor of a channel is inherited, so that one too many would be seen.
TEST(UpTest, AServiceHoldsNoDescriptorOfAChannelThatIsNotItsOwn) {
  const TemporaryDirectory directory;
  Command command({"up", directory.Write("words.toml", kWords), "--over", "pipe", "--", "hang"});
  // Not before: a child that has not executed its program yet is a copy of the supervisor.
  ASSERT_TRUE(command.WaitForStderr("source   | it stays")) << command.err();
  const auto pipes_of = [&](std::string_view service) {
    std::set<std::string> pipes;
    for (const auto& entry : std::filesystem::directory_iterator(
             "/proc/" + std::to_string(command.PidOf(service)) + "/fd")) {
      const std::string target = std::filesystem::read_symlink(entry.path()).string();
      if (entry.path().filename() != "1" && target.rfind("pipe:", 0) == 0) pipes.insert(target);
    }
    return pipes;
  };
  const auto shared = [](const std::set<std::string>& a, const std::set<std::string>& b) {
    return std::count_if(a.begin(), a.end(),
                         [&](const std::string& pipe) { return b.count(pipe) == 1; });
  };
  const std::set<std::string> source = pipes_of("source"), tokenize = pipes_of("tokenize"),
                              count = pipes_of("count");
  EXPECT_EQ(shared(source, count), 0) << "nothing joins them but stdout";
  EXPECT_EQ(shared(tokenize, count), 2);
  command.Signal(15);
  EXPECT_EQ(command.Wait(), 130) << command.err();
}

}  // namespace
}  // namespace jackfield
