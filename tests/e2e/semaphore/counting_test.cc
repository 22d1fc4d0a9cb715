// The example wiring of the semaphore service as a user runs it: three processes that count in one
// file, whose sum is right only if no two of them did so at once.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

std::string wiring;  // the path of semaphore.toml

uint64_t NumberIn(const std::string& file) {
  uint64_t number = 0;
  std::ifstream(file) >> number;
  return number;
}

class CountingTest : public testing::TestWithParam<std::string> {};

TEST_P(CountingTest, ThreeWorkersCountToTheSum) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("counter", "0\n");
  Command command({"up", wiring, "--over", GetParam(), "--", file, "200"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(NumberIn(file), 600u);
}

TEST_P(CountingTest, AWorkerWithoutItsArgumentsSaysWhatItNeeds) {
  Command command({"up", wiring, "--over", GetParam()});
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_NE(command.err().find("FILE TIMES"), std::string::npos) << command.err();
}

// Whoever is killed while it holds the mutex leaves a number behind, and the mutex to the next.
TEST(KilledWorkerTest, TakesNothingOfWhatWasCountedWithIt) {
  const TemporaryDirectory directory;
  const std::string file = directory.Write("counter", "0\n");
  const std::string address = "unix:" + directory.path() + "/semaphore";
  Command server({"service", "semaphore", "--serve", address});
  uint64_t counted = 0;
  for (int killed = 0; killed < 20; ++killed) {
    Command worker(
        {"service", "semaphore.worker", "--call", "semaphore=" + address, "--", file, "100000"});
    while (NumberIn(file) < counted + 20) usleep(200);
    kill(worker.pid(), SIGKILL);
    worker.Wait();
    EXPECT_GE(NumberIn(file), counted + 20);
    counted = NumberIn(file);
  }
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0) << server.err();
}

INSTANTIATE_TEST_SUITE_P(Over, CountingTest,
                         testing::Values("unix:", "shm:", "mq:?depth=2", "sysv:", "pipe:", "tcp:"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 3) return 2;
  jackfield::wiring = argv[2];
  setenv("JACKFIELD_PROGRAM", argv[1], 1);
  return RUN_ALL_TESTS();
}
