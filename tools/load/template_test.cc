#include "tools/load/template.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace jackfield::load {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

absl::StatusOr<std::string> NoFile(std::string_view path) {
  if (path == "names") return std::string("Ada\nsays \"x\"\\\r\nBob");
  if (path == "empty") return std::string();
  return absl::NotFoundError("cannot read " + std::string(path));
}

Template Parsed(std::string_view text, uint64_t seed = 1) {
  absl::StatusOr<Template> parsed = Template::Parse(text, seed, NoFile);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return *std::move(parsed);
}

std::string WhyNot(std::string_view text) {
  const absl::StatusOr<Template> parsed = Template::Parse(text, 1, NoFile);
  return parsed.ok() ? "it is right" : std::string(parsed.status().message());
}

TEST(TemplateTest, TextWithoutHolesStaysAsItIs) {
  Template plain = Parsed(R"({"a":{"b":{}}})");
  EXPECT_FALSE(plain.has_holes());
  EXPECT_EQ(plain.Fill(7), R"({"a":{"b":{}}})");
}

TEST(TemplateTest, CountsRequests) {
  Template counted = Parsed(R"({"id":{{n}},"name":"user {{ n }}"})");
  EXPECT_TRUE(counted.has_holes());
  EXPECT_EQ(counted.Fill(41), R"({"id":41,"name":"user 41"})");
}

TEST(TemplateTest, UniformNumbersReachBothEndsAndNoFurther) {
  Template uniform = Parsed("{{uniform -2 2}}");
  std::map<std::string, int> seen;
  for (int i = 0; i < 5000; ++i) ++seen[uniform.Fill(0)];
  ASSERT_EQ(seen.size(), 5u);
  for (const auto& [number, count] : seen) EXPECT_NEAR(count, 1000, 200) << number;
  EXPECT_EQ(Parsed("{{uniform 3 3}}").Fill(0), "3");
  Parsed("{{uniform -9223372036854775808 9223372036854775807}}").Fill(0);
}

TEST(TemplateTest, ZipfNumbersComeWithTheirWeights) {
  Template zipf = Parsed("{{zipf 1000 1}}");
  std::map<std::string, int> seen;
  for (int i = 0; i < 20'000; ++i) ++seen[zipf.Fill(0)];
  // 1/H(1000) = 13.4 % are 1, half as many 2, a tenth 10.
  EXPECT_NEAR(seen["1"], 2672, 250);
  EXPECT_NEAR(seen["2"], 1336, 200);
  EXPECT_NEAR(seen["10"], 267, 90);
  EXPECT_EQ(seen.count("0"), 0u);
  EXPECT_EQ(seen.count("1001"), 0u);
  EXPECT_EQ(Parsed("{{zipf 1 1.1}}").Fill(0), "1");
  EXPECT_EQ(WhyNot("{{zipf 1e6 1.1}}"), "it is right");
}

TEST(TemplateTest, LinesOfAFileAreEscaped) {
  Template pick = Parsed("{{pick names}}");
  std::map<std::string, int> seen;
  for (int i = 0; i < 300; ++i) ++seen[pick.Fill(0)];
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_GT(seen[R"(says \"x\"\\)"], 50);
}

TEST(TemplateTest, UuidsAndBytesHaveTheirForm) {
  Template uuid = Parsed("{{uuid}}");
  const std::string first = uuid.Fill(0);
  EXPECT_THAT(first, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                  "[0-9a-f]{12}"));
  EXPECT_NE(uuid.Fill(1), first);
  EXPECT_THAT(Parsed("{{bytes 16B}}").Fill(0), MatchesRegex("[A-Za-z0-9_-]{16}"));
  EXPECT_EQ(Parsed("{{bytes 1KiB}}").Fill(0).size(), 1024u);
}

TEST(TemplateTest, TheSameSeedMakesTheSameRequests) {
  Template one = Parsed("{{uuid}}{{bytes 9B}}", 5), same = Parsed("{{uuid}}{{bytes 9B}}", 5);
  Template other = Parsed("{{uuid}}{{bytes 9B}}", 6);
  const std::string filled = one.Fill(0);
  EXPECT_EQ(same.Fill(0), filled);
  EXPECT_NE(other.Fill(0), filled);
}

TEST(TemplateTest, AWrongHoleIsToldWhatIsWrong) {
  EXPECT_THAT(WhyNot("{{unifrom 1 2}}"), HasSubstr("did you mean \"uniform\"?"));
  EXPECT_THAT(WhyNot("{{}}"), HasSubstr("there are n, uniform, zipf, pick, uuid and bytes"));
  EXPECT_THAT(WhyNot("{{n"), HasSubstr("begins a hole that has no }}"));
  EXPECT_THAT(WhyNot("{{n 1}}"), HasSubstr("nothing stands behind n"));
  for (const char* text : {"{{uniform 1}}", "{{uniform 2 1}}", "{{uniform 1 x}}"})
    EXPECT_THAT(WhyNot(text), HasSubstr("write two whole numbers")) << text;
  for (const char* text : {"{{zipf 10}}", "{{zipf 0 1}}", "{{zipf 1000001 1}}", "{{zipf 1.5 1}}",
                           "{{zipf 10 0}}", "{{zipf 10 11}}"}) {
    EXPECT_THAT(WhyNot(text), HasSubstr("write how many numbers, 1..1000000")) << text;
  }
  EXPECT_THAT(WhyNot("{{bytes 17M}}"), HasSubstr("a size of at most 16 MiB"));
  EXPECT_THAT(WhyNot("{{bytes 5}}"), HasSubstr("such as {{bytes 1KiB}}"));
  EXPECT_THAT(WhyNot("{{pick}}"), HasSubstr("name a file"));
  EXPECT_THAT(WhyNot("{{pick gone}}"), HasSubstr("cannot read gone"));
  EXPECT_THAT(WhyNot("{{pick empty}}"), HasSubstr("the file is empty"));
}

}  // namespace
}  // namespace jackfield::load
