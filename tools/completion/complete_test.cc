// What may stand where TAB is pressed: by the tables of verbs and flags, and nothing else.
#include "tools/completion/complete.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/completion/scripts.h"
#include "transports/builtin.h"

namespace jackfield::completion {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Flag kFlags[] = {{'o', "output", "FORMAT", "table or json"},
                           {'\0', "over", "SCHEME", "a medium"},
                           {'\0', "set", "KEY=VALUE", "a value", true},
                           {'d', "detach", "", "come back"},
                           {'w', "wiring", "WIRING", "its name"}};

class CompleteTest : public ::testing::Test {
 protected:
  CompleteTest() {
    AddBuiltinTransports(registry_);
    program_.registry = &registry_;
    Add("up", "FILE [-- ARGS…]", kFlags).summary = "start";
    Add("ps", "[WIRING]", kFlags);
    Add("logs", "[SERVICE…]", kFlags);
    Add("call", "TARGET [INTERFACE/]METHOD [JSON]", kFlags);
    Add("explain", "ADDRESS | FILE A B");
    Add("clean", "[--dry-run]");
    Add("shell", "bash | zsh");
    Add("help", "[VERB]");
    Add("secret", "").hidden = true;
  }
  Verb& Add(std::string_view name, std::string_view usage, std::span<const Flag> flags = {}) {
    Verb verb;
    verb.name = name;
    verb.usage = usage;
    verb.flags = flags;
    return program_.verbs.emplace_back(verb);
  }
  Completion Of(const std::vector<std::string>& words) { return Complete(program_, words); }
  std::vector<std::string> Words(const std::vector<std::string>& words) {
    std::vector<std::string> all;
    for (const Candidate& candidate : Of(words).candidates) all.push_back(candidate.word);
    return all;
  }
  Registry registry_;
  Program program_;
};

TEST_F(CompleteTest, TheFirstWordIsAVerbThatIsNotHidden) {
  EXPECT_THAT(Words({""}),
              ElementsAre("up", "ps", "logs", "call", "explain", "clean", "shell", "help"));
  EXPECT_EQ(Words({}), Words({""}));
  EXPECT_THAT(Words({"c"}), ElementsAre("call", "clean"));
  EXPECT_THAT(Words({"se"}), IsEmpty());
  EXPECT_THAT(Words({"--v"}), ElementsAre("--version"));
  EXPECT_EQ(Of({"u"}).candidates[0].about, "start");
}

TEST_F(CompleteTest, FlagsAreThoseOfTheVerbAndTheCommonOnes) {
  EXPECT_THAT(Words({"up", "-"}), ElementsAre("--output", "--over", "--set", "--detach", "--wiring",
                                              "--help", "--version", "--quiet", "--verbose"));
  EXPECT_THAT(Words({"up", "--o"}), ElementsAre("--output", "--over"));
  EXPECT_THAT(Words({"clean", "--o"}), IsEmpty()) << "it has none of these";
  EXPECT_THAT(Words({"up", "--over", "tcp", "--o"}), ElementsAre("--output")) << "given already";
  EXPECT_THAT(Words({"up", "-o", "json", "--o"}), ElementsAre("--over")) << "by its letter, too";
  EXPECT_THAT(Words({"up", "--set", "a=1", "--s"}), ElementsAre("--set")) << "it repeats";
}

TEST_F(CompleteTest, TheValueOfAFlagIsWhatItsTableSays) {
  EXPECT_THAT(Words({"up", "--output", ""}), ElementsAre("table", "json"));
  EXPECT_THAT(Words({"up", "-o", "j"}), ElementsAre("json"));
  EXPECT_THAT(Words({"up", "-do", "j"}), ElementsAre("json")) << "behind a switch";
  EXPECT_THAT(Words({"up", "--over", "s"}), Contains("shm"));
  EXPECT_THAT(Words({"up", "--over", "s"}), Not(Contains("tcp")));
  EXPECT_TRUE(Of({"up", "--wiring", ""}).wirings);
  EXPECT_TRUE(Of({"up", "--detach", ""}).files) << "a switch takes none: this is the operand";
  const Completion behind = Of({"up", "--over=un"});
  ASSERT_EQ(behind.candidates.size(), 1u);
  EXPECT_EQ(ToLines(behind), "--over=unix\n");
}

TEST_F(CompleteTest, AnOperandIsWhatTheUsageSays) {
  EXPECT_TRUE(Of({"up", ""}).files);
  EXPECT_FALSE(Of({"up", "a.toml", ""}).files) << "it takes one";
  EXPECT_TRUE(Of({"up", "a.toml", "--", "--o"}).files) << "for somebody else";
  EXPECT_THAT(Words({"up", "a.toml", "--", "--o"}), IsEmpty());
  EXPECT_TRUE(Of({"ps", ""}).wirings);
  EXPECT_FALSE(Of({"ps", "shop", ""}).wirings);
  EXPECT_TRUE(Of({"logs", ""}).services);
  EXPECT_TRUE(Of({"logs", "a", "b", ""}).services) << "as many as one likes";
  EXPECT_TRUE(Of({"call", "un"}).services);
  EXPECT_THAT(Words({"call", "un"}), ElementsAre("unix:"));
  EXPECT_FALSE(Of({"call", "kv", ""}).services);
  EXPECT_TRUE(Of({"explain", ""}).files);
  EXPECT_THAT(Words({"explain", "tc"}), ElementsAre("tcp:")) << "either";
  EXPECT_FALSE(Of({"explain", "a.toml", ""}).files);
  EXPECT_THAT(Words({"shell", ""}), ElementsAre("bash", "zsh"));
  EXPECT_THAT(Words({"help", "u"}), ElementsAre("up"));
  EXPECT_EQ(ToLines(Of({"clean", ""})), "");
}

TEST_F(CompleteTest, AMethodIsOfTheTargetThatStandsBeforeIt) {
  EXPECT_EQ(Of({"call", "kv", ""}).methods_of, "kv");
  EXPECT_EQ(Of({"call", "unix:@a/b", "G"}).methods_of, "unix:@a/b");
  EXPECT_EQ(Of({"call", "kv", "Get", ""}).methods_of, "") << "JSON";
  EXPECT_EQ(Of({"call", "kv"}).methods_of, "") << "the service is still being written";
  Completion behind = Of({"call", "kv/Ge"});
  EXPECT_EQ(behind.methods_of, "kv");
  behind.Add("Get");
  behind.Add("Put");
  EXPECT_EQ(ToLines(behind), "kv/Get\n");
  EXPECT_EQ(Of({"call", "unix:/tmp/x"}).methods_of, "") << "that is a path";
  EXPECT_EQ(Of({"logs", "kv/x"}).methods_of, "") << "it takes no method";
}

TEST_F(CompleteTest, TheWiringThatIsNamedIsTheOneThatIsAsked) {
  EXPECT_EQ(Of({"logs", ""}).wiring, "");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"logs", "--wiring", "shop", ""},
        {"logs", "--wiring=shop", ""},
        {"logs", "-w", "shop", "a", ""}}) {
    EXPECT_EQ(Of(words).wiring, "shop");
    EXPECT_TRUE(Of(words).services);
  }
}

TEST_F(CompleteTest, WhatNobodyKnowsHasNoAnswer) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"frobnicate", ""},
                                                {"up", "--frob="},
                                                {"up", "-oj"},
                                                {"up", "-z", "--frob", "-", "a", "b", "c", "d"},
                                                {"", ""}})
    EXPECT_EQ(ToLines(Of(words)), "") << words[0];
}

TEST_F(CompleteTest, AnAnswerIsALineForEachWord) {
  Completion completion = Of({"up", "x"});
  completion.Add("xy", "what it is");
  completion.Add("xy");
  completion.Add("ab");
  completion.Add("x\ny");
  EXPECT_EQ(ToLines(completion), "xy\twhat it is\nx\\x0ay\n:files\n");
}

TEST(ScriptsTest, EachAsksTheProgramThatIsCalled) {
  std::vector<std::string_view> shells;
  for (const Script& script : Scripts()) {
    shells.push_back(script.shell);
    EXPECT_NE(script.text.find(" __complete "), std::string_view::npos) << script.shell;
    EXPECT_NE(script.text.find(":files"), std::string_view::npos) << script.shell;
  }
  EXPECT_THAT(shells, ElementsAre("bash", "zsh", "fish"));
}

}  // namespace
}  // namespace jackfield::completion
