// The shop as a visitor runs it: by its file, over the media that this names and over one for all,
// and by `jackfield demo` without a file. Nobody dies here, so nothing may be missing.
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/shop/table.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

std::string wiring;  // the path of shop.toml

// Nobody died, and every order of `placed` came to one end.
void ExpectWhole(const std::string& table, int64_t placed) {
  EXPECT_EQ(NumberOf(table, "orders placed"), placed) << table;
  EXPECT_EQ(NumberOf(table, "sold") + NumberOf(table, "no stock") + NumberOf(table, "too dear"),
            placed)
      << table;
  EXPECT_GT(NumberOf(table, "sold"), 0) << table;
  EXPECT_GT(NumberOf(table, "too dear"), 0) << "prices are followed:\n" << table;
  for (const char* row : {"given up", "unknown", "failed", "in doubt"})
    EXPECT_EQ(NumberOf(table, row), 0) << row << " in:\n" << table;
  EXPECT_TRUE(Contains(table, "it adds up\n")) << table;
}

class ShopTest : public testing::TestWithParam<std::string> {
 protected:
  static std::vector<std::string> Over(std::vector<std::string> words) {
    if (!GetParam().empty()) words.insert(words.end(), {"--over", GetParam()});
    return words;
  }
};

TEST_P(ShopTest, AddsUp) {
  std::vector<std::string> words = Over({"up", wiring, "-q"});
  words.insert(words.end(), {"--", "--orders", "2000", "--rate", "2000"});
  Command command(words);
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_EQ(command.err(), "");
  ExpectWhole(command.out(), 2000);
}

TEST_P(ShopTest, SellsWhatIsThereAndNoMore) {
  std::vector<std::string> words = Over({"up", wiring, "-q"});
  words.insert(words.end(), {"--set", "service.stock.run=shop.stock --pieces 100", "--", "--orders",
                             "2000", "--rate", "2000"});
  Command command(words);
  EXPECT_EQ(command.Wait(), 0) << command.err();
  ExpectWhole(command.out(), 2000);
  EXPECT_GT(NumberOf(command.out(), "no stock"), 0) << command.out();
  EXPECT_TRUE(Contains(command.out(), "1  = 0 left + 1 sold\n")) << "kettles: " << command.out();
}

TEST_P(ShopTest, TheDemoNeedsNoFileAndEndsByItself) {
  const TemporaryDirectory elsewhere;
  Command command(Over({"demo", "--orders", "1000"}), elsewhere.path());
  EXPECT_EQ(command.Wait(), 0) << command.err();
  ExpectWhole(command.out(), 1000);
  EXPECT_TRUE(Contains(command.err(), "try in a second terminal")) << command.err();
  EXPECT_TRUE(Contains(command.err(), "shop has finished")) << command.err();
}

INSTANTIATE_TEST_SUITE_P(Over, ShopTest,
                         testing::Values("", "unix:", "pipe:", "tcp:", "inproc:", "shm:"),
                         [](const auto& info) {
                           const std::string& over = info.param;
                           return over.empty() ? "AsTheFileSays" : over.substr(0, over.size() - 1);
                         });

// A person watches the progress line, and presses ^C.
TEST(DemoTest, OnATerminalItSaysHowFarItIsAndAddsUpWhenItIsStopped) {
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
  ASSERT_GE(child, 0);
  if (child == 0) {
    setenv("TERM", "xterm", 1);
    execl(std::getenv("JACKFIELD_PROGRAM"), "jackfield", "demo", "--orders", "0", nullptr);
    _exit(127);
  }
  std::string seen;
  bool stopped = false;
  char bytes[4096];
  for (ssize_t got; (got = read(terminal, bytes, sizeof bytes)) > 0;) {  // EIO: all have closed it
    seen.append(bytes, static_cast<size_t>(got));
    if (stopped || !Contains(seen, " orders: ")) continue;
    stopped = true;
    ASSERT_EQ(write(terminal, "\x03", 1), 1);
  }
  close(terminal);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(stopped) << seen;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 130) << status << ": " << seen;
  EXPECT_TRUE(Contains(seen, "it adds up")) << seen;
}

TEST(DemoTest, RefusesWhatItCannotReadAndStartsNothing) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"demo", "--orders", "some"},
        {"demo", "--orders", ""},
        {"demo", "--over", "unixx"},
        {"demo", "--over", "file:/tmp/jf-nowhere/x"},
        {"demo", "shop.toml"}}) {
    Command command(words);
    EXPECT_EQ(command.Wait(), 2) << words.back() << ": " << command.err();
    EXPECT_NE(command.err(), "") << words.back();
    EXPECT_FALSE(Contains(command.err(), "try in a second terminal")) << command.err();
    EXPECT_EQ(command.out(), "") << words.back();
  }
}

TEST(ShopArgumentsTest, AServiceSaysWhichArgumentItCannotRead) {
  for (const auto& [args, words] :
       {std::pair<std::vector<std::string>, std::string>{
            {"--order", "3"}, "cannot read \"--order\"; it takes --orders, --rate"},
        {{"--orders"}, "--orders needs a number"},
        {{"--orders", "3x"}, "--orders needs a number, such as 100, not \"3x\""},
        {{"--rate", "0"}, "--rate is at least 1"}}) {
    std::vector<std::string> line = {"up", wiring, "-q", "--over", "unix", "--"};
    line.insert(line.end(), args.begin(), args.end());
    Command command(line);
    EXPECT_EQ(command.Wait(), 1) << command.err();
    EXPECT_TRUE(Contains(command.err(), words)) << words << " in: " << command.err();
  }
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 3) return 2;
  jackfield::wiring = argv[2];
  setenv("JACKFIELD_PROGRAM", std::filesystem::absolute(argv[1]).c_str(), 1);
  signal(SIGPIPE, SIG_IGN);
  return RUN_ALL_TESTS();
}
