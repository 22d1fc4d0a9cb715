// The services of the shop, started by hand, die in the middle of their work and are started again
// at the same address, again and again. Whatever dies, no order is sold twice and no piece is lost,
// and the gate's table says so; where orders and stock die together, it says that it does not.
//
// How far the work is, is told by the deaths themselves: each comes after so much of it.
#include <signal.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/shop/table.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class CrashTest : public testing::Test {
 protected:
  CrashTest() { setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1); }

  std::string At(const std::string& name) const { return "unix:" + directory_.path() + "/" + name; }

  // In place of one that has died.
  void Start(const std::string& name, const std::string& crash_every = "0") {
    const bool packer = name.substr(0, 6) == "packer";
    std::vector<std::string> words = {
        "service", packer ? "shop.packer" : "shop." + name, "--name", name, "--serve", At(name)};
    if (name == "stock") {
      words.insert(words.end(), {"--serve", Shared()});
    } else if (name == "orders") {
      words.insert(words.end(), {"--call", "stock=" + Shared(), "--call", "prices=" + At("stock"),
                                 "--call", "packer=" + At("packer1"), "--call",
                                 "packer=" + At("packer2"), "--call", "ledger=" + At("ledger")});
    }
    words.insert(words.end(), {"--", "--crash-every", crash_every});
    services_[name] = std::make_unique<Command>(words);
  }
  void StartAll(const std::string& victim, const std::string& crash_every) {
    for (const char* name : {"stock", "packer1", "packer2", "ledger", "orders"})
      Start(name, name == victim ? crash_every : "0");
    gate_ = std::make_unique<Command>(std::vector<std::string>{
        "service", "shop.gate", "--name", "gate", "--call", "orders=" + At("orders"), "--",
        "--orders", "0", "--rate", "2000"});
  }
  // Waits until it dies of its own fault, in the middle of its work.
  void AwaitCrash(const std::string& name) {
    EXPECT_EQ(services_[name]->Wait(), 1) << services_[name]->err();
    EXPECT_TRUE(Contains(services_[name]->err(), name + ": crashes now")) << services_[name]->err();
  }
  void Kill(const std::string& name) {
    services_[name]->Signal(SIGKILL);
    EXPECT_EQ(services_[name]->Wait(), -SIGKILL) << name << ": " << services_[name]->err();
  }
  // Stops the gate, which then asks the others. Returns its table.
  std::string Stop(int exit_status) {
    gate_->Signal(SIGTERM);
    EXPECT_EQ(gate_->Wait(), exit_status) << gate_->err() << gate_->out();
    return gate_->out();
  }
  const std::string& GateSaid() const { return gate_->err(); }

 private:
  std::string Shared() const { return "shm:?path=" + directory_.path() + "/shm"; }

  const TemporaryDirectory directory_;
  std::map<std::string, std::unique_ptr<Command>> services_;
  std::unique_ptr<Command> gate_;
};

class OneDies : public CrashTest, public testing::WithParamInterface<std::string> {};

constexpr int kDeaths = 4;
// More than is under way at once (200 orders): what is made again after one death, twice at most,
// does not bring about the next one.
constexpr char kWorkOfALife[] = "500";

TEST_P(OneDies, AndItStillAddsUp) {
  const std::string& victim = GetParam();
  StartAll(victim, kWorkOfALife);
  for (int death = 1; death <= kDeaths; ++death) {
    AwaitCrash(victim);
    Start(victim, death < kDeaths ? kWorkOfALife : "0");
  }
  const std::string table = Stop(0);
  EXPECT_TRUE(Contains(table, "it adds up\n")) << table;
  EXPECT_GT(NumberOf(table, "sold"), 0) << table;
  const bool orders_died = victim == "orders";
  EXPECT_EQ(NumberOf(table, "orders restarted"), orders_died ? kDeaths : -1) << table;
  EXPECT_EQ(NumberOf(table, "ledger restarted"), victim == "ledger" ? kDeaths : -1) << table;
  // What was under way is asked for again by the bus: of the next one, or of the other packer.
  EXPECT_EQ(NumberOf(table, "unknown"), 0) << table;
  if (!orders_died) {
    EXPECT_EQ(NumberOf(table, "given up"), 0) << table;
  }
}

INSTANTIATE_TEST_SUITE_P(Victims, OneDies, testing::Values("orders", "stock", "packer1", "ledger"),
                         [](const auto& info) { return info.param; });

// A packer's deaths are the clock: at each, somebody else is killed.
TEST_F(CrashTest, EverybodyIsKilledInTurnAndItStillAddsUp) {
  StartAll("packer1", "50");
  for (const char* victim : {"stock", "orders", "ledger", "packer2", "orders", "stock"}) {
    AwaitCrash("packer1");
    Kill(victim);
    Start(victim);
    Start("packer1", "50");
  }
  AwaitCrash("packer1");
  Start("packer1");
  const std::string table = Stop(0);
  EXPECT_TRUE(Contains(table, "it adds up\n")) << table;
  EXPECT_EQ(NumberOf(table, "orders restarted"), 2) << table;
  EXPECT_GT(NumberOf(table, "sold"), 0) << table;
}

// Only these two know what was sold.
TEST_F(CrashTest, WhereOrdersAndStockDieTogetherItSaysThatItDoesNotAddUp) {
  StartAll("packer1", "200");
  AwaitCrash("packer1");
  Start("packer1");
  Kill("orders");
  Kill("stock");
  Start("stock");
  Start("orders");
  const std::string table = Stop(1);
  EXPECT_FALSE(Contains(table, "it adds up\n")) << table;
  EXPECT_TRUE(Contains(GateSaid(), "it does not add up")) << GateSaid();
  EXPECT_TRUE(Contains(GateSaid(), "the gate has receipts of ")) << GateSaid();
}

}  // namespace
}  // namespace jackfield
