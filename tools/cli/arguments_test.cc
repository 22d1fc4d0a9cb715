#include "tools/cli/arguments.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'o', "output", "FORMAT", "table or json"},
    {'q', "quiet", "", "no messages"},
    {'v', "verbose", "", "more"},
    {'\0', "set", "KEY=VALUE", "change a value", true},
};

absl::StatusOr<Arguments> Parse(std::vector<std::string> words,
                                RestAllowed rest = RestAllowed::kYes) {
  return ParseArguments(words, kFlags, rest);
}

std::string ErrorOf(std::vector<std::string> words, RestAllowed rest = RestAllowed::kYes) {
  return std::string(Parse(std::move(words), rest).status().message());
}

TEST(ArgumentsTest, TakesAValueFromTheNextWordOrBehindAnEqualsSignOrAtTheLetter) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--output", "json"},
                                                {"--output=json"},
                                                {"-o", "json"},
                                                {"-ojson"},
                                                {"-qojson"}}) {
    const auto arguments = Parse(words);
    ASSERT_TRUE(arguments.ok()) << arguments.status();
    EXPECT_EQ(arguments->Find("output"), "json");
  }
}

TEST(ArgumentsTest, JoinsSwitchesInOneWord) {
  const auto arguments = Parse({"-qv"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_TRUE(arguments->Has("quiet"));
  EXPECT_TRUE(arguments->Has("verbose"));
  EXPECT_FALSE(arguments->Has("output"));
}

TEST(ArgumentsTest, LeavesWhatStandsBehindTheDashesAlone) {
  const auto arguments = Parse({"a", "-q", "b", "--", "--output", "--", "-x"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->operands, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(arguments->rest, (std::vector<std::string>{"--output", "--", "-x"}));
}

TEST(ArgumentsTest, ASingleDashIsAnOperand) {
  const auto arguments = Parse({"-"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->operands, std::vector<std::string>{"-"});
}

TEST(ArgumentsTest, KeepsTheOrderOfAFlagThatRepeats) {
  const auto arguments = Parse({"--set", "a=1", "--set=b=2"});
  ASSERT_TRUE(arguments.ok());
  EXPECT_EQ(arguments->All("set"), (std::vector<std::string>{"a=1", "b=2"}));
}

TEST(ArgumentsTest, RefusesInOneSentence) {
  EXPECT_EQ(ErrorOf({"--ouput=json"}), "no flag \"--ouput\"; did you mean \"--output\"?");
  EXPECT_EQ(ErrorOf({"--zzz"}), "no flag \"--zzz\"");
  EXPECT_EQ(ErrorOf({"-qz"}), "no flag \"-z\" (in \"-qz\")");
  EXPECT_EQ(ErrorOf({"--output"}), "--output needs a value: --output FORMAT");
  EXPECT_EQ(ErrorOf({"--output", "--"}), "--output needs a value: --output FORMAT");
  EXPECT_EQ(ErrorOf({"--quiet=yes"}), "--quiet is a switch and takes no value");
  EXPECT_EQ(ErrorOf({"-q", "--quiet"}), "--quiet is given twice");
  EXPECT_EQ(ErrorOf({"--", "x"}, RestAllowed::kNo),
            "nothing is expected behind \"--\", but there is \"x\"");
}

TEST(ArgumentsTest, DescribesEachFlagInColumns) {
  EXPECT_EQ(DescribeFlags(kFlags),
            "  -o, --output FORMAT  table or json\n"
            "  -q, --quiet          no messages\n"
            "  -v, --verbose        more\n"
            "      --set KEY=VALUE  change a value\n");
}

}  // namespace
}  // namespace jackfield
