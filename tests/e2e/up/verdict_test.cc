// A wiring that has ended: whoever asks for it hears how.
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class VerdictTest : public ::testing::Test {
 protected:
  // A service that is started again twice, and given up.
  std::string Loop(const std::string& name) {
    return directory_.Write(
        name + ".toml", "jackfield = 1\nname = \"" + name +
                            "\"\nover = \"unix:\"\n[service.sitter]\nrun = \"sitter\"\nserve = "
                            "\"unix:\"\n[service.broken]\nrun = [\"/bin/sh\", \"-c\", \"echo no "
                            "licence found >&2; sleep 0.1; exit 7\"]\nrestart = { backoff = "
                            "\"1ms..2ms\", max = 2 }\n");
  }
  std::string Sitter(const std::string& name) {
    return directory_.Write(name + ".toml", "jackfield = 1\nname = \"" + name +
                                                "\"\n[service.sitter]\nrun = \"sitter\"\nserve = "
                                                "\"unix:\"\n");
  }
  // What `words` say when the wiring is not up.
  static std::string Said(const std::vector<std::string>& words) {
    Command command(words);
    EXPECT_EQ(command.Wait(), 3) << words[0] << ": " << command.err();
    EXPECT_EQ(command.out(), "") << words[0];
    return command.err();
  }
  static void ExpectIn(const std::string& text, const std::string& all) {
    EXPECT_NE(all.find(text), std::string::npos) << "\"" << text << "\" is not in:\n" << all;
  }
  // Until its supervisor has gone, of which nobody else hears.
  static void WaitForEnd(const std::string& name) {
    for (;;) {
      Command ps({"ps", name});
      if (ps.Wait() == 3) return;
    }
  }
  TemporaryDirectory directory_;
};

TEST_F(VerdictTest, EveryVerbTellsHowADetachedWiringEnded) {
  const std::string file = Loop("lost");
  Command up({"up", "-d", file});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  WaitForEnd("lost");
  const std::vector<std::vector<std::string>> verbs = {
      {"ps", "lost"},
      {"top", "--once", "lost"},
      {"logs", "-w", "lost"},
      {"restart", "-w", "lost", "broken"},
      {"reload", "lost"},
      {"set", "lost", "a.b=c"},
      {"down", "lost"},
      {"call", "-w", "lost", "sitter", "Say", "{}"},
      {"ls", "-w", "lost", "sitter"}};
  for (const std::vector<std::string>& words : verbs) {
    const std::string said = Said(words);
    ExpectIn("jackfield: lost is not up: it ended ", said);
    ExpectIn(", with exit status 1\n  broken (pid ", said);
    ExpectIn(") exited with 7 after 2 restarts in a row, as many as it may have; all is stopped\n",
             said);
    ExpectIn("\n  broken | no licence found\n", said);
    ExpectIn("\n  try: jackfield up " + file + "\n", said);
  }
  // It had such a service, and no wiring is named.
  const std::string said = Said({"call", "sitter", "Say", "{}"});
  ExpectIn("\"sitter\"", said);
  ExpectIn("; one had:\n  lost is not up: it ended ", said);
}

TEST_F(VerdictTest, AKilledSupervisorIsSaidToBe) {
  Command up({"up", Sitter("killed")});
  ASSERT_TRUE(up.WaitForStderr("is up: ")) << up.err();
  const pid_t pid = up.pid();
  up.Signal(SIGKILL);
  EXPECT_EQ(up.Wait(), -SIGKILL);
  ExpectIn("killed is not up: its supervisor (pid " + std::to_string(pid) + ") was killed",
           Said({"ps", "killed"}));
}

TEST_F(VerdictTest, AnEndThatWasAskedForIsNoFailure) {
  Command up({"up", Sitter("asked")});
  ASSERT_TRUE(up.WaitForStderr("is up: ")) << up.err();
  EXPECT_EQ(OutputOf({"down", "asked"}), "");
  EXPECT_EQ(up.Wait(), 0);
  const std::string said = Said({"ps", "asked"});
  ExpectIn("asked is not up: it ended ", said);
  ExpectIn("with exit status 0\n  another command stopped it\n", said);
}

TEST_F(VerdictTest, TheNextRunTakesThePlaceOfTheLast) {
  const std::string file = Loop("twice");
  Command up({"up", file});
  EXPECT_EQ(up.Wait(), 1) << up.err();
  ExpectIn("restarts in a row", Said({"ps", "twice"}));
  Sitter("twice");  // the same file
  Command again({"up", file});
  ASSERT_TRUE(again.WaitForStderr("is up: ")) << again.err();
  ExpectIn("sitter", OutputOf({"ps", "twice"}));
  again.Signal(SIGINT);
  EXPECT_EQ(again.Wait(), 130);
  ExpectIn("with exit status 130\n  a signal stopped it\n", Said({"ps", "twice"}));
}

TEST_F(VerdictTest, CleanForgetsIt) {
  Command up({"up", Loop("forgotten")});
  EXPECT_EQ(up.Wait(), 1) << up.err();
  ExpectIn("broken | no licence found", Said({"ps", "forgotten"}));
  Command dry({"clean", "--dry-run"});
  EXPECT_EQ(dry.Wait(), 0) << dry.err();
  ExpectIn("would remove record of forgotten (pid ", dry.out());
  ExpectIn("broken | no licence found", Said({"ps", "forgotten"}));
  Command clean({"clean"});
  EXPECT_EQ(clean.Wait(), 0) << clean.err();
  ExpectIn("removed record of forgotten (pid ", clean.out());
  EXPECT_EQ(Said({"ps", "forgotten"}).find("broken |"), std::string::npos);
}

TEST_F(VerdictTest, WithoutAPlaceForItTheWiringRunsAndSaysSo) {
  const std::string file = directory_.Write("in-the-way", "");
  const std::string wiring = Loop("nowhere");
  // Command sets the variable; env puts another value in its place.
  Command up({"run", "--serve", "unix:@verdict-" + std::to_string(getpid()), "--", "/usr/bin/env",
              "XDG_STATE_HOME=" + file, BinaryPath("jackfield"), "up", wiring});
  EXPECT_EQ(up.Wait(), 1) << up.err();
  ExpectIn("  no logs are kept, nor how this ends: make the directory " + file, up.err());
  ExpectIn("restarts in a row, as many as it may have; all is stopped\n", up.err());
}

}  // namespace
}  // namespace jackfield
