// The shop is watched while it runs: its messages are seen as they go and come, and what a service
// did last can be read after kill -9. What runs is `jackfield demo`.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/shop/running_shop.h"
#include "tests/e2e/shop/table.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class WatchedShop : public RunningShop {
 protected:
  ~WatchedShop() override {
    if (end_status_ == -1) Down();
  }
  std::vector<std::string> LinesOf(std::vector<std::string> words) const {
    words.insert(words.begin() + 1, {"-w", wiring_});
    std::istringstream text(OutputOf(words));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  pid_t PidOf(const std::string& service) const {
    std::istringstream text(OutputOf({"ps", "-q", wiring_}));
    for (std::string line; std::getline(text, line);) {
      std::istringstream words(line);
      std::string name, state, since;
      pid_t pid = 0;
      if (words >> name >> state >> since >> pid && name == service) return pid;
    }
    return 0;
  }
};

TEST_F(WatchedShop, TapShowsCallsAndAnswersWithWhatIsInThem) {
  const std::vector<std::string> lines =
      LinesOf({"tap", "stock", "--method", "Reserve", "-n", "40"});
  ASSERT_EQ(lines.size(), 40u);
  size_t calls = 0, answers = 0;
  for (const std::string& line : lines) {
    EXPECT_TRUE(Contains(line, "jackfield.shop.Stock/Reserve")) << line;
    const bool is_call = Contains(line, "Z orders → stock  ");
    const bool is_answer = Contains(line, "Z orders ← stock  ");
    EXPECT_TRUE(is_call || is_answer) << line;
    calls += is_call;
    answers += is_answer;
    if (is_call) EXPECT_TRUE(Contains(line, "{")) << "what is asked for: " << line;
  }
  EXPECT_GT(calls, 0u);
  EXPECT_GT(answers, 0u);
}

TEST_F(WatchedShop, TapOfBothEndsShowsAMessageOnce) {
  const std::vector<std::string> lines =
      LinesOf({"tap", "orders", "stock", "--method", "Reserve", "-n", "200", "-o", "json"});
  ASSERT_EQ(lines.size(), 200u);
  for (const std::string& line : lines) {
    EXPECT_TRUE(Contains(line, "\"way\":\"sent\"")) << line;
    EXPECT_TRUE(Contains(line, Contains(line, "\"what\":\"calls\"") ? "\"service\":\"orders\""
                                                                    : "\"service\":\"stock\""))
        << line;
  }
}

TEST_F(WatchedShop, TapRefusesAServiceThatIsNotThere) {
  Command tap({"tap", "-w", wiring_, "stok"});
  EXPECT_EQ(tap.Wait(), 1);
  EXPECT_EQ(tap.err(), "jackfield: shop has no service \"stok\"; did you mean \"stock\"?\n");
  Command count({"tap", "-w", wiring_, "stock", "-n", "0"});
  EXPECT_EQ(count.Wait(), 2);
}

TEST_F(WatchedShop, PostmortemReadsTheLastThousandMessagesOfAServiceThatWasKilled) {
  Command too_early({"postmortem", "-w", wiring_, "stock"});
  EXPECT_EQ(too_early.Wait(), 1);
  EXPECT_TRUE(Contains(too_early.err(), "stock has not ended since the wiring came up"))
      << too_early.err();
  LinesOf({"tap", "stock", "-n", "1500"});  // it has spoken so often
  const pid_t pid = PidOf("stock");
  ASSERT_GT(pid, 0);
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  ASSERT_TRUE(demo_->WaitForStderr("was killed by SIGKILL")) << demo_->err();
  const std::vector<std::string> lines = LinesOf({"postmortem", "stock"});
  ASSERT_GT(lines.size(), 900u) << "some of the 1,024 are those of the bus's own tools";
  EXPECT_TRUE(
      Contains(lines[0], "# stock (process " + std::to_string(pid) + ") was killed by SIGKILL"))
      << lines[0];
  std::string before;
  size_t messages = 0;
  for (const std::string& line : lines) {
    if (line[0] == '#') continue;
    const std::string time = line.substr(0, line.find(' '));
    EXPECT_LE(before, time) << "in order";
    before = time;
    ++messages;
    EXPECT_TRUE(Contains(line, "stock")) << line;
    EXPECT_FALSE(Contains(line, "  jackfield.control.")) << line;
  }
  EXPECT_EQ(LinesOf({"postmortem", "stock", "--all", "-n", "2000"}).size() > lines.size(),
            Contains(lines[0], " of the bus's own tools (--all)"))
      << lines[0];
  const std::vector<std::string> few = LinesOf({"postmortem", "stock", "-n", "5", "-o", "json"});
  EXPECT_EQ(few.size(), 5u);
}

TEST_F(WatchedShop, PostmortemOfAWiringThatHasEndedReadsItsRun) {
  LinesOf({"tap", "stock", "-n", "10"});
  const pid_t pid = PidOf("stock");
  Down();
  const std::string begin =
      "# stock (process " + std::to_string(pid) + ") exited with 0, in the run of shop that ended ";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"postmortem", "stock"}, {"postmortem", "stock", "--run", "last"}}) {
    const std::vector<std::string> lines = LinesOf(words);
    ASSERT_GT(lines.size(), 10u);
    EXPECT_EQ(lines[0].find(begin), 0u) << lines[0];
    EXPECT_TRUE(Contains(lines[5], "  jackfield.shop.")) << lines[5];
  }
  const std::vector<std::string> all = LinesOf({"postmortem", "stock", "--all", "-o", "json"});
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const std::string& line) {
    return Contains(line, "\"jackfield.control.Control/");
  })) << "it was tapped and looked at";

  Command wrong({"postmortem", "-w", wiring_, "stok"});
  EXPECT_EQ(wrong.Wait(), 1);
  EXPECT_EQ(wrong.err(), "jackfield: shop had no service \"stok\"; did you mean \"stock\"?\n");
  Command run({"postmortem", "-w", wiring_, "stock", "--run", "first"});
  EXPECT_EQ(run.Wait(), 2);
  EXPECT_TRUE(Contains(run.err(), "--run is last, ")) << run.err();
  Command none({"postmortem", "-w", wiring_, "stock", "--run", "shop@20200101T000000.000000Z-1"});
  EXPECT_EQ(none.Wait(), 3);
  EXPECT_TRUE(Contains(none.err(), " is kept; there are: shop@2")) << none.err();
  Command never({"postmortem", "-w", "never-was", "stock"});
  EXPECT_EQ(never.Wait(), 3);
}

TEST_F(WatchedShop, PostmortemOfAWiringWhoseSupervisorWasKilledHasThoseThatEndedBefore) {
  const std::string json = OutputOf({"ps", wiring_, "-o", "json"});
  const size_t key = json.find("\"logs\"");
  ASSERT_NE(key, std::string::npos) << json;
  const size_t path = json.find('/', key);
  const std::string page = json.substr(path, json.find('"', path) - path) + "/stock.page";
  ASSERT_EQ(kill(PidOf("stock"), SIGKILL), 0);
  while (access(page.c_str(), F_OK) != 0) usleep(10'000);
  demo_->Signal(SIGKILL);
  end_status_ = demo_->Wait();
  const std::vector<std::string> lines = LinesOf({"postmortem", "stock"});
  ASSERT_FALSE(lines.empty());
  EXPECT_TRUE(Contains(lines[0],
                       ") was killed by SIGKILL, in the run of shop whose supervisor "
                       "was killed; its last "))
      << lines[0];
  Command alive({"postmortem", "-w", wiring_, "gate"});
  EXPECT_EQ(alive.Wait(), 1);
  EXPECT_EQ(alive.err(),
            "jackfield: of gate nothing was kept in that run of shop: it was still there when its "
            "supervisor was killed\n");
}

}  // namespace
}  // namespace jackfield
