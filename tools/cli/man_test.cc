// Manual pages: what stands in the tables stands in them, and nothing of it is read as a request.
#include "tools/cli/man.h"

#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Flag kFlags[] = {{'o', "output", "FORMAT", "a \"table\" or json"},
                           {'\0', "dry-run", "", ".says, and does nothing", true}};

Verb SomeVerb() {
  Verb verb;
  verb.name = "up";
  verb.summary = "start it";
  verb.usage = "FILE [-- ARGS…]";
  verb.description =
      "Does it\\now.\n.And more.\n\n  kept   as it is\n  'both\n\nexit status: 0 done, 1 not\nso\n";
  verb.flags = kFlags;
  return verb;
}

TEST(ManTest, APageHasTheSectionsThatPeopleExpect) {
  const std::string page = ManOfVerb(SomeVerb());
  EXPECT_THAT(page, StartsWith(".TH JACKFIELD-UP 1 \"\" \"jackfield "));
  size_t at = 0;
  for (const char* section : {".SH NAME\n", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n",
                              ".SH EXIT STATUS\n", ".SH OPTIONS\n", ".SH SEE ALSO\n"}) {
    const size_t next = page.find(section);
    ASSERT_NE(next, page.npos) << section << page;
    EXPECT_GE(next, at) << section;
    at = next;
  }
  EXPECT_THAT(page, HasSubstr("jackfield\\-up \\- start it\n"));
  EXPECT_THAT(page, HasSubstr("FILE [\\-\\- ARGS\\[u2026]]\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\n0 done, 1 not\nso\n"));
  EXPECT_THAT(page, HasSubstr(".PP\n.nf\n  kept   as it is\n"));
}

TEST(ManTest, TextIsNeverARequest) {
  const std::set<std::string> kRequests = {".TH", ".SH", ".PP", ".TP", ".nf", ".fi"};
  std::istringstream lines(ManOfVerb(SomeVerb()));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_FALSE(line.empty()) << "an empty line is a request, too";
    EXPECT_NE(line[0], '\'') << line;
    if (line[0] == '.') {
      EXPECT_TRUE(kRequests.contains(line.substr(0, 3))) << line;
    }
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~') << line;
  }
  EXPECT_THAT(ManOfVerb(SomeVerb()), HasSubstr("Does it\\enow.\n\\&.And more.\n"));
}

TEST(ManTest, EveryFlagIsThereThoseOfAllVerbsToo) {
  const std::string page = ManOfVerb(SomeVerb());
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fIFORMAT\\fR\na "
                              "\\(dqtable\\(dq or json\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-\\-dry\\-run\\fR\n\\&.says, and does nothing; may be "
                              "given more than once\n"));
  for (const Flag& flag : CommonFlags())
    EXPECT_THAT(page, HasSubstr("\\fB\\-\\-" + std::string(flag.name) + "\\fR\n"));
}

TEST(ManTest, ThePageOfTheProgramListsItsVerbsAndServicesButNothingHidden) {
  Program program;
  program.verbs = {SomeVerb(), SomeVerb()};
  program.verbs[1].name = "secret";
  program.verbs[1].hidden = true;
  program.services = {{"kv", nullptr, "keeps"}};
  const std::string page = ManOfProgram(program);
  EXPECT_THAT(page, HasSubstr(".TP\n\\fBup\\fR\nstart it\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fBkv\\fR\nkeeps\n"));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace jackfield
