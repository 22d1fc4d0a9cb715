// The last messages of services are kept with their run: in a directory of the test's own.
#include "tools/runs/kept_pages.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/runs/page_keeper.h"

namespace jackfield {
namespace {

constexpr int64_t kPatienceNs = 60'000'000'000;

class KeptPagesTest : public ::testing::Test {
 protected:
  KeptPagesTest() {
    char name[] = "/tmp/jackfield-pages-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~KeptPagesTest() override { std::filesystem::remove_all(directory_); }
  struct stat StatOf(std::string_view name) const {
    struct stat file {};
    EXPECT_EQ(stat((directory_ + "/" + std::string(name)).c_str(), &file), 0) << name;
    return file;
  }
  std::string directory_;
};

TEST_F(KeptPagesTest, WhatIsReadIsWhatWasWrittenForItsUserAlone) {
  std::string page(100'000, '\0');
  page[0] = 'a';
  page[70'000] = 'b';
  ASSERT_TRUE(WriteKeptPage(directory_, "kv", {"exited with 7", page}).ok());
  const absl::StatusOr<KeptPage> kept = ReadKeptPage(directory_, "kv");
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->ending, "exited with 7");
  EXPECT_TRUE(kept->page == page);
  EXPECT_EQ(StatOf("kv.page").st_mode & 0777, 0600u);
  EXPECT_LT(StatOf("kv.page").st_blocks * 512, 50'000) << "zeros take no room";
  EXPECT_EQ(KeptPagesIn(directory_), std::vector<std::string>{"kv"}) << "and nothing half done";
}

TEST_F(KeptPagesTest, WhatIsNoPageIsRefused) {
  EXPECT_FALSE(ReadKeptPage(directory_, "kv").ok()) << "there is none";
  std::ofstream(directory_ + "/kv.page") << "hello";
  EXPECT_EQ(ReadKeptPage(directory_, "kv").status().code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(WriteKeptPage(directory_, "big", {"", std::string(kKeptPageBytesMax, 'x')}).ok());
  EXPECT_EQ(ReadKeptPage(directory_, "big").status().code(), absl::StatusCode::kDataLoss);
  std::filesystem::create_symlink(directory_ + "/big.page", directory_ + "/link.page");
  EXPECT_FALSE(ReadKeptPage(directory_, "link").ok()) << "a link leads elsewhere";
}

TEST_F(KeptPagesTest, TheLastProcessOfAServiceTakesThePlaceOfTheOneBefore) {
  PageKeeper keeper(directory_);
  EXPECT_TRUE(keeper.Keep("kv", {"exited with 1", "one"}));
  EXPECT_TRUE(keeper.Keep("orders", {"exited with 0", "two"}));
  EXPECT_TRUE(keeper.Keep("kv", {"exited with 2", "three"}));
  EXPECT_TRUE(keeper.Flush(kPatienceNs).ok());
  EXPECT_EQ(KeptPagesIn(directory_), (std::vector<std::string>{"kv", "orders"}));
  EXPECT_EQ(ReadKeptPage(directory_, "kv")->page, "three");
}

TEST_F(KeptPagesTest, ARunHasAsManyAsItMayHaveThoseThatEndedFirst) {
  PageKeeper keeper(directory_);
  for (size_t i = 0; i < kKeptPagesMax; ++i)
    EXPECT_TRUE(keeper.Keep("s" + std::to_string(i), {"ended", "page"}));
  EXPECT_FALSE(keeper.Keep("late", {"ended", "page"}));
  EXPECT_TRUE(keeper.Keep("s7", {"ended", "again"})) << "it has its place";
  EXPECT_TRUE(keeper.Flush(kPatienceNs).ok());
  EXPECT_EQ(KeptPagesIn(directory_).size(), kKeptPagesMax);
  EXPECT_EQ(ReadKeptPage(directory_, "s7")->page, "again");
}

TEST_F(KeptPagesTest, APlaceThatTakesNothingIsTold) {
  PageKeeper keeper(directory_ + "/gone");
  EXPECT_TRUE(keeper.Keep("kv", {"ended", "page"}));
  const absl::Status status = keeper.Flush(kPatienceNs);
  EXPECT_NE(status.message().find("/gone/kv.page.new"), std::string::npos) << status;
  PageKeeper nowhere("");
  EXPECT_TRUE(nowhere.Keep("kv", {"ended", "page"}));
  EXPECT_TRUE(nowhere.Flush(kPatienceNs).ok()) << "a run without a directory was told of before";
}

}  // namespace
}  // namespace jackfield
