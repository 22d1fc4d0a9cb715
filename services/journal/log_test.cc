// A log in files: what it keeps over deaths, what it drops, and what it says of damage.
#include "services/journal/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield::journal {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class LogTest : public testing::Test {
 protected:
  LogTest() {
    char name[] = "/tmp/jackfield_log.XXXXXX";
    top_ = mkdtemp(name);
    directory_ = top_ + "/log";
  }
  ~LogTest() override {
    log_.reset();
    std::filesystem::remove_all(top_);
  }
  void Open(const LogOptions& options = {}) {
    log_.reset();
    absl::StatusOr<std::unique_ptr<Log>> log = Log::Open(directory_, options);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  uint64_t Append(std::string_view text, int64_t time_us = 1) {
    const absl::StatusOr<uint64_t> number = log_->Append(Bytes(text), time_us);
    EXPECT_TRUE(number.ok()) << number.status();
    return number.value_or(0);
  }
  // "1=a 2=b"
  std::string Read(uint64_t from = 1) {
    Log::Reader reader(*log_, from);
    std::string all;
    while (true) {
      const absl::StatusOr<std::optional<Record>> record = reader.Next();
      if (!record.ok()) return Text(all, " ", record.status().ToString());
      if (!record->has_value()) return all;
      const auto payload = (*record)->payload;
      all += Text(all.empty() ? "" : " ", (*record)->sequence, "=",
                  std::string_view(reinterpret_cast<const char*>(payload.data()), payload.size()));
    }
  }
  std::vector<std::filesystem::path> Segments() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (entry.path().extension() == ".log") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  uint64_t BytesOnDisk() const {
    uint64_t bytes = 0;
    for (const auto& path : Segments()) bytes += std::filesystem::file_size(path);
    return bytes;
  }

  std::string top_, directory_;
  std::unique_ptr<Log> log_;
};

TEST_F(LogTest, RecordsAreNumberedAndReadFromAnyNumberOn) {
  Open();
  EXPECT_EQ(log_->first(), 1u);
  EXPECT_EQ(log_->last(), 0u);
  EXPECT_EQ(Read(), "");
  EXPECT_EQ(Append("a"), 1u);
  EXPECT_EQ(Append(""), 2u);
  EXPECT_EQ(Append("ccc"), 3u);
  EXPECT_EQ(Read(), "1=a 2= 3=ccc");
  EXPECT_EQ(Read(0), "1=a 2= 3=ccc");
  EXPECT_EQ(Read(3), "3=ccc");
  EXPECT_EQ(Read(4), "");
}

TEST_F(LogTest, AReaderThatHasReadAllReadsOnWhenMoreIsAppended) {
  Open();
  Log::Reader reader(*log_, 1);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_FALSE(reader.Next()->has_value());
    Append(Text(i));
    EXPECT_EQ(reader.Next()->value().sequence, static_cast<uint64_t>(i));
  }
}

TEST_F(LogTest, WhatWasAppendedIsThereWhenItIsOpenedAgain) {
  Open();
  Append("a", 17);
  Open({.sync_each = true});
  EXPECT_EQ(log_->cut_bytes(), 0u);
  EXPECT_EQ(Append("b"), 2u);
  Open();
  EXPECT_EQ(Read(), "1=a 2=b");
  EXPECT_EQ(Log::Reader(*log_, 1).Next()->value().time_us, 17);
}

TEST_F(LogTest, ARecordThatIsOnlyPartlyThereIsCutAndTold) {
  const size_t whole = RecordBytes(5);
  for (size_t there = 1; there < whole; ++there) {
    Open();
    const uint64_t number = Append("first"), bytes = log_->bytes();
    Append("torn!");
    log_.reset();
    std::filesystem::resize_file(Segments().back(), bytes + there);
    Open();
    EXPECT_EQ(log_->cut_bytes(), there);
    EXPECT_EQ(log_->last(), number);
    EXPECT_EQ(BytesOnDisk(), bytes) << "it is cut, not passed over";
  }
  EXPECT_EQ(Append("again"), whole) << "its number is given anew";
  EXPECT_EQ(Read(whole - 1), Text(whole - 1, "=first ", whole, "=again"));
}

TEST_F(LogTest, EachByteOfARecordIsGuarded) {
  Open();
  Append("first");
  const uint64_t begin = log_->bytes();
  Append("second");
  log_.reset();
  const std::string path = Segments().back();
  for (size_t at = 0; at < sizeof(RecordHead) + 6; ++at) {
    const int fd = open(path.c_str(), O_RDWR);
    char byte = 0;
    ASSERT_EQ(pread(fd, &byte, 1, static_cast<off_t>(begin + at)), 1);
    byte ^= 4;
    ASSERT_EQ(pwrite(fd, &byte, 1, static_cast<off_t>(begin + at)), 1);
    RecordReader records(fd, 0, 1);
    EXPECT_TRUE(records.Next().has_value());
    EXPECT_FALSE(records.Next().has_value()) << at;
    EXPECT_EQ(records.why(), RecordReader::Why::kBroken) << at;
    byte ^= 4;
    ASSERT_EQ(pwrite(fd, &byte, 1, static_cast<off_t>(begin + at)), 1);
    close(fd);
  }
  Open();
  EXPECT_EQ(Read(), "1=first 2=second");
}

// The child says each number when Append has returned it.
TEST_F(LogTest, WhatAKilledProcessHadAppendedIsThere) {
  uint64_t told = 0;
  for (int life = 0; life < 5; ++life) {
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const auto log = Log::Open(directory_, {.bytes_max = 1 << 20});
      if (!log.ok()) _exit(1);
      const std::string text(3000, 'x');
      while (true) {
        const absl::StatusOr<uint64_t> number = (*log)->Append(Bytes(text), 1);
        if (!number.ok() || write(pipe_fds[1], &*number, sizeof *number) < 0) _exit(1);
      }
    }
    close(pipe_fds[1]);
    uint64_t number = 0;
    for (int i = 0; i < 300 && read(pipe_fds[0], &number, sizeof number) > 0; ++i) {
      EXPECT_EQ(number, told + 1);
      told = number;
    }
    kill(child, SIGKILL);
    while (read(pipe_fds[0], &number, sizeof number) == sizeof number) told = number;
    waitpid(child, nullptr, 0);
    close(pipe_fds[0]);
    Open({.bytes_max = 1 << 20});
    EXPECT_GE(log_->last(), told);
    EXPECT_LE(log_->last(), told + 1) << "one was appended and not told";
    EXPECT_LE(log_->bytes(), 1u << 20);
    told = log_->last();
    Log::Reader reader(*log_, log_->first());
    for (uint64_t expected = log_->first(); expected <= told; ++expected)
      ASSERT_EQ(reader.Next()->value().sequence, expected);
    log_.reset();
  }
}

TEST_F(LogTest, TheOldestAreDroppedWhenThereAreTooMany) {
  Open({.bytes_max = kLogBytesLeast});
  const std::string text(10'000, 'x');
  for (int i = 0; i < 500; ++i) {
    Append(text);
    ASSERT_LE(log_->bytes(), kLogBytesLeast);
    ASSERT_EQ(log_->bytes(), BytesOnDisk());
  }
  EXPECT_EQ(log_->last(), 500u);
  EXPECT_GT(log_->first(), 350u);
  EXPECT_LT(log_->first(), 420u) << "a segment at a time, not all";
  Open({.bytes_max = kLogBytesLeast});
  EXPECT_EQ(log_->last(), 500u);
  Log::Reader reader(*log_, 1);
  for (uint64_t number = log_->first(); number <= 500; ++number)
    ASSERT_EQ(reader.Next()->value().sequence, number);
}

TEST_F(LogTest, AReaderThatIsOvertakenGoesOnWithTheFirstThereIs) {
  Open({.bytes_max = kLogBytesLeast});
  Log::Reader late(*log_, 1), waits(*log_, 1);
  const std::string text(10'000, 'x');
  Append(text);
  EXPECT_EQ(late.Next()->value().sequence, 1u);
  for (int i = 0; i < 500; ++i) Append(text);
  EXPECT_EQ(waits.Next()->value().sequence, log_->first());
  uint64_t last = 1, read = 1;
  while (const std::optional<Record> record = *late.Next()) {
    EXPECT_GT(record->sequence, last);
    last = record->sequence;
    ++read;
  }
  EXPECT_EQ(last, 501u);
  EXPECT_LT(read, 200u);
}

TEST_F(LogTest, TheOldAreDroppedAndTheirNumbersAreNotGivenAgain) {
  constexpr int64_t kSecond = 1'000'000;
  Open({.age_max = std::chrono::seconds(10)});
  Append("a", 1 * kSecond);
  Append("b", 8 * kSecond);
  log_->DropOld(15 * kSecond);
  EXPECT_EQ(Read(), "1=a 2=b") << "a segment is as old as its newest record";
  log_->DropOld(19 * kSecond);
  EXPECT_EQ(Read(), "");
  EXPECT_EQ(log_->first(), 3u);
  Open({.age_max = std::chrono::seconds(10)});
  EXPECT_EQ(log_->last(), 2u);
  EXPECT_EQ(Append("c", 20 * kSecond), 3u);
  EXPECT_EQ(Read(), "3=c");
}

TEST_F(LogTest, DamageInTheMiddleCostsTheRestOfItsSegment) {
  Open({.bytes_max = kLogBytesLeast});
  for (int i = 0; i < 60; ++i) Append(std::string(10'000, 'x'));
  log_.reset();
  const std::vector<std::filesystem::path> segments = Segments();
  ASSERT_GT(segments.size(), 2u);
  std::filesystem::resize_file(segments[1], 15'000);  // one record, and a part of the next
  Open({.bytes_max = kLogBytesLeast});
  EXPECT_EQ(log_->cut_bytes(), 0u);
  Log::Reader reader(*log_, 1);
  uint64_t read = 0, last = 0;
  while (const std::optional<Record> record = *reader.Next()) ++read, last = record->sequence;
  EXPECT_EQ(last, 60u);
  EXPECT_LT(read, 60u);
  EXPECT_GT(read, 40u);
}

TEST_F(LogTest, ASecondLogInItsDirectoryIsRefusedWithThePidOfTheFirst) {
  Open();
  const absl::Status refused = Log::Open(directory_, {}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(refused.ToString().find(Text("in use by pid ", getpid())), std::string::npos)
      << refused;
}

TEST_F(LogTest, BoundsAndPlacesThatCannotBeAreRefused) {
  EXPECT_EQ(Log::Open(directory_, {.bytes_max = 1000}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Log::Open(directory_, {.bytes_max = kLogBytesMost + 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
  const absl::Status nowhere = Log::Open(top_ + "/a/b", {}).status();
  EXPECT_NE(nowhere.ToString().find(top_ + "/a/b"), std::string::npos) << nowhere;
  Open();
  EXPECT_EQ(log_->Append(Bytes(std::string(kRecordPayloadMax + 1, 'x')), 1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Append(std::string(kRecordPayloadMax, 'x')), 1u);
}

TEST_F(LogTest, WhereThereIsNoRoomNothingIsAppendedAndLaterItGoesOn) {
  signal(SIGXFSZ, SIG_IGN);
  Open();
  Append("a");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit little = before;
  little.rlim_cur = log_->bytes() + 20;  // so that a part of it is written
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const absl::Status refused = log_->Append(Bytes("bbb"), 1).status();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(log_->last(), 1u);
  EXPECT_EQ(Append("c"), 2u);
  Open();
  EXPECT_EQ(log_->cut_bytes(), 0u);
  EXPECT_EQ(Read(), "1=a 2=c");
}

}  // namespace
}  // namespace jackfield::journal
