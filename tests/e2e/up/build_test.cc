// `up` builds what it runs, once and before anything starts, where the wiring says how.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UpBuildTest : public ::testing::Test {
 protected:
  // One service, which comes from that build, and one that is there.
  std::string Wiring(const std::string& build) {
    return directory_.Write("made.toml",
                            "jackfield = 1\nname = \"made\"\n[service.made]\nrun = \"./made\"\n"
                            "build = '" +
                                build + "'\n[service.talker]\nrun = [\"talker\", \"hello\"]\n");
  }
  bool IsMade() const { return access((directory_.path() + "/made").c_str(), X_OK) == 0; }
  // Makes a program that says so.
  static constexpr const char* kMakeIt =
      "echo making; echo made >>times; printf \"#!/bin/sh\\necho it runs\\n\" >made; chmod +x made";
  TemporaryDirectory directory_;
};

TEST_F(UpBuildTest, WhatIsNotThereIsBuiltFirstAndItsOutputIsShown) {
  Command up({"up", Wiring(kMakeIt)});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  EXPECT_THAT(up.err(), HasSubstr("# echo making; "));
  EXPECT_THAT(up.err(), HasSubstr("\nmaking\n"));
  EXPECT_THAT(up.err(), Not(HasSubstr("is not built yet")));
  EXPECT_THAT(up.out(), HasSubstr("it runs\n"));
  EXPECT_LT(up.err().find("\nmaking\n"), up.err().find("started"));
  Command again({"up", "-q", "--no-build", directory_.path() + "/made.toml"});
  EXPECT_EQ(again.Wait(), 0) << again.err();
  EXPECT_THAT(again.err(), Not(HasSubstr("making")));
}

TEST_F(UpBuildTest, AFailureNamesTheServiceAndNothingIsStarted) {
  Command up({"up", Wiring("echo no compiler >&2; exit 3")});
  EXPECT_EQ(up.Wait(), 1);
  EXPECT_THAT(up.err(), HasSubstr("\nno compiler\njackfield: made could not be built: echo no "
                                  "compiler >&2; exit 3 exited with 3; see above; nothing was "
                                  "started\n"));
  EXPECT_THAT(up.err(), Not(HasSubstr("hello")));
}

TEST_F(UpBuildTest, ABuildThatMakesNoProgramIsToldAsWellAsOneThatWasLeftOut) {
  for (const bool builds : {true, false}) {
    std::vector<std::string> words = {"up", Wiring(builds ? "true it is" : kMakeIt)};
    if (!builds) words.push_back("--no-build");
    Command up(words);
    EXPECT_EQ(up.Wait(), 2);
    EXPECT_THAT(up.err(), HasSubstr("made.toml:4:7: the program of service made is not there: "));
    EXPECT_THAT(up.err(), HasSubstr("jackfield: nothing was started\n"));
  }
}

TEST_F(UpBuildTest, CheckBuildsNothing) {
  Command check({"check", Wiring(kMakeIt)});
  EXPECT_EQ(check.Wait(), 0) << check.err();
  EXPECT_THAT(check.err(),
              HasSubstr("# made is not built yet; `jackfield up` does that first: echo making; "));
  EXPECT_FALSE(IsMade());
}

TEST_F(UpBuildTest, ALabelIsBuiltInItsWorkspaceAndWhatBazelSaysIsShown) {
  directory_.Write("WORKSPACE", "");
  const std::string tools = directory_.path() + "/tools";
  mkdir(tools.c_str(), 0700);
  const std::string bazel = directory_.Write(
      "tools/bazel",
      "#!/bin/sh\necho \"Another command (pid=7) is running. Waiting for it to complete\" "
      ">&2\necho "
      "\"$PWD: $*\" >>called\nprintf '#!/bin/sh\\necho it runs\\n' >made; chmod +x made\n");
  chmod(bazel.c_str(), 0700);
  const std::string before = std::getenv("PATH");
  setenv("PATH", (tools + ":" + before).c_str(), 1);
  Command up({"up", Wiring("//made --config=opt")});
  EXPECT_EQ(up.Wait(), 0) << up.err();
  setenv("PATH", before.c_str(), 1);
  EXPECT_THAT(up.err(), HasSubstr("# bazel build --config=opt //made   (in " + directory_.path()));
  EXPECT_THAT(up.err(), HasSubstr("Another command (pid=7) is running."));
  EXPECT_THAT(up.out(), HasSubstr("it runs\n"));
  unlink((directory_.path() + "/WORKSPACE").c_str());
  Command none({"up", Wiring("//made")});
  EXPECT_EQ(none.Wait(), 1);
  EXPECT_THAT(none.err(), HasSubstr("lies in no workspace of Bazel"));
}

}  // namespace
}  // namespace jackfield
