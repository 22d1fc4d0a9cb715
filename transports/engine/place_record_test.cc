// The runtime directory is there for what is in it, and never alone.
#include "transports/engine/place_record.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

class PlaceRecordTest : public testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/jf-place-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    directory_ = directory;
    setenv("XDG_RUNTIME_DIR", directory, 1);
    file_ = OwnedFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  void TearDown() override { EXPECT_EQ(rmdir(directory_.c_str()), 0) << "something is left"; }
  std::string directory_;
  OwnedFd file_;
};

TEST_F(PlaceRecordTest, TheDirectoryGoesWithTheLastRecordInIt) {
  const std::string one = MakePlaceRecord("one", file_.get(), "/srv/one");
  const std::string two = MakePlaceRecord("two", file_.get(), "/srv/two");
  ASSERT_NE(one, "");
  ASSERT_NE(two, "");
  RemovePlaceRecord(one);
  EXPECT_EQ(PlaceRecordsOf("two").size(), 1u);
  RemovePlaceRecord(two);
}

TEST_F(PlaceRecordTest, WithoutADescriptorForItThereIsNoRecordAndNoDirectory) {
  const int next = dup(file_.get());
  close(next);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(MakePlaceRecord("one", file_.get(), "/srv/one"), "");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(PlaceRecordTest, APlaceThatNoRecordCanHoldLeavesNoDirectory) {
  EXPECT_EQ(MakePlaceRecord("one", file_.get(), Text("/", std::string(5000, 'x'))), "");
}

// Its maker was killed before it put a record there.
TEST_F(PlaceRecordTest, WhoCleansUpAfterADeadOneTakesAnEmptyDirectoryToo) {
  ASSERT_EQ(mkdir(Text(directory_, "/jackfield").c_str(), 0700), 0);
  RemovePlaceRecordsOf("one", "/srv/one");
}

}  // namespace
}  // namespace jackfield
