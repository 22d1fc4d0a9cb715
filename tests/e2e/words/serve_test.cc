// `jackfield serve`: programs of a line in and a line out, called as any service is; those that
// die, say nothing, or say what is no answer.
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ended {
  int exit_status;
  std::string out, err;
};

constexpr std::string_view kSchema =
    "namespace kv;\ntable Key { key: string (required); }\ntable Value { value: string; }\n"
    "/// Keeps nothing.\nrpc_service Store { Get(Key): Value; }\n";

class ServeTest : public ::testing::Test {
 protected:
  // Serves a shell's text, in this test's directory, and waits until it does.
  void Serve(const std::string& script, std::vector<std::string> flags = {}) {
    std::vector<std::string> words = {"serve", Address()};
    words.insert(words.end(), flags.begin(), flags.end());
    words.insert(words.end(), {"--", "/bin/sh", "-c", script});
    service_ = std::make_unique<Command>(words, directory_.path());
    ASSERT_TRUE(service_->WaitForStderr("# serves unix:")) << service_->err();
  }
  std::string Address() const { return "unix:" + directory_.path() + "/s"; }
  Ended Run(std::vector<std::string> words) const {
    Command command(words, directory_.path());
    const int exit_status = command.Wait();
    return {exit_status, command.out(), command.err()};
  }
  Ended Say(const std::string& text, const std::string& timeout = "60s") const {
    return Run({"call", Address(), "Say", "{\"text\":\"" + text + "\"}", "-q", "-T", timeout});
  }
  Ended Get(const std::string& key) const {
    return Run({"call", Address(), "Get", "{\"key\":\"" + key + "\"}", "-q", "-T", "60s"});
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Command> service_;
};

TEST_F(ServeTest, ALineIsAnsweredWithALine) {
  Serve("while read -r line; do echo \"<$line>\"; done");
  EXPECT_EQ(Say("a b").out, "{\"text\": \"<a b>\"}\n");
  EXPECT_EQ(Say("c").out, "{\"text\": \"<c>\"}\n");
  EXPECT_EQ(Run({"ls", Address()}).out,
            "jackfield.lines.Lines/Say\njackfield.sys.Schema/List\njackfield.sys.Schema/Get\n");
  const Ended two = Say("a\\nb");
  EXPECT_EQ(two.exit_status, 64 + 3) << "INVALID_ARGUMENT";
  EXPECT_THAT(two.err, HasSubstr("there is a line break in it"));
  service_->Signal(SIGINT);
  EXPECT_EQ(service_->Wait(), 0);
}

TEST_F(ServeTest, BySchemaALineIsJson) {
  directory_.Write("kv.fbs", kSchema);
  Serve(R"(while read -r line; do case "$line" in *gone*) echo '!NOT_FOUND no such key';;
           *bad*) echo 'oops, a trace';; *) echo '{"value":"v"}';; esac; done)",
        {"--schema", "kv.fbs"});
  EXPECT_EQ(Get("a").out, "{\"value\": \"v\"}\n");
  const Ended gone = Get("gone");
  EXPECT_EQ(gone.exit_status, 64 + 5) << "NOT_FOUND, the program's own";
  EXPECT_EQ(gone.err, "jackfield: kv.Store/Get: NOT_FOUND: no such key\n");
  const Ended bad = Get("bad");
  EXPECT_EQ(bad.exit_status, 64 + 13) << "INTERNAL";
  EXPECT_THAT(bad.err, HasSubstr("the program's line is no kv.Value"));
  EXPECT_THAT(bad.err, HasSubstr("it begins with \"oops, a trace\""));
  EXPECT_EQ(Get("a").exit_status, 0) << "it goes on";
  EXPECT_THAT(Run({"describe", Address()}).out, HasSubstr("Keeps nothing."));
}

TEST_F(ServeTest, AProgramThatDiesIsStartedAgainAndItsCallerIsTold) {
  Serve(
      "while read -r line; do case $line in die) exit 3;; kill) kill -9 $$;; esac; echo $$; done");
  const Ended first = Say("a");
  const Ended died = Say("die");
  EXPECT_EQ(died.exit_status, 64 + 13) << "INTERNAL";
  EXPECT_THAT(died.err, HasSubstr("exited with 3 before it answered"));
  const Ended second = Say("a");
  EXPECT_EQ(second.exit_status, 0) << second.err;
  EXPECT_NE(second.out, first.out) << "another process";
  EXPECT_THAT(Say("kill").err, HasSubstr("was killed by SIGKILL before it answered"));
  EXPECT_EQ(Say("a").exit_status, 0);
  service_->Signal(SIGTERM);
  service_->Wait();
  EXPECT_EQ(service_->Count("; it is started again"), 2u) << service_->err();
}

TEST_F(ServeTest, AProgramThatAlwaysDiesIsGivenUp) {
  std::vector<std::string> words = {"serve", Address(), "--", "/bin/sh", "-c", "exit 7"};
  Command command(words);
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_THAT(command.err(), HasSubstr("exited with 7; it was started again 5 times in a row"));
}

TEST_F(ServeTest, AProgramThatDoesNotAnswerCostsItsCallerTheDeadline) {
  Serve("read -r line; read -r go <go; echo late; while read -r line; do echo \"$line\"; done");
  ASSERT_EQ(system(("mkfifo " + directory_.path() + "/go").c_str()), 0);
  // The shell opens the fifo when it has read the line: it was not there before.
  const Ended late = Say("a", "3s");
  EXPECT_EQ(late.exit_status, 64 + 4) << "DEADLINE_EXCEEDED: " << late.err;
  std::ofstream(directory_.path() + "/go") << "now\n";
  EXPECT_EQ(Say("b").out, "{\"text\": \"b\"}\n") << "the late answer is not this call's";
}

TEST_F(ServeTest, WhatNobodyAskedForIsNoAnswer) {
  Serve(
      "echo banner; read -r line; echo one; echo two; while read -r line; do echo \"$line\"; done");
  ASSERT_TRUE(service_->WaitForStderr("begins with \"banner\""));
  EXPECT_EQ(Say("a").out, "{\"text\": \"one\"}\n");
  ASSERT_TRUE(service_->WaitForStderr("begins with \"two\""));
  EXPECT_EQ(Say("b").out, "{\"text\": \"b\"}\n");
}

TEST_F(ServeTest, ALineLongerThanTheLimitIsInternal) {
  Serve("while read -r n; do head -c $n /dev/zero | tr '\\0' x; echo; done");
  EXPECT_EQ(Say("1000").exit_status, 0);
  const Ended end = Say("1048577");
  EXPECT_EQ(end.exit_status, 64 + 13);
  EXPECT_THAT(end.err, HasSubstr("more than 1 MiB, the limit"));
  EXPECT_EQ(Say("10").out, "{\"text\": \"xxxxxxxxxx\"}\n") << "the rest of it is no answer";
}

TEST_F(ServeTest, TheProgramEndsWithItsService) {
  // What the program itself starts is not the service's: so it starts nothing.
  Serve(
      "echo $$ >pid; trap '' TERM; while read -r line; do echo \"$line\"; done; while :; do :; "
      "done");
  EXPECT_EQ(Say("a").exit_status, 0);
  pid_t pid = 0;
  std::ifstream(directory_.path() + "/pid") >> pid;
  ASSERT_GT(pid, 0);
  service_->Signal(SIGKILL);
  service_->Wait();
  while (IsAlive(pid)) usleep(1000);  // the system kills it: soon
}

TEST_F(ServeTest, AWiringServesOneToo) {
  const std::string file = directory_.Write(
      "w.toml",
      "jackfield = 1\n[service.echo]\nserve = [\"" + Address() +
          "\"]\nrun = [\"lines\", \"--\", \"/bin/sh\", \"-c\", \"while read -r l; do echo "
          "+$l; done\"]\n");
  Command up({"up", file});
  ASSERT_TRUE(up.WaitForStderr("is up")) << up.err();
  EXPECT_EQ(Say("a").out, "{\"text\": \"+a\"}\n");
  EXPECT_THAT(up.err(), Not(HasSubstr("# serves")));
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130);
}

}  // namespace
}  // namespace jackfield
