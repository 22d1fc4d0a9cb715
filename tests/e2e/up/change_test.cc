// Four services under load over several media, and their wiring is edited again and again: the
// medium of a channel, the arguments of one, one added, one removed. Nothing but what has changed
// is touched (the processes of the others stay), every call ends in exactly one outcome, and every
// one-way message that was sent has been handled.
//
// JACKFIELD_EDITS=100 makes it longer; what became of the calls is printed.
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

const std::vector<std::string> kMedia = {"unix:", "tcp:", "shm:", "mq:", "sysv:", "fifo:", "udp:"};

// What stands in the file.
struct Wires {
  std::string words = "unix:", counts = "shm:", notes = "tcp:";
  int version = 0;  // an argument of tokenize
  bool extra = false;
  std::string ToString() const {
    return "jackfield = 1\nname = \"load\"\n[service.front]\nrun = \"front\"\ncalls = { tokenize = "
           "\"" +
           words + "\", log = \"" + notes + "\" }\n[service.tokenize]\nrun = \"tokenize v" +
           std::to_string(version) + "\"\ncalls = { count = \"" + counts +
           "\" }\n[service.count]\nrun = \"count\"\n[service.log]\nrun = \"log\"\n" +
           (extra ? "[service.extra]\nrun = \"sitter\"\nserve = [\"unix:\"]\n" : "");
  }
};

// One edit, and whom it may touch.
std::string Edit(int number, Wires& wires) {
  const auto other = [number](const std::string& now) {
    const size_t at = static_cast<size_t>(number) % kMedia.size();
    return kMedia[at] == now ? kMedia[(at + 1) % kMedia.size()] : kMedia[at];
  };
  switch (number % 5) {
    case 0:
      wires.words = other(wires.words);
      return "";
    case 1:
      wires.counts = other(wires.counts);
      return "";
    case 2:
      wires.notes = other(wires.notes);
      return "";
    case 3:
      ++wires.version;
      return "tokenize";
    default:
      wires.extra = !wires.extra;
      return "extra";
  }
}

// By service, from what `ps` prints.
std::map<std::string, pid_t> Processes(const std::string& name) {
  std::map<std::string, pid_t> pids;
  const std::string table = OutputOf({"ps", name});
  const std::regex row("\n([a-z]+) +[a-z]+ +[^ ]+ +([0-9]+) ");
  for (std::sregex_iterator at(table.begin(), table.end(), row), end; at != end; ++at)
    pids[(*at)[1]] = std::atoi((*at)[2].str().c_str());
  return pids;
}

uint64_t NumberBehind(const std::string& text, const std::string& word) {
  const size_t at = text.find(word + " ");
  EXPECT_NE(at, std::string::npos) << word << " in " << text;
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + word.size() + 1));
}

TEST(ChangeTest, AWiringIsEditedUnderLoadAndNothingElseIsTouchedOrLost) {
  const char* wanted = std::getenv("JACKFIELD_EDITS");
  const int edits = wanted == nullptr ? 20 : std::atoi(wanted);
  const TemporaryDirectory directory;
  Wires wires;
  const std::string file = directory.Write("load.toml", wires.ToString());
  Command up({"up", "--no-watch", file});
  ASSERT_TRUE(up.WaitForStderr("goes\n")) << up.err();
  const std::string name = "load@" + std::to_string(up.pid());
  std::map<std::string, pid_t> before = Processes(name);
  for (int i = 0; i < edits; ++i) {
    const std::string touched = Edit(i, wires);
    directory.Write("load.toml", wires.ToString());
    Command reload({"reload", name});
    EXPECT_EQ(reload.Wait(), 0) << i << ": " << reload.out() << reload.err();
    EXPECT_NE(reload.out(), "") << i << ": " << reload.err();
    std::map<std::string, pid_t> now = Processes(name);
    const std::map<std::string, pid_t> all = now;
    if (!touched.empty()) {
      EXPECT_NE(now[touched], before[touched]) << i << reload.out();
    }
    now.erase(touched);
    before.erase(touched);
    EXPECT_EQ(now, before) << i << ": " << reload.out();
    before = all;
  }
  up.Signal(SIGINT);
  EXPECT_EQ(up.Wait(), 130) << up.err();
  const std::string& out = up.out();
  EXPECT_GT(NumberBehind(out, "ok"), 0u);
  EXPECT_EQ(NumberBehind(out, "begun"), NumberBehind(out, "ok") + NumberBehind(out, "refused") +
                                            NumberBehind(out, "failed") +
                                            NumberBehind(out, "in_doubt"))
      << out;
  EXPECT_EQ(NumberBehind(out, "in_doubt"), 0u) << out << up.err();
  EXPECT_EQ(NumberBehind(out, "failed"), 0u) << out << up.err();
  EXPECT_EQ(NumberBehind(out, "refused"), 0u) << out << up.err();
  EXPECT_EQ(NumberBehind(out, "handled"), NumberBehind(out, "sent")) << out << up.err();
  std::printf("%d edits\n%s", edits, out.c_str());
}

}  // namespace
}  // namespace jackfield
