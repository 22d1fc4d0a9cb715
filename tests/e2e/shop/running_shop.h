// The shop as `jackfield demo` runs it without end, until the test is over or takes it down.
#ifndef JACKFIELD_TESTS_E2E_SHOP_RUNNING_SHOP_H_
#define JACKFIELD_TESTS_E2E_SHOP_RUNNING_SHOP_H_

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {

class RunningShop : public testing::Test {
 protected:
  RunningShop() {
    setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1);
    demo_ = std::make_unique<Command>(std::vector<std::string>{"demo", "--orders", "0"});
    EXPECT_TRUE(demo_->WaitForStderr("shop is up: 6 services")) << demo_->err();
    wiring_ = "shop@" + std::to_string(demo_->pid());
  }
  // Stops it. Returns the gate's table.
  std::string Down() {
    Command down({"down", wiring_});
    EXPECT_EQ(down.Wait(), 0) << down.err();
    end_status_ = demo_->Wait();
    return demo_->out();
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<Command> demo_;
  std::string wiring_;
  int end_status_ = -1;
};

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_E2E_SHOP_RUNNING_SHOP_H_
