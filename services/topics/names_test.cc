// What is a topic, what is a pattern, and which match.
#include "services/topics/names.h"

#include <gtest/gtest.h>

#include <string>

namespace jackfield::topics {
namespace {

std::string Repeated(std::string_view piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(NamesTest, ATopicIsLevelsWithDotsBetween) {
  for (const char* good : {"a", "a.b", "shop.price.tea", "1.-.!", "größe.α"})
    EXPECT_TRUE(CheckTopic(good).ok()) << CheckTopic(good);
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a b", "a\n", "\x7f", "a.*", "*", "a.>", ">",
                          "a*", "a.b>", "\xff", "a.\xe2\x80\xae"}) {
    EXPECT_EQ(CheckTopic(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(NamesTest, APatternMayHaveAStarForALevelAndTheRestAtItsEnd) {
  for (const char* good : {"a", "*", ">", "*.*", "a.*.c", "a.>", "*.>"})
    EXPECT_TRUE(CheckPattern(good).ok()) << CheckPattern(good);
  for (const char* bad : {"", "a.>.b", ">.a", "a*", "*a.b", "a.b>", "**", "a..>", "a.*."})
    EXPECT_EQ(CheckPattern(bad).code(), absl::StatusCode::kInvalidArgument) << bad;
}

TEST(NamesTest, WhatIsWrongIsSaidOfTheWholeName) {
  EXPECT_EQ(
      CheckPattern("a.>.b").message(),
      "the pattern \"a.>.b\" has a '*' that is not a level, or a '>' that is not the last one");
  EXPECT_EQ(CheckTopic("a.b.*").message(),
            "the topic \"a.b.*\" has a '*' or '>', which only a pattern may have");
}

TEST(NamesTest, TheLimitsAreNamed) {
  const std::string deep = "a" + Repeated(".a", kLevelsMax - 1);
  EXPECT_TRUE(CheckTopic(deep).ok());
  EXPECT_NE(CheckTopic(deep + ".a").ToString().find("has 17 levels; 16 are the limit"),
            std::string::npos)
      << CheckTopic(deep + ".a");
  const std::string longest = Repeated("x", kNameBytesMax);
  EXPECT_TRUE(CheckTopic(longest).ok());
  EXPECT_NE(CheckTopic(longest + "x").ToString().find("has 256 bytes; 255 are the limit"),
            std::string::npos)
      << CheckTopic(longest + "x");
}

TEST(NamesTest, AStarStandsForOneLevelAndTheRestForOneOrMore) {
  struct Case {
    const char *pattern, *topic;
    bool matches;
  };
  for (const Case& is :
       {Case{"a.b", "a.b", true}, Case{"a.b", "a", false}, Case{"a.b", "a.b.c", false},
        Case{"a.b", "a.bc", false}, Case{"*", "a", true}, Case{"*", "a.b", false},
        Case{"a.*.c", "a.b.c", true}, Case{"a.*.c", "a.c", false}, Case{"a.*.c", "a.b.d", false},
        Case{">", "a", true}, Case{">", "a.b.c", true}, Case{"a.>", "a", false},
        Case{"a.>", "a.b", true}, Case{"a.>", "a.b.c", true}, Case{"a.>", "ab.c", false},
        Case{"*.>", "a", false}, Case{"*.>", "a.b", true}}) {
    EXPECT_EQ(Matches(is.pattern, is.topic), is.matches) << is.pattern << " " << is.topic;
  }
}

TEST(NamesTest, APatternCoversWhatMatchesNothingElse) {
  struct Case {
    const char *pattern, *other;
    bool covers, overlap;
  };
  for (const Case& is : {Case{"a.b", "a.b", true, true}, Case{"a.*", "a.b", true, true},
                         Case{"a.b", "a.*", false, true}, Case{"a.*", "a.>", false, true},
                         Case{"a.>", "a.*.b", true, true}, Case{">", "*", true, true},
                         Case{"*", ">", false, true}, Case{"*.>", ">", false, true},
                         Case{"a.>", "a", false, false}, Case{"a.*", "*.b", false, true},
                         Case{"a.*", "a.b.c", false, false}, Case{"a.*.c", "a.b.d", false, false},
                         Case{"a.>", "b.>", false, false}, Case{"*.b", "a.c", false, false}}) {
    EXPECT_EQ(Covers(is.pattern, is.other), is.covers) << is.pattern << " " << is.other;
    EXPECT_EQ(Overlap(is.pattern, is.other), is.overlap) << is.pattern << " " << is.other;
    EXPECT_EQ(Overlap(is.other, is.pattern), is.overlap) << is.other << " " << is.pattern;
  }
}

TEST(NamesTest, TheFixedPartIsWhatIsBeforeTheFirstWildcard) {
  EXPECT_EQ(FixedPart("a.b"), "a.b");
  EXPECT_EQ(FixedPart("a.b.*.c"), "a.b.");
  EXPECT_EQ(FixedPart(">"), "");
}

}  // namespace
}  // namespace jackfield::topics
