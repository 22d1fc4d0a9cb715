// The tree finds what Matches finds, and keeps nothing of patterns that are gone.
#include "services/topics/pattern_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace jackfield::topics {
namespace {

struct Wanting : PatternTree::Entry {
  Wanting(PatternTree& tree, std::string of) : pattern(std::move(of)) { tree.Add(pattern, *this); }
  const std::string pattern;
};

std::vector<std::string> Found(const PatternTree& tree, std::string_view topic) {
  std::vector<std::string> found;
  tree.ForEach(topic, [&](PatternTree::Entry& entry) {
    found.push_back(static_cast<Wanting&>(entry).pattern);
  });
  std::sort(found.begin(), found.end());
  return found;
}

using Patterns = std::vector<std::string>;

TEST(PatternTreeTest, EachWhosePatternMatchesIsFoundOnce) {
  PatternTree tree;
  const Wanting a(tree, "a"), ab(tree, "a.b"), same(tree, "a.b"), star(tree, "a.*"),
      rest(tree, "a.>"), all(tree, ">"), two(tree, "*.*");
  EXPECT_EQ(Found(tree, "a.b"), (Patterns{"*.*", ">", "a.*", "a.>", "a.b", "a.b"}));
  EXPECT_EQ(Found(tree, "a"), (Patterns{">", "a"}));
  EXPECT_EQ(Found(tree, "a.b.c"), (Patterns{">", "a.>"}));
  EXPECT_EQ(Found(tree, "b"), (Patterns{">"}));
}

TEST(PatternTreeTest, NothingIsLeftOfAPatternThatNobodyHas) {
  PatternTree tree;
  EXPECT_TRUE(Found(tree, "a.b").empty());
  auto longer = std::make_unique<Wanting>(tree, "a.b.c.>");
  const Wanting shorter(tree, "a.b");
  EXPECT_EQ(tree.levels(), 5u);
  longer.reset();
  EXPECT_EQ(tree.levels(), 3u);
  EXPECT_EQ(Found(tree, "a.b"), Patterns{"a.b"});
  {
    const Wanting same(tree, "a.b");
    EXPECT_EQ(Found(tree, "a.b").size(), 2u);
  }
  EXPECT_EQ(Found(tree, "a.b"), Patterns{"a.b"});
  EXPECT_EQ(tree.levels(), 3u);
}

std::string RandomName(std::mt19937& random, bool pattern) {
  std::string name;
  const size_t levels = 1 + random() % 4;
  for (size_t i = 0; i < levels; ++i) {
    const size_t kind = pattern ? random() % 5 : 2 + random() % 3;
    if (i != 0) name += '.';
    if (kind == 0 && i + 1 == levels)
      name += '>';
    else
      name += kind <= 1 ? '*' : static_cast<char>('a' + kind);
  }
  return name;
}

TEST(PatternTreeTest, OfThousandsOfPatternsThatComeAndGoItFindsWhatAScanFinds) {
  std::mt19937 random(1);
  PatternTree tree;
  std::vector<std::unique_ptr<Wanting>> all;
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 1000; ++i)
      all.push_back(std::make_unique<Wanting>(tree, RandomName(random, true)));
    std::shuffle(all.begin(), all.end(), random);
    all.resize(all.size() * 2 / 3);
    for (int i = 0; i < 50; ++i) {
      const std::string topic = RandomName(random, false);
      Patterns scanned;
      for (const auto& wanting : all) {
        if (Matches(wanting->pattern, topic)) scanned.push_back(wanting->pattern);
      }
      std::sort(scanned.begin(), scanned.end());
      EXPECT_EQ(Found(tree, topic), scanned) << topic;
    }
  }
  EXPECT_GT(tree.levels(), 1u);
  all.clear();
  EXPECT_EQ(tree.levels(), 1u);
}

TEST(PatternTreeTest, TheDeepestTopicMatchesTheDeepestPatterns) {
  PatternTree tree;
  std::string topic = "a", stars = "*";
  for (size_t i = 1; i < kLevelsMax; ++i) topic += ".a", stars += ".*";
  const Wanting same(tree, topic), any(tree, stars), rest(tree, stars.substr(0, 29) + ".>");
  EXPECT_EQ(Found(tree, topic).size(), 3u);
}

}  // namespace
}  // namespace jackfield::topics
