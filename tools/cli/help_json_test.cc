// The help as JSON: every table of the program, what is hidden left out.
#include "tools/cli/help_json.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {{'o', "output", "FORMAT", "\"table\" or json"},
                           {'\0', "set", "KEY=VALUE", "a value", true}};

Verb SomeVerb() {
  Verb verb;
  verb.name = "up";
  verb.summary = "start";
  verb.usage = "FILE";
  verb.description = "first\nsecond\n";
  verb.flags = kFlags;
  return verb;
}

constexpr char kVerb[] =
    R"({"name":"up","summary":"start","usage":"FILE","description":"first\u000asecond\u000a",)"
    R"("flags":[{"name":"output","letter":"o","value":"FORMAT","repeats":false,)"
    R"("help":"\"table\" or json"},)"
    R"({"name":"set","letter":"","value":"KEY=VALUE","repeats":true,"help":"a value"}]})";

TEST(HelpJsonTest, AVerbIsAnObjectWithItsFlags) {
  EXPECT_EQ(HelpOfVerbAsJson(SomeVerb()), std::string(kVerb) + "\n");
}

TEST(HelpJsonTest, TheProgramIsOneObjectWithoutWhatIsHidden) {
  Program program;
  program.verbs = {SomeVerb(), SomeVerb()};
  program.verbs[1].hidden = true;
  program.services = {{"kv", nullptr, "keeps"}, {"log", nullptr, "counts"}};
  const std::string json = HelpOfProgramAsJson(program);
  const std::string head = "{\"verbs\":[" + std::string(kVerb) + "],\"flags\":[{\"name\":\"help\",";
  EXPECT_EQ(json.substr(0, head.size()), head) << "and the flags of every verb";
  const std::string tail =
      "}],\"services\":[{\"name\":\"kv\",\"summary\":\"keeps\"},{\"name\":\"log\",\"summary\":"
      "\"counts\"}]}\n";
  ASSERT_GT(json.size(), tail.size());
  EXPECT_EQ(json.substr(json.size() - tail.size()), tail);
}

}  // namespace
}  // namespace jackfield
