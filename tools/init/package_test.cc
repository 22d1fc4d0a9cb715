// What `jackfield init` would write: the template with another name, and the README's first
// service.
#include "tools/init/package.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/init/package_name.h"

namespace jackfield {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> NamesOf(const std::vector<NewFile>& files) {
  std::vector<std::string> names;
  for (const NewFile& file : files) names.push_back(file.name);
  return names;
}

std::string TextOf(const std::vector<NewFile>& files, std::string_view name) {
  for (const NewFile& file : files) {
    if (file.name == name) return file.text;
  }
  ADD_FAILURE() << "no " << name;
  return "";
}

// The template is compiled and tested where it lies; what is written must be that.
TEST(PackageTest, InItsOwnPlaceItIsTheTemplate) {
  for (const NewFile& file : FilesOfPackage("greet", "tools/init/template")) {
    const std::string there = Read("tools/init/template/" + file.name);
    ASSERT_FALSE(there.empty()) << file.name;
    if (file.name != "BUILD.bazel") {
      EXPECT_EQ(file.text, there);
    } else {  // without its end
      EXPECT_EQ(file.text, there.substr(0, file.text.size()));
      EXPECT_THAT(file.text, Not(HasSubstr("filegroup")));
      EXPECT_THAT(there.substr(file.text.size()), HasSubstr("filegroup"));
    }
  }
}

TEST(PackageTest, AnotherNameReplacesTheOldOneEverywhere) {
  const std::vector<NewFile> files = FilesOfPackage("word_1", "a/b/c/word_1");
  EXPECT_THAT(NamesOf(files),
              ElementsAre("word_1.fbs", "greeter.h", "main.cc", "ask.cc", "word_1_test.cc",
                          "word_1.toml", "BUILD.bazel", "README.md"));
  for (NewFile file : files) {
    EXPECT_THAT(file.text, Not(HasSubstr("tools/init"))) << file.name;
    // The interface keeps its name; nothing else does.
    for (const std::string kept : {"greeter", "GREETER"}) {
      for (size_t at = 0; (at = file.text.find(kept)) != file.text.npos;)
        file.text.erase(at, kept.size());
    }
    EXPECT_THAT(file.text, Not(HasSubstr("greet"))) << file.name;
    EXPECT_THAT(file.text, Not(HasSubstr("GREET"))) << file.name;
  }
  EXPECT_THAT(TextOf(files, "word_1.fbs"), HasSubstr("namespace word_1;\n"));
  EXPECT_THAT(TextOf(files, "greeter.h"),
              HasSubstr("#include \"a/b/c/word_1/word_1_service.h\"\n"));
  EXPECT_THAT(TextOf(files, "greeter.h"), HasSubstr("#ifndef WORD_1_GREETER_H_\n"));
  EXPECT_THAT(TextOf(files, "greeter.h"), HasSubstr("class Greeter final : public word_1::Gree"));
  EXPECT_THAT(TextOf(files, "word_1.toml"),
              HasSubstr("\"../../../../bazel-bin/a/b/c/word_1/word_1\"\n"));
  EXPECT_THAT(TextOf(files, "BUILD.bazel"), HasSubstr("name = \"word_1_service\",\n"));
  EXPECT_THAT(TextOf(FilesOfPackage("x", "x"), "x.toml"), HasSubstr("\"../bazel-bin/x/x\"\n"));
}

TEST(PackageTest, AFolderMayHaveTheOldNameInIt) {
  const std::vector<NewFile> files = FilesOfPackage("hello", "greet/GREET/hello");
  EXPECT_THAT(TextOf(files, "main.cc"), HasSubstr("\"greet/GREET/hello/greeter.h\""));
  EXPECT_THAT(TextOf(files, "hello.toml"),
              HasSubstr("\"../../../bazel-bin/greet/GREET/hello/hello\""));
}

// Of a project outside nothing leads into this tree, and all that is compiled is the template's.
TEST(PackageTest, AProjectOfItsOwnNamesNothingOfThisTree) {
  const std::vector<NewFile> cmake = FilesOfProject("word_1", Builder::kCMake);
  const std::vector<NewFile> make = FilesOfProject("word_1", Builder::kMake);
  const std::vector<NewFile> python = FilesOfProject("word_1", Builder::kPython);
  EXPECT_THAT(NamesOf(cmake),
              ElementsAre("word_1.fbs", "greeter.h", "main.cc", "ask.cc", "word_1_test.cc",
                          "word_1.toml", "CMakeLists.txt", "README.md"));
  EXPECT_THAT(NamesOf(make), ElementsAre("word_1.fbs", "greeter.h", "main.cc", "ask.cc",
                                         "word_1_test.cc", "word_1.toml", "Makefile", "README.md"));
  EXPECT_THAT(NamesOf(python),
              ElementsAre("word_1.fbs", "word_1.py", "ask.py", "word_1.toml", "README.md"));
  for (const auto& files : {cmake, make, python}) {
    for (const NewFile& file : files) {
      for (const char* inside : {"tools/", "bazel", "./jackfield", "greet_"})
        EXPECT_THAT(file.text, Not(HasSubstr(inside))) << file.name;
    }
  }
  EXPECT_THAT(TextOf(cmake, "main.cc"), HasSubstr("#include \"greeter.h\"\n"));
  EXPECT_THAT(TextOf(make, "greeter.h"), HasSubstr("#include \"word_1_service.h\"\n"));
  EXPECT_THAT(TextOf(cmake, "word_1.toml"), HasSubstr("run = \"build/word_1\"\n"));
  EXPECT_THAT(TextOf(python, "word_1.toml"), HasSubstr("run = \"./word_1.py\"\n"));
}

TEST(PackageTest, ANameMustFitEverythingThatItNames) {
  for (const char* name : {"greet", "a", "shop2", "word_count", "echo", "semaphore"})
    EXPECT_TRUE(CheckPackageName(name).ok()) << CheckPackageName(name);
  const std::pair<std::string, const char*> kWrongs[] = {
      {"", "a name is made of a-z, 0-9 and '_'"},
      {"Greet", "a name is made of"},
      {"my-service", "a name is made of"},
      {"gr\xc3\xbc\xc3\x9f", "a name is made of"},
      {"2nd", "begins with a letter"},
      {"_greet", "begins with a letter"},
      {"greet_", "no '_' at its end"},
      {"a__b", "or beside another"},
      {std::string(65, 'a'), "at most 64 letters"},
      {"class", "it is a word of C++; a longer name helps, such as my_class"},
      {"co_await", "it is a word of C++"},
      {"string", "it is a type of FlatBuffers"},
      {"jackfield", "its code uses a namespace of that name"},
      {"std", "its code uses a namespace of that name"},
      {"main", "a part of what is written has that name already"},
      {"ask", "a part of what is written has that name already"},
      {"log", "the C library has that name already; a longer name helps, such as my_log"},
      {"tm", "the C library has that name already"},
      {"new_t", "the C library has that name already"},
      {"time", "the C library has that name already"},
  };
  for (const auto& [name, why] : kWrongs) {
    const absl::Status status = CheckPackageName(name);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why)) << name;
  }
}

TEST(PackageTest, AFolderNeedsNoQuotesAnywhere) {
  EXPECT_TRUE(CheckPackageFolder("Some-where/v1.2/my_greet").ok());
  for (const char* folder : {"a b/greet", "a\"b/greet", "a\\b/greet", "$a/greet", "a\n/greet"})
    EXPECT_EQ(CheckPackageFolder(folder).code(), absl::StatusCode::kInvalidArgument) << folder;
}

// The pieces of text of one section that are set in by four spaces.
std::vector<std::string> PiecesOf(const std::string& readme, const std::string& title) {
  std::vector<std::string> pieces;
  std::string piece;
  std::istringstream lines(readme.substr(readme.find("\n## " + title + "\n") + 1));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.rfind("## ", 0) != 0) {
    if (line.rfind("    ", 0) == 0) {
      piece += line.substr(4) + "\n";
    } else if (line.empty() && !piece.empty()) {
      piece += "\n";
    } else if (!piece.empty()) {
      pieces.push_back(piece.substr(0, piece.find_last_not_of('\n') + 2));
      piece.clear();
    }
  }
  if (!piece.empty()) pieces.push_back(piece.substr(0, piece.find_last_not_of('\n') + 2));
  return pieces;
}

TEST(PackageTest, TheReadmeShowsWhatIsWritten) {
  const std::vector<NewFile> files = FilesOfPackage("greet", "services/greet");
  std::vector<std::string> shown;
  for (const std::string& piece : PiecesOf(Read("README.md"), "A first service")) {
    if (piece.rfind("$ ", 0) == 0) continue;  // a terminal
    const auto file = std::find_if(files.begin(), files.end(), [&piece](const NewFile& candidate) {
      return candidate.text.find(piece) != candidate.text.npos;
    });
    if (file == files.end()) {
      ADD_FAILURE() << "README.md shows what `jackfield init services/greet` does not write:\n"
                    << piece;
    } else {
      shown.push_back(file->name);
    }
  }
  EXPECT_THAT(shown, ElementsAre("greet.fbs", "greeter.h", "main.cc", "BUILD.bazel", "greet.toml",
                                 "ask.cc"));
}

}  // namespace
}  // namespace jackfield
