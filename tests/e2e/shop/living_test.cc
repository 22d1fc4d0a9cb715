// The shop while it runs: looked at, called by hand, its services killed in turn under load and
// started again by its supervisor. What runs is `jackfield demo`.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/shop/running_shop.h"
#include "tests/e2e/shop/table.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class LivingShop : public RunningShop {
 protected:
  // Runs a command about this shop. Returns its stdout.
  std::string Ask(std::vector<std::string> words, int exit_status = 0) const {
    words.insert(words.begin() + 1, {"-w", wiring_, "-q"});
    Command command(words);
    EXPECT_EQ(command.Wait(), exit_status) << words[0] << ": " << command.err();
    return command.out();
  }
  std::string Ps() const { return OutputOf({"ps", wiring_}); }

  // Waits until the ledger has heard of `more` ends of orders since now.
  void LetItWork(int64_t more) const {
    const int64_t until = Written() + more;
    for (int i = 0; i < 2000 && Written() < until; ++i) {
    }
    EXPECT_GE(Written(), until) << Ps();
  }
  int64_t Written() const {
    // {"entries": 1234, …}, whatever stands around it.
    const std::string totals = Ask({"call", "ledger", "Ledger/Count"});
    int64_t sum = 0;
    for (size_t at = 0; (at = totals.find_first_of("0123456789", at)) != totals.npos;) {
      char* end = nullptr;
      sum += std::strtoll(totals.c_str() + at, &end, 10);
      at = static_cast<size_t>(end - totals.c_str());
    }
    return sum;
  }
};

TEST_F(LivingShop, AnyServiceIsDescribedAndCalledByItsName) {
  EXPECT_TRUE(Contains(Ask({"ls", "stock"}), "jackfield.shop.Stock/Count\n"));
  EXPECT_TRUE(Contains(Ask({"describe", "orders", "Orders/Place"}), "Place(Order): Receipt"));
  EXPECT_TRUE(Contains(Ask({"call", "stock/Stock/Count"}), "{")) << "one word for both";
  Command wrong({"call", "-w", wiring_, "stok", "Count"});
  EXPECT_EQ(wrong.Wait(), 3);
  EXPECT_EQ(wrong.err(), "jackfield: shop has no service \"stok\"; did you mean \"stock\"?\n");
  Command gate({"call", "-w", wiring_, "gate", "Count"});
  EXPECT_EQ(gate.Wait(), 2);
  EXPECT_TRUE(Contains(gate.err(), "gate serves nothing, or is not ready yet")) << gate.err();
  EXPECT_TRUE(Contains(Down(), "it adds up\n"));
  EXPECT_EQ(end_status_, 0) << demo_->err();
}

TEST_F(LivingShop, EachServiceIsKilledInTurnAndTheBooksAddUp) {
  const char* victims[] = {"stock", "packer.1", "packer.2", "orders", "ledger"};
  for (const char* victim : victims) {
    LetItWork(20);
    const pid_t pid = demo_->PidOf(victim);
    ASSERT_GT(pid, 0) << demo_->err();
    ASSERT_EQ(kill(pid, SIGKILL), 0);
    ASSERT_TRUE(demo_->WaitForStderr(std::string("  ") + victim + " (pid " + std::to_string(pid) +
                                     ") was killed by SIGKILL; it is started again"))
        << demo_->err();
    ASSERT_TRUE(demo_->WaitForStderr(std::string("\n  ") + victim + " ", 3))
        << "started, ended, started: " << demo_->err();
  }
  LetItWork(20);
  const std::string table = Down();
  EXPECT_TRUE(Contains(table, "it adds up\n")) << table;
  EXPECT_EQ(NumberOf(table, "orders restarted"), 1) << table;
  EXPECT_EQ(NumberOf(table, "ledger restarted"), 1) << table;
  // Orders says so, and fails, where notes to the ledger that died are in doubt.
  if (end_status_ != 0) {
    EXPECT_TRUE(Contains(demo_->err(), "messages to ledger were not handled")) << demo_->err();
  }
}

TEST_F(LivingShop, AStoppedServiceIsNamedWithItsCallerAndTheMethod) {
  LetItWork(20);
  const pid_t pid = demo_->PidOf("stock");
  kill(pid, SIGSTOP);
  // A caller that gets no time to answer for itself is asked again.
  std::string table;
  bool told = false;
  for (int i = 0; i < 200 && !told; ++i) {
    table = Ps();
    std::istringstream lines(table.substr(std::min(table.find("WAITS"), table.size())));
    for (std::string line; std::getline(lines, line);) {
      told |= line.substr(0, 6) == "orders" && Contains(line, " stock ") &&
              Contains(line, "jackfield.shop.Stock/Reserve") &&
              Contains(line, "stock is stopped by a signal");
    }
  }
  kill(pid, SIGCONT);
  EXPECT_TRUE(told) << table;
  EXPECT_TRUE(Contains(Down(), "it adds up\n")) << demo_->err();
}

}  // namespace
}  // namespace jackfield
