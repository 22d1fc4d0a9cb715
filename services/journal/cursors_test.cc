// Named places in a log: what of them survives, and what is refused.
#include "services/journal/cursors.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "kernel/base/text.h"

namespace jackfield::journal {
namespace {

class CursorsTest : public testing::Test {
 protected:
  CursorsTest() {
    char name[] = "/tmp/jackfield_cursors.XXXXXX";
    top_ = mkdtemp(name);
    path_ = top_ + "/cursors";
  }
  ~CursorsTest() override { std::filesystem::remove_all(top_); }
  Cursors Opened(uint64_t last = 100) { return Cursors::Open(path_, last, true).value(); }
  std::string top_, path_;
};

TEST_F(CursorsTest, WhatWasSetSurvives) {
  {
    Cursors cursors = Opened();
    EXPECT_EQ(cursors.Find("mail"), std::nullopt);
    EXPECT_TRUE(cursors.Set("mail", 7).ok());
    EXPECT_TRUE(cursors.Set("bills", 9).ok());
    EXPECT_TRUE(cursors.Set("mail", 5).ok()) << "back, too";
    EXPECT_TRUE(cursors.Set("gone", 1).ok());
    EXPECT_TRUE(cursors.Forget("gone").ok());
    EXPECT_TRUE(cursors.Forget("never").ok());
  }
  EXPECT_EQ(Opened().all().size(), 2u);
  EXPECT_EQ(Opened().Find("mail"), 5u);
  EXPECT_EQ(Opened().Find("bills"), 9u);
  EXPECT_EQ(Opened(8).Find("bills"), 8u) << "nobody has done what is not there";
}

TEST_F(CursorsTest, ANameIsTextWithoutSpaces) {
  Cursors cursors = Opened();
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a\nb"),
                                  std::string(Cursors::kNameBytesMax + 1, 'x')})
    EXPECT_EQ(cursors.Set(name, 1).code(), absl::StatusCode::kInvalidArgument) << name;
  EXPECT_TRUE(cursors.Set(std::string(Cursors::kNameBytesMax, 'x'), 1).ok());
  EXPECT_EQ(Opened().all().size(), 1u);
}

TEST_F(CursorsTest, OneMoreThanTheLimitIsRefused) {
  std::ofstream file(path_);
  for (size_t i = 0; i < Cursors::kCursorsMax; ++i) file << i << " c" << i << "\n";
  file.close();
  Cursors cursors = Opened();
  EXPECT_EQ(cursors.Set("more", 1).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(cursors.Find("more"), std::nullopt);
  EXPECT_TRUE(cursors.Set("c1", 2).ok());
  EXPECT_TRUE(cursors.Forget("c2").ok());
  EXPECT_TRUE(cursors.Set("more", 1).ok());
}

TEST_F(CursorsTest, AFileThatCannotBeReadIsNotWrittenOver) {
  for (const char* text : {"five mail\n", "5 mail\nsix bills\n", "5\n"}) {
    std::ofstream(path_) << text;
    const absl::Status status = Cursors::Open(path_, 100, false).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_NE(status.ToString().find(path_), std::string::npos) << status;
  }
}

TEST_F(CursorsTest, WhereItCannotBeWrittenNothingHasChanged) {
  Cursors cursors = Cursors::Open(top_ + "/none/cursors", 100, false).value();
  EXPECT_FALSE(cursors.Set("mail", 1).ok());
  EXPECT_EQ(cursors.Find("mail"), std::nullopt);
}

}  // namespace
}  // namespace jackfield::journal
