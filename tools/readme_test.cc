// The README names the verbs that there are, in the order of the help, with an example each, and no
// others.
#include <fstream>
#include <sstream>

#include "gtest/gtest.h"
#include "tools/verbs/all.h"

namespace jackfield {
namespace {

std::string Readme() {
  std::ostringstream text;
  text << std::ifstream("tools/README.md").rdbuf();
  return text.str();
}

TEST(ReadmeTest, ItsTableNamesEveryVerbAndNoOther) {
  std::vector<std::string> listed;
  std::istringstream lines(Readme());
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `", 0) == 0)
      listed.push_back(line.substr(3, line.find_first_of(" `", 3) - 3));
  }
  std::vector<std::string> verbs;
  for (const Verb& verb : AllVerbs()) {
    if (!verb.hidden) verbs.emplace_back(verb.name);
  }
  EXPECT_EQ(listed, verbs);
}

TEST(ReadmeTest, EveryVerbHasAnExample) {
  const std::string text = Readme();
  for (const Verb& verb : AllVerbs()) {
    if (verb.hidden) continue;
    EXPECT_NE(text.find("$ jackfield " + std::string(verb.name)), std::string::npos) << verb.name;
  }
}

}  // namespace
}  // namespace jackfield
