#include "tools/supervisor/relay.h"

#include <fcntl.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

// What a relay makes of pieces that a service wrote.
std::string Relayed(const std::vector<std::string>& pieces, bool terminal = false,
                    bool colour = false) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  Outlet outlet({.fd = ends[1], .terminal = terminal, .colour = colour});
  LogWriter log("", {});
  Relay relay(outlet, log, "kv", 4, 0);
  for (const std::string& piece : pieces) relay.Take(piece);
  relay.End();
  EXPECT_TRUE(outlet.Flush(INT64_MAX, [] { return false; }));
  close(ends[1]);
  std::string text(65'536, '\0');
  const ssize_t got = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

TEST(RelayTest, PutsTheNameInFrontOfEachLineHoweverItComes) {
  EXPECT_EQ(Relayed({"one\ntw", "o\n", "\n"}), "kv   | one\nkv   | two\nkv   | \n");
}

TEST(RelayTest, EndsALastLineThatHasNoEnd) { EXPECT_EQ(Relayed({"no end"}), "kv   | no end\n"); }

TEST(RelayTest, SaysNothingForNothing) { EXPECT_EQ(Relayed({}), ""); }

TEST(RelayTest, CutsALineThatIsTooLong) {
  const std::string half(Relay::kLineBytesMax, 'x');
  EXPECT_EQ(Relayed({half + "tail\n"}), "kv   | " + half + "\nkv   | tail\n");
}

TEST(RelayTest, ShowsProgressOnATerminalAndNowhereElse) {
  EXPECT_EQ(Relayed({"10%\r20%\rdone\n"}), "kv   | done\n");
  EXPECT_EQ(Relayed({"10%\rdone\n"}, true), "\x1b[?7lkv   | 10%\x1b[K\r\x1b[?7hkv   | done\x1b[K\n")
      << "cut at the edge of a narrow one, as only one line is covered by the next";
}

TEST(RelayTest, ALineOfWindowsIsNoProgress) { EXPECT_EQ(Relayed({"one\r\n"}), "kv   | one\n"); }

TEST(RelayTest, ColoursTheNameOnly) {
  EXPECT_EQ(Relayed({"one\n"}, false, true), "\x1b[36mkv   | \x1b[0mone\n");
}

}  // namespace
}  // namespace jackfield
