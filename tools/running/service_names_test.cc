// Names of services are read out of what the system knows of their processes.
#include "tools/running/service_names.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace jackfield {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ServiceNamesTest : public ::testing::Test {
 protected:
  ServiceNamesTest() {
    char name[] = "/tmp/names-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~ServiceNamesTest() override { std::filesystem::remove_all(root_); }
  void Write(const std::string& path, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  std::string root_;
};

TEST_F(ServiceNamesTest, EachChildThatHasGrantsIsAService) {
  Write("/proc/7/task/7/children", "8 9 10 11 ");
  Write("/proc/8/environ",
        std::string_view("A=1\0JACKFIELD_GRANTS=name kv\nserve unix:@x\n\0B=2\0", 50));
  Write("/proc/9/environ", std::string_view("NOT_JACKFIELD_GRANTS=name no\n\0", 30));
  Write("/proc/11/environ", "JACKFIELD_GRANTS=name orders\n");
  EXPECT_THAT(ServiceProcesses(7, root_), ElementsAre("kv", "orders")) << "10 has gone meanwhile";
}

TEST_F(ServiceNamesTest, WhatIsNotThereHasNone) {
  EXPECT_THAT(ServiceProcesses(7, root_), IsEmpty());
  Write("/proc/7/task/7/children", "8 x");
  Write("/proc/8/environ", "JACKFIELD_GRANTS=what is this\n");
  EXPECT_THAT(ServiceProcesses(7, root_), IsEmpty()) << "no grants that anybody understands";
}

}  // namespace
}  // namespace jackfield
