// The shop is watched while it runs: its messages are seen as they go and come, and what a service
// did last can be read after kill -9. What runs is `jackfield demo`.
#include <signal.h>

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
  ~WatchedShop() override { Down(); }
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
  ASSERT_GT(lines.size(), 1000u);
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
  }
  EXPECT_GE(messages, 1000u);
  const std::vector<std::string> few = LinesOf({"postmortem", "stock", "-n", "5", "-o", "json"});
  EXPECT_EQ(few.size(), 5u);
}

}  // namespace
}  // namespace jackfield
