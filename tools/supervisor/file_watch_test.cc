// A file is saved as editors do it, and that is told once; what happens beside it is not.
#include "tools/supervisor/file_watch.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    std::filesystem::create_directories(folder_ + "/elsewhere");
    Write(file_, "first");
    node_ = *Node::Create({.name = "watch", .registry = &registry_});
  }
  ~FileWatchTest() override {
    watch_ = nullptr;
    std::filesystem::remove_all(folder_);
  }
  static void Write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
  void Watch(const std::string& file) {
    absl::StatusOr<std::unique_ptr<FileWatch>> watch =
        FileWatch::Open(*node_, file, [this] { ++saved_; });
    ASSERT_TRUE(watch.ok()) << watch.status();
    watch_ = *std::move(watch);
  }
  void WaitUntilSaved(int times) {
    ASSERT_TRUE(node_->RunUntil([this, times] { return saved_ >= times; },
                                node_->clock().NowNs() + 30'000'000'000));
  }
  // So much later whatever had happened before would have been told.
  void WaitLonger() {
    const int64_t until_ns = node_->clock().NowNs() + 4 * FileWatch::kQuietNs;
    node_->RunUntil([] { return false; }, until_ns);
  }

  const std::string folder_ = std::string(getenv("TEST_TMPDIR")) + "/watched";
  const std::string file_ = folder_ + "/shop.toml";
  Registry registry_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<FileWatch> watch_;
  int saved_ = 0;
};

TEST_F(FileWatchTest, TellsOfAFileThatIsWrittenInPlace) {
  Watch(file_);
  Write(file_, "second");
  WaitUntilSaved(1);
  Write(file_, "third");
  WaitUntilSaved(2);
}

TEST_F(FileWatchTest, TellsOfAFileThatTakesItsPlace) {
  Watch(file_);
  for (int i = 1; i <= 3; ++i) {
    Write(folder_ + "/.shop.toml.tmp", "next");
    std::filesystem::rename(folder_ + "/.shop.toml.tmp", file_);
    WaitUntilSaved(i);
  }
}

TEST_F(FileWatchTest, TellsOnceOfWhatComesInSeveralSteps) {
  Watch(file_);
  for (int i = 0; i < 10; ++i) Write(file_, "step");
  WaitUntilSaved(1);
  WaitLonger();
  EXPECT_EQ(saved_, 1);
}

TEST_F(FileWatchTest, SaysNothingOfOtherFiles) {
  Watch(file_);
  Write(folder_ + "/shop.toml.swp", "x");
  Write(folder_ + "/other.toml", "x");
  std::ifstream(file_).get();
  WaitLonger();
  EXPECT_EQ(saved_, 0);
}

TEST_F(FileWatchTest, FollowsALinkToWhatItLeadsTo) {
  const std::string target = folder_ + "/elsewhere/real.toml", link = folder_ + "/link.toml";
  Write(target, "x");
  std::filesystem::create_symlink(target, link);
  Watch(link);
  Write(target, "y");
  WaitUntilSaved(1);
  // Another link takes its place.
  Write(folder_ + "/elsewhere/new.toml", "x");
  std::filesystem::create_symlink(folder_ + "/elsewhere/new.toml", folder_ + "/tmp");
  std::filesystem::rename(folder_ + "/tmp", link);
  WaitUntilSaved(2);
  Write(folder_ + "/elsewhere/new.toml", "y");
  WaitUntilSaved(3);
}

TEST_F(FileWatchTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_EQ(FileWatch::Open(*node_, folder_ + "/none/shop.toml", [] {}).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace jackfield
