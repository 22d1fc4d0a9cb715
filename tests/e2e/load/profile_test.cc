// Loads that are kept in a wiring file, [load.NAME], and the page of a run.
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A wiring that is up while this lives.
class Cats {
 public:
  Cats()
      : name_(Text("cats", getpid())),
        file_(directory_.Write("cats.toml", Text("jackfield = 1\nname = \"", name_, "\"\n",
                                                 R"([service.cat]
run = ["lines", "--", "cat"]
serve = ["unix:"]

[load.smoke]
target   = "cat/Say"
data     = '{"text":"{{n}}"}'
ramp     = "50..150"        # whose steadiness nobody judges
duration = "500ms"
lag-max  = "off"
assert   = ["errors==0", "p50<1h"]

[load.wrong]
target = "cat/Say"
rtae   = 50
)"))),
        up_({"up", file_}) {
    EXPECT_TRUE(up_.WaitForStderr("is up")) << up_.err();
  }
  ~Cats() {
    up_.Signal(SIGTERM);
    up_.Wait();
  }
  const std::string& name() const { return name_; }
  const std::string& file() const { return file_; }
  const std::string& directory() const { return directory_.path(); }

 private:
  const TemporaryDirectory directory_;
  const std::string name_, file_;
  Command up_;
};

TEST(ProfileTest, ALoadOfARunningWiringIsCalledByItsName) {
  const Cats cats;
  Command load({"load", "-w", cats.name(), "smoke"});
  EXPECT_EQ(load.Wait(), 0) << load.err();
  EXPECT_THAT(load.out(), HasSubstr("jackfield.lines.Lines/Say at unix:"));
  EXPECT_THAT(load.out(), HasSubstr("50 due, 50 sent, 50 answered, 0 errors"));
}

TEST(ProfileTest, FlagsOfTheCommandLineStandInPlaceOfItsOwn) {
  const Cats cats;
  Command load({"load", "-w", cats.name(), "smoke", "--assert", "p50>1h", "--duration", "300ms"});
  EXPECT_EQ(load.Wait(), 99) << load.err();
  EXPECT_THAT(load.out(), HasSubstr("30 due"));
  EXPECT_THAT(load.err(), HasSubstr("p50>1h does not hold"));
}

TEST(ProfileTest, WhatIsWrongIsSaidWithItsPlaceAndTheNearestName) {
  const Cats cats;
  const auto said = [&](const std::vector<std::string>& words) {
    Command command(words);
    EXPECT_EQ(command.Wait(), 2) << command.err();
    return command.err();
  };
  EXPECT_THAT(said({"load", "-w", cats.name(), "smoek"}), HasSubstr("did you mean \"smoke\"?"));
  const std::string place = cats.file() + ":17:10: in load wrong: ";
  EXPECT_THAT(said({"load", "-w", cats.name(), "wrong"}), HasSubstr(place));
  EXPECT_THAT(said({"check", cats.file()}), HasSubstr(place));
}

TEST(ProfileTest, TheResultIsAPageThatIsCompleteInItself) {
  const Cats cats;
  const std::string html = cats.directory() + "/load.html";
  Command load({"load", "-w", cats.name(), "smoke", "--html", html});
  EXPECT_EQ(load.Wait(), 0) << load.err();
  std::stringstream page;
  page << std::ifstream(html).rdbuf();
  for (const char* part : {"<!DOCTYPE html>", "<h2>Latency over time</h2>", "from intended",
                           ">due</text>", "50 calls due", "<svg"})
    EXPECT_THAT(page.str(), HasSubstr(part));
  EXPECT_THAT(page.str(), Not(HasSubstr("<script")));
}

}  // namespace
}  // namespace jackfield
