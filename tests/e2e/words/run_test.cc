// `jackfield run`: a program by itself, with what a wiring would grant it. The programs are
// services of the test program, which look for their grants as any service does, and a shell.
#include <signal.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;

struct Ended {
  int exit_status;
  std::string out, err;
};

Ended RunOf(std::vector<std::string> words) {
  words.insert(words.begin(), "run");
  Command command(words);
  const int exit_status = command.Wait();
  return {exit_status, command.out(), command.err()};
}

// Two services that are up, at no place that a test would know.
class RunTest : public ::testing::Test {
 protected:
  RunTest()
      : up_({"up", directory_.Write("runs.toml",
                                    "jackfield = 1\nover = \"unix:\"\n[service.tokenize]\n"
                                    "run = \"tokenize\"\nserve = [\"unix:\"]\ncalls = [\"count\"]\n"
                                    "[service.count]\nrun = \"count\"\n")}) {}
  std::string Name() const { return "runs@" + std::to_string(up_.pid()); }

  const TemporaryDirectory directory_;
  Command up_;
};

TEST(RunAloneTest, AProgramFindsItsGrantsInTheEnvironmentAndItsArgumentsInArgv) {
  const Ended end = RunOf({"--call", "kv=unix:@kv?on_full=fail", "-c", "log=tcp:127.0.0.1:7000",
                           "--serve", "unix:@me", "--", "/bin/sh", "-c",
                           "echo \"$JACKFIELD_GRANTS\"; for word; do echo \"[$word]\"; done", "x",
                           "two words", "--call"});
  EXPECT_EQ(end.exit_status, 0) << end.err;
  EXPECT_EQ(end.out,
            "name sh\nserve unix:@me\ncall kv unix:@kv?on_full=fail\ncall log "
            "tcp:127.0.0.1:7000\n\n[two words]\n[--call]\n");
}

TEST(RunAloneTest, TheExitStatusIsTheProgramsAndSoAreItsSignals) {
  EXPECT_EQ(RunOf({"-c", "kv=unix:@kv", "--", "/bin/sh", "-c", "exit 42"}).exit_status, 42);
  Command command(
      {"run", "-c", "kv=unix:@kv", "--", "/bin/sh", "-c", "echo is up >&2; exec sleep 1000"});
  ASSERT_TRUE(command.WaitForStderr("is up"));
  command.Signal(SIGTERM);
  EXPECT_EQ(command.Wait(), -SIGTERM);
}

TEST(RunAloneTest, TheNameIsOfTheProgramUnlessItIsGiven) {
  const std::vector<std::string> tail = {"--", "/bin/sh", "-c", "echo \"$JACKFIELD_GRANTS\""};
  std::vector<std::string> words = {"--name", "gate-7", "-c", "kv=unix:@kv"};
  words.insert(words.end(), tail.begin(), tail.end());
  EXPECT_THAT(RunOf(words).out, HasSubstr("name gate-7\n"));
}

TEST(RunAloneTest, AServiceThatMayNotCallSaysWhatIsMissing) {
  const Ended end =
      RunOf({"-c", "other=unix:@o", "--", BinaryPath("jackfield"), "service", "source"});
  EXPECT_EQ(end.exit_status, 1);
  EXPECT_THAT(end.err, HasSubstr("jackfield may not call \"tokenize\""));
}

TEST_F(RunTest, TheNameOfARunningServiceStandsForItsAddress) {
  ASSERT_TRUE(up_.WaitForStderr("is up")) << up_.err();
  const Ended end = RunOf({"--wiring", Name(), "--call", "tokenize", "--", BinaryPath("jackfield"),
                           "service", "source", "a", "b", "c"});
  EXPECT_EQ(end.exit_status, 0) << end.err;
  EXPECT_TRUE(up_.WaitForStdout("3 words")) << "the one that runs has counted them";
  const Ended twice = RunOf({"--wiring", Name(), "--call", "tokenize", "--call", "other=tokenize",
                             "--", BinaryPath("jackfield"), "service", "source", "twice", "a"});
  EXPECT_EQ(twice.exit_status, 0) << "a role need not be called as the service: " << twice.err;
}

TEST_F(RunTest, AServiceThatIsNotThereOrNotToBeReachedIsNamed) {
  ASSERT_TRUE(up_.WaitForStderr("is up")) << up_.err();
  Ended end = RunOf({"-w", Name(), "--call", "kv=tokenise", "--", "/bin/true"});
  EXPECT_EQ(end.exit_status, 3);
  EXPECT_EQ(end.err, "jackfield: runs has no service \"tokenise\"; did you mean \"tokenize\"?\n");
  end = RunOf({"-w", "runs@1", "--call", "kv=count", "--", "/bin/true"});
  EXPECT_EQ(end.exit_status, 3) << "no such wiring";
}

}  // namespace
}  // namespace jackfield
