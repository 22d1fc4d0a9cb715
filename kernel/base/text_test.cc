#include "kernel/base/text.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(Text, JoinsWordsAndNumbers) { EXPECT_EQ(Text("a", 1, ' ', std::string("b"), -2), "a1 b-2"); }

TEST(Text, EscapedLeavesReadableTextAsItIs) {
  for (const std::string_view text :
       {"", "kv", "a b~", "gate → orders → kv", "Größe 3 µs", "日本", "🂡"})
    EXPECT_EQ(Escaped(text), text);
}

TEST(Text, EscapedWritesControlsAsHex) {
  EXPECT_EQ(Escaped("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
  EXPECT_EQ(Escaped(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(Escaped("\xc2\x9b"), "\\xc2\\x9b") << "a control of the second set";
}

TEST(Text, EscapedWritesWhatIsNoUtf8AsHex) {
  EXPECT_EQ(Escaped("\x80"), "\\x80") << "no lead";
  EXPECT_EQ(Escaped("\xc3"), "\\xc3") << "cut short";
  EXPECT_EQ(Escaped("\xe2\x86x"), "\\xe2\\x86x") << "cut short by another";
  EXPECT_EQ(Escaped("\xc0\xaf"), "\\xc0\\xaf") << "longer than it must be";
  EXPECT_EQ(Escaped("\xe0\x80\xaf"), "\\xe0\\x80\\xaf") << "longer than it must be";
  EXPECT_EQ(Escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a pair";
  EXPECT_EQ(Escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "past the last";
  EXPECT_EQ(Escaped("\xff"), "\\xff");
}

TEST(Text, EscapedShowsMarksThatHideOrTurnRoundWhatFollows) {
  EXPECT_EQ(Escaped("\u202e"), "\\xe2\\x80\\xae");
  EXPECT_EQ(Escaped("\u2066"), "\\xe2\\x81\\xa6");
  EXPECT_EQ(Escaped("\u2028"), "\\xe2\\x80\\xa8");
  EXPECT_EQ(Escaped("\u200b"), "\\xe2\\x80\\x8b");
}

TEST(Text, NearestNamesWhatWasProbablyMeant) {
  constexpr std::string_view kWords[] = {"wait", "fail", "drop_oldest"};
  EXPECT_EQ(Nearest("wiat", kWords), "wait");
  EXPECT_EQ(Nearest("drop_odlest", kWords), "drop_oldest");
  EXPECT_EQ(Nearest("something else", kWords), "");
}

TEST(Text, ListedPutsAndBeforeTheLast) {
  constexpr std::string_view kWords[] = {"a", "b", "c"};
  EXPECT_EQ(Listed(std::span(kWords).first(0)), "");
  EXPECT_EQ(Listed(std::span(kWords).first(1)), "a");
  EXPECT_EQ(Listed(std::span(kWords).first(2)), "a and b");
  EXPECT_EQ(Listed(kWords), "a, b and c");
}

}  // namespace
}  // namespace jackfield
