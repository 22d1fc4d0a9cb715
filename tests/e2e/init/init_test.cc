// jackfield init, as a user runs it, in a workspace that is empty: what it writes is what it says,
// and what was there stays. That it builds and runs: //tools/init/template, which it is.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;

namespace fs = std::filesystem;

// Each file below `folder`, by its path from there, with its text; folders have a '/' at the end.
std::map<std::string, std::string> FilesBelow(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::ostringstream text;
    if (entry.is_regular_file()) text << std::ifstream(entry.path()).rdbuf();
    files[entry.path().lexically_relative(folder).string() + (entry.is_directory() ? "/" : "")] =
        text.str();
  }
  return files;
}

class InitTest : public ::testing::Test {
 protected:
  void SetUp() override { workspace_.Write("WORKSPACE", ""); }

  // Runs it in `folder` of the workspace. Nothing may change.
  void ExpectRefused(const std::string& operand, int exit_status, const std::string& says) {
    const auto before = FilesBelow(workspace_.path());
    Command command({"init", operand}, workspace_.path());
    EXPECT_EQ(command.Wait(), exit_status) << operand;
    EXPECT_THAT(command.err(), HasSubstr(says)) << operand;
    EXPECT_EQ(command.out(), "") << operand;
    EXPECT_EQ(FilesBelow(workspace_.path()), before) << operand;
  }

  const TemporaryDirectory workspace_;
};

TEST_F(InitTest, WritesAPackageAndSaysWhatToDo) {
  Command command({"init", "services/hello"}, workspace_.path());
  EXPECT_EQ(command.Wait(), 0);
  EXPECT_EQ(command.out(),
            "wrote services/hello: hello.fbs greeter.h main.cc ask.cc hello_test.cc hello.toml "
            "BUILD.bazel README.md\n");
  EXPECT_EQ(command.err(),
            "try: ./jackfield up services/hello/hello.toml\n"
            "     ./jackfield call hello Greet '{\"name\":\"Ada\"}'      (in a second terminal)\n"
            "     ./jackfield test //services/hello/...\n");
  const auto files = FilesBelow(workspace_.path() + "/services/hello");
  EXPECT_THAT(files, ElementsAre(Key("BUILD.bazel"), Key("README.md"), Key("ask.cc"),
                                 Key("greeter.h"), Key("hello.fbs"), Key("hello.toml"),
                                 Key("hello_test.cc"), Key("main.cc")));
  for (const auto& [name, text] : files) {
    EXPECT_FALSE(text.empty()) << name;
    EXPECT_THAT(text, Not(HasSubstr("greet_"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("greet::"))) << name;
    EXPECT_THAT(text, Not(HasSubstr("template"))) << name;
  }
  EXPECT_THAT(files.at("main.cc"), HasSubstr("#include \"services/hello/greeter.h\"\n"));
}

// With a stand-in for what the build would make, the wiring is right as it stands.
TEST_F(InitTest, ItsWiringIsRight) {
  OutputOf({"init", "-q", "hello"}, workspace_.path());
  ASSERT_TRUE(fs::create_directories(workspace_.path() + "/bazel-bin/hello"));
  const std::string program = workspace_.Write("bazel-bin/hello/hello", "#!/bin/sh\n");
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);
  EXPECT_EQ(OutputOf({"check", "hello/hello.toml"}, workspace_.path()),
            "hello/hello.toml: ok, 1 service, 0 channels, 1 to the outside\n");
}

TEST_F(InitTest, FindsTheWorkspaceFromWithinIt) {
  ASSERT_TRUE(fs::create_directories(workspace_.path() + "/services/greet"));
  workspace_.Write("services/greet/notes.txt", "mine");
  Command command({"init", "-q", "."}, workspace_.path() + "/services/greet");
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_THAT(command.out(), HasSubstr("wrote services/greet: greet.fbs "));
  EXPECT_EQ(command.err(), "");
  EXPECT_EQ(FilesBelow(workspace_.path()).at("services/greet/notes.txt"), "mine");

  Command other({"init", "-q", "../more/hello/"}, workspace_.path() + "/services");
  EXPECT_EQ(other.Wait(), 0) << other.err();
  EXPECT_THAT(other.out(), HasSubstr("wrote more/hello: hello.fbs "));
}

TEST_F(InitTest, InTheWorkspaceOfOthersItsLabelsAreOfThisRepository) {
  workspace_.Write("WORKSPACE", "load(\"@jackfield//third_party:deps.bzl\", \"jackfield_deps\")\n");
  Command command({"init", "hello"}, workspace_.path());
  EXPECT_EQ(command.Wait(), 0);
  EXPECT_THAT(command.err(), HasSubstr("try: bazel build //hello/...\n     jackfield up hello/"));
  const auto files = FilesBelow(workspace_.path() + "/hello");
  const std::string& build = files.at("BUILD.bazel");
  EXPECT_THAT(build, HasSubstr("load(\"@jackfield//tools/stubs:stubs.bzl\""));
  EXPECT_THAT(build, HasSubstr("\"@jackfield//bindings/cpp:jackfield\""));
  for (const char* of_this_one : {"\"//tools", "\"//bindings"})
    EXPECT_THAT(build, Not(HasSubstr(of_this_one)));
  for (const auto& [name, text] : files) EXPECT_THAT(text, Not(HasSubstr("./jackfield"))) << name;
}

TEST_F(InitTest, OverwritesNothing) {
  OutputOf({"init", "-q", "hello"}, workspace_.path());
  ExpectRefused("hello", 2,
                "hello has hello.fbs, greeter.h, main.cc, ask.cc, hello_test.cc, "
                "hello.toml, BUILD.bazel and README.md already; nothing was written\n");

  ASSERT_TRUE(fs::create_directory(workspace_.path() + "/one"));
  workspace_.Write("one/README.md", "mine");
  ExpectRefused("one", 2, "one has README.md already; nothing was written\n");

  // A link that leads nowhere is something, too.
  ASSERT_TRUE(fs::create_directory(workspace_.path() + "/dangling"));
  ASSERT_EQ(symlink("nowhere", (workspace_.path() + "/dangling/ask.cc").c_str()), 0);
  ExpectRefused("dangling", 2, "dangling has ask.cc already; nothing was written\n");

  ASSERT_TRUE(fs::create_directory(workspace_.path() + "/old"));
  workspace_.Write("old/BUILD", "");
  ExpectRefused("old", 2, "old has BUILD already, which a BUILD.bazel would hide; nothing was");
}

TEST_F(InitTest, WhatTheSystemRefusesLeavesNothingBehind) {
  workspace_.Write("file", "");
  ExpectRefused("file/hello", 1, "/file: it is no folder; nothing was written\n");
  ExpectRefused("new/" + std::string(300, 'a') + "/hello", 1,
                "File name too long; nothing was written\n");
}

TEST_F(InitTest, RefusesNamesWithTheirRule) {
  ExpectRefused("services/Hello", 2,
                "jackfield: \"Hello\" cannot name a new service: a name is made of a-z, 0-9 and "
                "'_', begins with a letter, and has no '_' at its end or beside another\n");
  ExpectRefused("services/class", 2, "\"class\" cannot name a new service: it is a word of C++");
  ExpectRefused("services/std", 2, "its code uses a namespace of that name");
  ExpectRefused("two words/hello", 2, "a service cannot lie in \"two words/hello\": names of");
  ExpectRefused("", 2, "\"\" is no folder: write one, such as services/greet\n");
}

TEST(InitOutsideTest, OutsideAWorkspaceItSaysWhatHelps) {
  const TemporaryDirectory directory;
  Command command({"init", "greet"}, directory.path());
  EXPECT_EQ(command.Wait(), 2);
  EXPECT_THAT(command.err(), HasSubstr("no folder above " + directory.path() +
                                       "/greet has a WORKSPACE; a new service lies within a "
                                       "checkout of Jackfield"));
  EXPECT_THAT(command.err(), HasSubstr("\n  try: jackfield init services/greet, from the root"));
  EXPECT_THAT(command.err(), HasSubstr("\n  or:  jackfield init greet --build cmake, anywhere"));
  EXPECT_THAT(FilesBelow(directory.path()), IsEmpty());
}

// What it writes there builds and runs: tests/outside.
TEST(InitOutsideTest, AProjectOfItsOwnNeedsNoWorkspace) {
  const TemporaryDirectory directory;
  Command cmake({"init", "some where/hello", "--build", "cmake"}, directory.path());
  EXPECT_EQ(cmake.Wait(), 0);
  EXPECT_EQ(cmake.out(),
            "wrote hello: hello.fbs greeter.h main.cc ask.cc hello_test.cc hello.toml "
            "CMakeLists.txt README.md\n");
  EXPECT_EQ(cmake.err(),
            "try, in hello:\n"
            "     cmake -B build && cmake --build build\n"
            "     jackfield up hello.toml\n"
            "     jackfield call hello Greet '{\"name\":\"Ada\"}'      (in a second terminal)\n");

  Command python({"init", "-q", "hello", "--lang", "python"}, directory.path());
  EXPECT_EQ(python.Wait(), 0);
  EXPECT_EQ(access((directory.path() + "/hello/hello.py").c_str(), X_OK), 0);
  EXPECT_NE(access((directory.path() + "/hello/hello.toml").c_str(), X_OK), 0);
}

TEST(InitOutsideTest, RefusesWhatNoBuildCanDo) {
  const TemporaryDirectory directory;
  const std::pair<std::vector<std::string>, const char*> kWrongs[] = {
      {{"init", "x", "--build", "meson"}, "--build is bazel, cmake or make, and not \"meson\""},
      {{"init", "x", "--lang", "go"}, "--lang is cpp or python, and not \"go\""},
      {{"init", "x", "--lang", "python", "--build", "make"}, "--lang python has no --build"},
      {{"init", "test", "--build", "make"}, "the build has a target of that name"},
  };
  for (const auto& [words, says] : kWrongs) {
    Command command(words, directory.path());
    EXPECT_EQ(command.Wait(), 2) << says;
    EXPECT_THAT(command.err(), HasSubstr(says));
  }
  EXPECT_THAT(FilesBelow(directory.path()), IsEmpty());
}

}  // namespace
}  // namespace jackfield
