// `jackfield doctor` as a user sees it: what is wrong is found, in both formats and in the exit
// status, and nothing is changed. What each check finds: tools/doctor/checks_test.cc.
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

class DoctorTest : public ::testing::Test {
 protected:
  DoctorTest() {
    setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1);
    std::filesystem::create_directory(Runtime());
    chmod(Runtime().c_str(), 0700);
  }
  std::string Runtime() const { return directory_.path() + "/jackfield"; }
  // The line that tells of `what`, and those below that belong to it.
  static std::string Of(const std::string& table, const std::string& what) {
    const size_t begin = table.rfind('\n', table.find("  " + what + "  ")) + 1;
    size_t end = table.find('\n', begin) + 1;
    while (table.compare(end, 2, "  ") == 0) end = table.find('\n', end) + 1;
    return table.substr(begin, end - begin);
  }
  TemporaryDirectory directory_;
};

TEST_F(DoctorTest, ItsExitStatusSaysWhetherAnythingFails) {
  Command well({"doctor"});
  const int status = well.Wait();
  EXPECT_EQ(status, ("\n" + well.out()).find("\nFAIL") == std::string::npos ? 0 : 1) << well.out();
  EXPECT_EQ(Of(well.out(), "runtime directory").rfind("ok    ", 0), 0u) << well.out();
  EXPECT_NE(well.err().find(" FAIL\n"), std::string::npos) << "how many of each: " << well.err();

  chmod(Runtime().c_str(), 0755);
  Command sick({"doctor", "-q"});
  EXPECT_EQ(sick.Wait(), 1) << sick.out();
  EXPECT_EQ(sick.err(), "");
  const std::string said = Of(sick.out(), "runtime directory");
  EXPECT_EQ(said.rfind("FAIL  ", 0), 0u) << sick.out();
  EXPECT_NE(said.find("\n      try: chmod 700 " + Runtime() + "\n"), std::string::npos) << said;

  Command json({"doctor", "-o", "json"});
  EXPECT_EQ(json.Wait(), 1);
  EXPECT_NE(json.out().find("{\"mark\":\"FAIL\",\"what\":\"runtime directory\",\"value\":\""),
            std::string::npos)
      << json.out();
  struct stat is {};
  ASSERT_EQ(stat(Runtime().c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777, 0755u) << "it mends nothing";
}

TEST_F(DoctorTest, WhatTheDeadLeftIsToldAndStays) {
  const std::string dead = Runtime() + "/fifo-999999-1";
  ASSERT_EQ(mkfifo(dead.c_str(), 0600), 0);
  Command doctor({"doctor"});
  doctor.Wait();
  const std::string said = Of(doctor.out(), "leftovers of the dead");
  EXPECT_EQ(said.rfind("warn  ", 0), 0u) << said;
  EXPECT_NE(said.find("\n      try: jackfield clean\n"), std::string::npos) << said;
  EXPECT_TRUE(std::filesystem::exists(dead));
}

TEST_F(DoctorTest, WhatItDoesNotKnowIsRefused) {
  for (const auto& words : {std::vector<std::string>{"doctor", "kv"}, {"doctor", "-o", "xml"}}) {
    Command doctor(words);
    EXPECT_EQ(doctor.Wait(), 2);
    EXPECT_EQ(doctor.out(), "");
  }
}

}  // namespace
}  // namespace jackfield
