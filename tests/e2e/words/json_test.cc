// What the verbs for a running wiring print for programs, and what TAB knows of its services.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class JsonTest : public ::testing::Test {
 protected:
  JsonTest()
      : up_({"up",
             directory_.Write("jsons.toml",
                              "jackfield = 1\nover = \"unix:\"\n[service.asker]\n"
                              "run = \"asker\"\ncalls = { count = { service = \"server\" } }\n"
                              "[service.server]\nrun = \"count\"\nrestart = \"on-failure\"\n"
                              "[service.upper]\nserve = [\"unix:\"]\n"
                              "run = [\"lines\", \"--\", \"/bin/cat\"]\n")}) {
    EXPECT_TRUE(up_.WaitForStderr("is up")) << up_.err();
  }
  std::string Name() const { return "jsons@" + std::to_string(up_.pid()); }
  std::string Head() const {
    return "{\"wiring\":\"jsons\",\"pid\":" + std::to_string(up_.pid()) + ",";
  }

  const TemporaryDirectory directory_;
  Command up_;
};

TEST_F(JsonTest, TopIsAnObjectForEachChannel) {
  const std::string json = OutputOf({"top", Name(), "-o", "json", "-d", "200ms"});
  EXPECT_THAT(json, StartsWith("{\"client\":\"asker\",\"server\":\"server\",\"over\":\"unix\","
                               "\"open\":true,\"sent_per_s\":"));
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1) << json;
}

TEST_F(JsonTest, RestartAndDownSayWhatWasDone) {
  const std::string restarted = OutputOf({"restart", "server", "--wiring", Name(), "-o", "json"});
  EXPECT_THAT(restarted, StartsWith(Head() +
                                    "\"service\":\"server\",\"state\":\"ready\","
                                    "\"service_pid_before\":" +
                                    std::to_string(up_.PidOf("server")) + ",\"service_pid\":"));
  EXPECT_THAT(restarted, EndsWith("}\n"));
  EXPECT_EQ(OutputOf({"down", Name(), "-o", "json"}), Head() + "\"state\":\"ended\"}\n");
  EXPECT_EQ(up_.Wait(), 0);
}

TEST_F(JsonTest, TabCompletesTheMethodsOfARunningService) {
  // It says nothing rather than make a user wait; on a busy machine more than once.
  std::string told;
  while (told.empty()) told = OutputOf({"__complete", "call", "--wiring", Name(), "upper/S"});
  EXPECT_EQ(told, "upper/Say\n");
  told.clear();
  while (told.empty()) told = OutputOf({"__complete", "call", "--wiring", Name(), "upper", "S"});
  EXPECT_EQ(told, "Say\n");
}

}  // namespace
}  // namespace jackfield
