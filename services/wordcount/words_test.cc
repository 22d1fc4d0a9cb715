#include "services/wordcount/words.h"

#include <string>

#include "gtest/gtest.h"

namespace jackfield::wordcount {
namespace {

std::string Split(std::string_view text) {
  std::string out(text.size() + 1, '\0');
  out.resize(SplitWords(std::as_bytes(std::span(text)), out.data()));
  return out;
}

std::string Counted(const Tally& tally) {
  std::string out;
  for (const WordCount& word : tally.Sorted())
    out += std::to_string(word.count) + " " + word.word + "\n";
  return out;
}

TEST(SplitWords, KeepsLettersInLowerCaseAndNothingElse) {
  EXPECT_EQ(Split("The cat's 2 hats."), "the\ncat\ns\nhats\n");
  EXPECT_EQ(Split(""), "");
  EXPECT_EQ(Split("\xc3\xa9t\xc3\xa9 \xff"
                  "a"),
            "\nt\na");
}

TEST(SplitWords, SaysWhetherThePieceEndsInsideAWord) {
  EXPECT_EQ(Split("ab"), "ab");
  EXPECT_EQ(Split("ab "), "ab\n");
  EXPECT_EQ(Split(" ab"), "\nab");
}

// However a text is cut into pieces, the counts are the same.
TEST(Tally, DoesNotDependOnWhereThePiecesAreCut) {
  const std::string text = "one two, Two three\nthree THREE x";
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t second = first; second <= text.size(); ++second) {
      Tally tally;
      for (const std::string& piece :
           {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
        tally.Add(Split(piece));
      }
      tally.EndText();
      ASSERT_EQ(Counted(tally), "3 three\n2 two\n1 one\n1 x\n") << first << " " << second;
    }
  }
}

TEST(Tally, CountsNothingInATextWithoutLetters) {
  Tally tally;
  tally.Add(Split("12 34\n"));
  tally.EndText();
  EXPECT_EQ(Counted(tally), "");
  EXPECT_EQ(tally.words(), 0u);
}

}  // namespace
}  // namespace jackfield::wordcount
