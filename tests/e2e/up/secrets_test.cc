// A secret goes to its service, and is seen nowhere else.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

constexpr char kSecret[] = "correct horse battery staple";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class SecretsTest : public ::testing::Test {
 protected:
  SecretsTest() {
    token_ = directory_.Write("token", kSecret);
    chmod(token_.c_str(), 0600);
    script_ = directory_.Write("script",
                               "#!/bin/bash\n"
                               "echo it has $(wc -c <\"$TOKEN_FILE\") bytes >&2\n"
                               "exec 2>/dev/null\n"
                               "cmp -s \"$TOKEN_FILE\" \"$1\" && touch \"$1.same\"\n"
                               "echo more >\"$TOKEN_FILE\" && touch \"$1.changed\"\n"
                               "touch \"$1.done\"\n"
                               "exec sleep 1000\n");
    chmod(script_.c_str(), 0700);
    wiring_ = directory_.Write("keeps.toml",
                               "jackfield = 1\nname = \"keeps\"\n[service.keeper]\nrun = "
                               "[\"/usr/bin/env\", \"A=1\", \"" +
                                   script_ + "\", \"" + token_ +
                                   "\"]\nsecrets = { TOKEN = \"./token\" }\n");
  }
  bool Exists(const std::string& suffix) const {
    struct stat is {};
    return stat((token_ + suffix).c_str(), &is) == 0;
  }

  TemporaryDirectory directory_;
  std::string token_, script_, wiring_;
};

TEST_F(SecretsTest, TheServiceReadsItAndNobodyCanChangeIt) {
  Command up({"up", wiring_});
  ASSERT_TRUE(up.WaitForStderr("keeper | it has " + std::to_string(sizeof kSecret - 1) + " bytes"))
      << up.err();
  while (!Exists(".done")) {
  }
  EXPECT_TRUE(Exists(".same"));
  EXPECT_FALSE(Exists(".changed")) << "it is sealed";
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
  EXPECT_EQ(up.err().find(kSecret), std::string::npos);
}

TEST_F(SecretsTest, ItIsOnNoCommandLineInNoEnvironmentAndInNoOutput) {
  Command up({"up", "-v", wiring_});
  ASSERT_TRUE(up.WaitForStderr("keeper | it has ")) << up.err();
  const std::string process = "/proc/" + std::to_string(up.PidOf("keeper"));
  const std::string name = "keeps@" + std::to_string(up.pid());
  for (const std::string& text :
       {ReadFile(process + "/cmdline"), ReadFile(process + "/environ"),
        OutputOf({"ps", "-o", "json", name}), OutputOf({"ps", name}),
        OutputOf({"logs", "-w", name}), OutputOf({"check", "-v", wiring_}),
        OutputOf({"export", "systemd", wiring_}), up.err()}) {
    EXPECT_NE(text, "");
    EXPECT_EQ(text.find(kSecret), std::string::npos) << text;
  }
  EXPECT_NE(ReadFile(process + "/environ").find("TOKEN_FILE=/proc/self/fd/"), std::string::npos);
  const std::string units = OutputOf({"export", "systemd", wiring_});
  EXPECT_NE(units.find("\nLoadCredential=TOKEN:" + token_ + "\nEnvironment=TOKEN_FILE=%d/TOKEN\n"),
            std::string::npos)
      << units;
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130);
}

TEST_F(SecretsTest, AChangeOfTheFileIsAChangeOfTheWiring) {
  Command up({"up", wiring_});
  ASSERT_TRUE(up.WaitForStderr("keeper | it has ")) << up.err();
  const std::string name = "keeps@" + std::to_string(up.pid());
  Command same({"reload", name});
  EXPECT_EQ(same.Wait(), 0) << same.err();
  EXPECT_EQ(same.out(), "");
  directory_.Write("token", "another");
  Command reload({"reload", name});
  EXPECT_EQ(reload.Wait(), 0) << reload.err();
  EXPECT_EQ(reload.out().find("keeper: restarted: a secret of it has changed (pid "), 0u)
      << reload.out();
  ASSERT_TRUE(up.WaitForStderr("keeper | it has 7 bytes")) << up.err();
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130);
}

TEST_F(SecretsTest, AModeThatIsTooOpenIsToldAndAFileThatIsNotThereIsRefused) {
  chmod(token_.c_str(), 0644);
  Command up({"up", wiring_});
  ASSERT_TRUE(up.WaitForStderr("is up: ")) << up.err();
  EXPECT_NE(up.err().find("the secret TOKEN is open to others: " + token_ +
                          " has mode 644; try: chmod 600 " + token_ + "\n"),
            std::string::npos)
      << up.err();
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130);
  Command check({"check", wiring_});
  EXPECT_EQ(check.Wait(), 0);
  EXPECT_EQ(check.err().find("# the secret TOKEN is open to others: "), 0u) << check.err();
  Command wrong({"check", "--set", "service.keeper.secrets.TOKEN=./gone", wiring_});
  EXPECT_EQ(wrong.Wait(), 2);
  EXPECT_NE(wrong.err().find("cannot read the secret TOKEN, " + directory_.path() +
                             "/gone: No such file or directory\n"),
            std::string::npos)
      << wrong.err();
}

}  // namespace
}  // namespace jackfield
