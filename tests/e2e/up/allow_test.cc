// allow = … of a wiring holds: those that it names call, over every medium and after a restart;
// nobody else does.
#include <signal.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AllowTest : public ::testing::Test {
 protected:
  AllowTest() { setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1); }
  // Words that go from `source` to `count`.
  std::string Counted(const std::string& allow, const std::string& over) const {
    return directory_.Write("counted.toml",
                            "jackfield = 1\nover = \"" + over +
                                "\"\n[service.source]\nrun = \"source a b c\"\ncalls = "
                                "[\"tokenize\"]\n[service.tokenize]\nrun = \"tokenize\"\ncalls = "
                                "[\"count\"]\n[service.count]\nrun = \"count\"\nallow = " +
                                allow + "\n");
  }
  // A service that is called from outside, and one of the outside.
  std::string Kept(const std::string& allow) const {
    return directory_.Write("kept.toml",
                            "jackfield = 1\n[service.count]\nrun = \"count\"\nserve = "
                            "\"unix:./count.sock\"\nallow = " +
                                allow + "\n");
  }
  std::string Outside() const {
    return directory_.Write("outside.toml",
                            "jackfield = 1\n[service.source]\nrun = \"source a b\"\n"
                            "calls = { tokenize = { at = \"unix:./count.sock\" } }\n");
  }

  const TemporaryDirectory directory_;
};

TEST_F(AllowTest, WhoIsNamedCallsOverEveryMedium) {
  for (const char* over :
       {"unix:", "pipe:", "tcp:", "shm:", "mq:", "sysv:", "fifo:", "udp:", "inproc:"}) {
    Command up({"up", "-q", Counted("[\"tokenize\"]", over)});
    EXPECT_EQ(up.Wait(), 0) << over << up.err();
    EXPECT_EQ(up.out(), "3 words\n") << over;
  }
}

TEST_F(AllowTest, ACallThatTheWiringItselfForbidsIsToldBeforeAnythingStarts) {
  Command up({"up", Counted("[\"source\"]", "unix:")});
  EXPECT_EQ(up.Wait(), 2);
  EXPECT_THAT(up.err(), HasSubstr("tokenize calls count, and allow of count does not name it: add "
                                  "\"tokenize\" there, or take the call out"));
}

TEST_F(AllowTest, UnitsOfSystemdCanProveNoNames) {
  Command named({"export", "systemd", Counted("[\"tokenize\"]", "unix:")});
  EXPECT_EQ(named.Wait(), 2);
  EXPECT_THAT(named.err(), HasSubstr("allow of count names the service tokenize, which only "
                                     "`jackfield up` can prove"));
  EXPECT_EQ(named.out(), "");
  EXPECT_THAT(OutputOf({"export", "systemd", "-q", Counted("[\"uid:0\"]", "unix:")}),
              HasSubstr("allow * uid:0"));
}

TEST_F(AllowTest, ASupervisorThatMayNotCallSeesThatSomebodyIsThere) {
  const std::string file = directory_.Write(
      "port.toml",
      "jackfield = 1\n[service.count]\nrun = \"count\"\nserve = \"unix:./p.sock\"\n"
      "ready = \"port\"\nallow = [\"nobody\"]\n");
  Command up({"up", file});
  EXPECT_TRUE(up.WaitForStderr("is up")) << up.err();
  up.Signal(SIGINT);
  up.Wait();
}

TEST_F(AllowTest, WhoComesFromOutsideIsRefusedAtOnceAndBothSidesAreTold) {
  Command kept({"up", Kept("[\"nobody\"]")});
  ASSERT_TRUE(kept.WaitForStderr("is up")) << kept.err();
  Command outside({"up", Outside()});
  EXPECT_EQ(outside.Wait(), 1);
  const std::string why = "count admits nobody, not uid " + std::to_string(getuid()) + " (gid " +
                          std::to_string(getgid()) + ", pid ";
  EXPECT_THAT(outside.err(), HasSubstr(why));
  EXPECT_THAT(outside.err(), HasSubstr("which calls itself \"source\""));
  EXPECT_TRUE(kept.WaitForStderr(why)) << kept.err();
  kept.Signal(SIGINT);
  kept.Wait();
}

TEST_F(AllowTest, AUserIsKnownByTheSystem) {
  Command kept({"up", Kept("[\"uid:" + std::to_string(getuid()) + "\"]")});
  ASSERT_TRUE(kept.WaitForStderr("is up")) << kept.err();
  Command outside({"up", "-q", Outside()});
  EXPECT_EQ(outside.Wait(), 0) << outside.err();
  kept.Signal(SIGINT);
  kept.Wait();
  EXPECT_THAT(kept.out(), HasSubstr("2 words"));
}

TEST_F(AllowTest, AServiceThatWasKilledKnowsItsCallersAgain) {
  const std::string file = directory_.Write(
      "again.toml",
      "jackfield = 1\nover = \"unix:\"\n[service.taker]\nrun = \"asker\"\ncalls = { count = { "
      "service = \"server\" } }\n[service.server]\nrun = \"count\"\nrestart = \"on-failure\"\n"
      "allow = [\"taker\"]\n");
  Command up({"up", file});
  ASSERT_TRUE(up.WaitForStderr("asks\n")) << up.err();
  kill(up.PidOf("server"), SIGKILL);
  EXPECT_TRUE(up.WaitForStderr("answered by another")) << up.err();
  up.Signal(SIGINT);
  up.Wait();
  EXPECT_THAT(up.out() + up.err(), HasSubstr(", 0 lost"));
  EXPECT_THAT(up.err(), Not(HasSubstr("admits"))) << "it is refused to nobody";
}

// What proves who calls is a secret of the two.
TEST_F(AllowTest, NoBadgeIsShown) {
  Command up({"up", Counted("[\"tokenize\"]", "unix:"), "-v"});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  EXPECT_THAT(up.err() + up.out(), Not(HasSubstr("tokenize:")));
}

}  // namespace
}  // namespace jackfield
