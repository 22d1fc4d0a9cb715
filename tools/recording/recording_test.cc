#include "tools/recording/recording.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/text.h"

namespace jackfield::recording {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Recording, IsReadAsItWasWritten) {
  const Call call{.after_ns = 12,
                  .method = "a.B/C",
                  .request = R"({"text": "\"x\"\n"})",
                  .code = "OK",
                  .answer = R"({"n": 1.5})"};
  const Call one_way{.after_ns = 13, .method = "a.B/D", .request = "{}", .code = "", .answer = ""};
  const absl::StatusOr<Recording> read =
      Parse(Text(HeadLine("kv"), "\n", LineOf(call), "\n", LineOf(one_way), "\n"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->service, "kv");
  ASSERT_EQ(read->calls.size(), 2u);
  EXPECT_EQ(read->calls[0].after_ns, 12);
  EXPECT_EQ(read->calls[0].method, call.method);
  EXPECT_EQ(read->calls[0].request, call.request);
  EXPECT_EQ(read->calls[0].code, "OK");
  EXPECT_EQ(read->calls[0].answer, call.answer);
  EXPECT_EQ(read->calls[1].code, "");
}

TEST(Recording, WhatIsNoneIsRefusedWithItsLine) {
  EXPECT_THAT(Parse("{\"a\":1}").status().message(), HasSubstr("line 1: this is no recording"));
  EXPECT_THAT(Parse("hello").status().message(), HasSubstr("line 1: "));
  EXPECT_THAT(Parse("{\"jackfield_recording\":9}").status().message(),
              HasSubstr("another version"));
  EXPECT_THAT(Parse(Text(HeadLine("kv"), "\n[1]\n")).status().message(),
              HasSubstr("line 2: this is no JSON object"));
  EXPECT_THAT(Parse(Text(HeadLine("kv"), "\n{\"method\":\"a.B/C\"}\n")).status().message(),
              HasSubstr("line 2: a call has a method and a request"));
}

TEST(Recording, DifferencesAreNamedByField) {
  EXPECT_THAT(Differences(R"({"a": 1, "b": {"c": [1, 2]}})", R"({"a": 1, "b": {"c": [1, 3]}})", 9),
              ElementsAre("b.c[1]: 2 before, 3 now"));
  EXPECT_THAT(Differences(R"({"a": 1})", R"({"a": 1, "b": "x"})", 9),
              ElementsAre("b: nothing before, x now"));
  EXPECT_THAT(Differences(R"({"a": 1})", R"({"a": "1x"})", 9), ElementsAre("a: 1 before, 1x now"));
  EXPECT_THAT(Differences("{\"a\": 1}", "no", 9), ElementsAre(HasSubstr("before, no now")));
}

TEST(Recording, WhatIsTheSameDoesNotDiffer) {
  EXPECT_THAT(Differences(R"({"a": 1, "b": 2})", R"({"b":2,"a":1})", 9), IsEmpty());
  EXPECT_THAT(Differences("", "", 9), IsEmpty());
}

TEST(Recording, OfManyDifferencesTheFirstAreNamed) {
  EXPECT_EQ(Differences("[1,2,3,4]", "[5,6,7,8]", 2).size(), 2u);
}

}  // namespace
}  // namespace jackfield::recording
