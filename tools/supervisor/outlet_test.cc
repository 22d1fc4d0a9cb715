// An outlet over a pipe that the test reads, or does not.
#include "tools/supervisor/outlet.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr int64_t kNever = INT64_MAX;
constexpr auto kService = Outlet::Whose::kService;
constexpr auto kOwn = Outlet::Whose::kOwn;

bool No() { return false; }

class OutletTest : public testing::Test {
 protected:
  OutletTest() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    read_ = OwnedFd(ends[0]);
    write_ = OwnedFd(ends[1]);
  }
  Screen screen() const { return {.fd = write_.get()}; }
  // From here on the pipe is read; what came by its end.
  std::string ReadAll(Outlet& outlet) {
    std::string text;
    std::thread reader([&] {
      char bytes[4096];
      for (ssize_t got; (got = read(read_.get(), bytes, sizeof bytes)) > 0;)
        text.append(bytes, static_cast<size_t>(got));
    });
    EXPECT_TRUE(outlet.Flush(kNever, No));
    write_ = OwnedFd();
    reader.join();
    return text;
  }
  static std::string Line(size_t number) {
    return Text("line ", number, " ", std::string(100, 'x'), "\n");
  }

  OwnedFd read_, write_;
};

TEST_F(OutletTest, ASlowReaderHoldsServicesBackAndLosesNothing) {
  Outlet outlet(screen(), kNever);
  std::string written;
  for (size_t i = 0; outlet.HasRoom(); ++i) {
    outlet.Write(Line(i), kService);
    written += Line(i);
  }
  EXPECT_GE(written.size(), Outlet::kBacklogBytesMax);
  EXPECT_EQ(ReadAll(outlet), written);
  EXPECT_TRUE(outlet.HasRoom());
}

TEST_F(OutletTest, OneThatReadsNothingHoldsNobodyBackAndIsToldHowMuchWasDropped) {
  Outlet outlet(screen(), 0);
  size_t written = 0;
  for (size_t i = 0; written < 2 * Outlet::kBacklogBytesMax; ++i) {
    outlet.Write(Line(i), kService);
    written += Line(i).size();
  }
  EXPECT_TRUE(outlet.HasRoom());
  outlet.Write("our own\n", kOwn);
  std::string text = ReadAll(outlet);
  const size_t own = text.find("our own\n"), told = text.find("jackfield: ");
  ASSERT_NE(own, std::string::npos) << "what the program itself says is never dropped";
  ASSERT_NE(told, std::string::npos);
  const size_t dropped = std::stoul(text.substr(told + 11));
  const std::string notice = Text(
      "jackfield: ", dropped, " bytes of the services' stderr were dropped here: nobody read it\n");
  EXPECT_EQ(text.substr(told), notice) << "once, and behind what came before";
  EXPECT_EQ(text.size() - notice.size() - 8 + dropped, written);
  EXPECT_GT(dropped, 0u);
}

TEST_F(OutletTest, FlushGivesUpWhenNobodyReadsOrWhenItIsTold) {
  Outlet outlet(screen(), kNever);
  for (size_t i = 0; outlet.HasRoom(); ++i) outlet.Write(Line(i), kService);
  EXPECT_FALSE(outlet.Flush(0, No));
  EXPECT_FALSE(outlet.Flush(kNever, [] { return true; }));
}

TEST_F(OutletTest, WhatCannotBeWrittenIsNotWaitedFor) {
  signal(SIGPIPE, SIG_IGN);
  read_ = OwnedFd();
  Outlet outlet(screen(), kNever);
  outlet.Write("to nobody\n", kOwn);
  EXPECT_TRUE(outlet.Flush(kNever, No));
}

}  // namespace
}  // namespace jackfield
