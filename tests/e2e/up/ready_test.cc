// A service whose program does not say that it is ready, or says so too early: whoever calls it is
// started when that is found out, and `ps` says what is waited for.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class ReadyTest : public ::testing::Test {
 protected:
  std::string Program(const std::string& name, const std::string& text) {
    const std::string path = directory_.Write(name, text);
    chmod(path.c_str(), 0700);
    return path;
  }
  // `slow`, and a service that is started when it is ready.
  std::string Wiring(const std::string& slow, const std::string& client = "sitter") {
    return directory_.Write("waits.toml", "jackfield = 1\nname = \"waits\"\n[service.slow]\n" +
                                              slow + "[service.client]\nrun = \"" + client +
                                              "\"\ncalls = { count = { service = \"slow\", over = "
                                              "\"unix:./slow.sock\" } }\n" +
                                              (client == "sitter" ? "serve = \"unix:\"\n" : ""));
  }
  static std::string Ps(const Command& up) {
    return OutputOf({"ps", "waits@" + std::to_string(up.pid())});
  }
  static void WaitForPs(const Command& up, const std::string& text) {
    while (true) {
      Command ps({"ps", "waits@" + std::to_string(up.pid())});
      if (ps.Wait() == 0 && ps.out().find(text) != std::string::npos) return;
    }
  }
  static void Stop(Command& up) {
    up.Signal(SIGINT);
    EXPECT_EQ(up.Wait(), 130) << up.err();
  }
  size_t Lines(const std::string& name) const {
    std::ifstream file(directory_.path() + "/" + name);
    size_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }
  TemporaryDirectory directory_;
};

TEST_F(ReadyTest, ByAProgramThatIsRunUntilItExitsWith0AndThenNoMore) {
  const std::string folder = directory_.path();
  Program("probe", "#!/bin/bash\necho once >>" + folder + "/probed\ntest -e " + folder +
                       "/flag && exit 0\necho not yet, $WHAT >&2\nexit 3\n");
  Command up({"up", Wiring("run = [\"/bin/sleep\", \"1000\"]\nenv = { WHAT = \"patience\" }\n"
                           "ready = \"exec:./probe\"\n")});
  WaitForPs(up, "is ready when " + folder +
                    "/probe exits with 0; last: it exited with 3: not yet, "
                    "patience");
  const std::string table = Ps(up);
  EXPECT_NE(table.find("waits for slow"), std::string::npos) << "its client: " << table;
  EXPECT_EQ(table.find("client   ready"), std::string::npos) << table;
  directory_.Write("flag", "");
  ASSERT_TRUE(up.WaitForStderr("waits is up: 2 services")) << up.err();
  EXPECT_LT(up.err().find("  slow    ready"), up.err().find("  client  ready")) << up.err();
  EXPECT_EQ(up.err().find("not yet"), std::string::npos) << "a probe is silent: " << up.err();
  // No more of it: its pauses are at most 1 s, and a restart takes its time.
  const size_t probed = Lines("probed");
  for (int i = 0; i < 20; ++i) Ps(up);
  EXPECT_EQ(Lines("probed"), probed);
  Stop(up);
}

TEST_F(ReadyTest, ByReady1ToNotifySocket) {
  const std::string folder = directory_.path();
  Program("program",
          "#!/usr/bin/python3\nimport os, socket, time\n"
          "to = os.environ['NOTIFY_SOCKET'].replace('@', '\\0')\n"
          "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
          "s.sendto(b'STATUS=it READY=1 not\\n', to)\n"
          "while not os.path.exists('" +
              folder +
              "/flag'): time.sleep(0.01)\n"
              "s.sendto(b'STATUS=there\\nREADY=1\\n', to)\ntime.sleep(1000)\n");
  Command up({"up", Wiring("run = \"./program\"\nready = \"notify\"\n")});
  WaitForPs(up, "is ready when it sends READY=1 to NOTIFY_SOCKET");
  EXPECT_EQ(up.PidOf("client"), 0);
  directory_.Write("flag", "");
  ASSERT_TRUE(up.WaitForStderr("waits is up: 2 services")) << up.err();
  EXPECT_GT(up.PidOf("client"), 0);
  Stop(up);
}

TEST_F(ReadyTest, ByAPlaceAtWhichAServiceAnswers) {
  const std::string folder = directory_.path();
  Program("program", "#!/bin/bash\nwhile ! test -e " + folder + "/flag; do sleep 0.01; done\n" +
                         "unset JACKFIELD_READY_FD\nexec " + BinaryPath("jackfield") +
                         " service count\n");
  Command up({"up", Wiring("run = \"./program\"\nready = \"port\"\n", "asker")});
  WaitForPs(up, "is ready when a service answers at unix:" + folder + "/slow.sock; last: ");
  directory_.Write("flag", "");
  ASSERT_TRUE(up.WaitForStderr("client | asks\n")) << up.err();
  Stop(up);
  EXPECT_NE(up.out().find(" 0 in doubt, 0 lost\n"), std::string::npos) << up.out();
}

TEST_F(ReadyTest, AServiceThatSaysItTooEarlyIsWaitedForAndServesWhereItSays) {
  const std::string folder = directory_.path();
  Program("probe", "#!/bin/bash\ntest -e " + folder + "/flag\n");
  const std::string wiring = directory_.Write(
      "waits.toml",
      "jackfield = 1\nname = \"waits\"\n[service.slow]\nrun = \"count\"\nready = "
      "\"exec:./probe\"\n[service.client]\nrun = \"asker\"\ncalls = { count = { service = "
      "\"slow\", over = \"unix:\" } }\n");
  Command up({"up", wiring});
  WaitForPs(up, "/probe exits with 0; last: it exited with 1");
  EXPECT_EQ(up.PidOf("client"), 0);
  directory_.Write("flag", "");
  ASSERT_TRUE(up.WaitForStderr("client | asks\n")) << up.err();
  Stop(up);
}

TEST_F(ReadyTest, AProgramThatDoesNotSayWhereItServesIsWaitedFor) {
  Program("probe", "#!/bin/bash\nexit 0\n");
  const std::string wiring = directory_.Write(
      "waits.toml",
      "jackfield = 1\nname = \"waits\"\n[service.slow]\nrun = [\"/bin/sleep\", \"1000\"]\nready = "
      "\"exec:./probe\"\nserve = \"unix:\"\n");
  Command up({"up", wiring});
  WaitForPs(up, "is ready when it says where it serves; name its places if it never does");
  Stop(up);
}

}  // namespace
}  // namespace jackfield
