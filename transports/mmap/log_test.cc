// What survives: the death of the writer, a power cut at every byte and between write and sync, a
// full disk, a damaged record. The power is cut by copying the file as it might be on the disk: any
// part of what was not synced, and all of what was.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/crc32c.h"
#include "transports/mmap/log_reader.h"
#include "transports/mmap/log_writer.h"

namespace jackfield {
namespace {

constexpr LogOptions kSmall{.segment_bytes = kSegmentBytesMin};
using From = LogReaderOptions::From;

std::span<const std::byte> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}
// A payload that depends on its number, of a length that does too.
std::string PayloadOf(uint64_t number) {
  std::string payload = Text("record ", number, " ");
  while (payload.size() < 10 + number * 37 % 300) payload += static_cast<char>('a' + number % 26);
  return payload;
}

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/jf-log-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/log";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::unique_ptr<LogWriter> Writer(const std::string& path) {
    absl::StatusOr<std::unique_ptr<LogWriter>> log = LogWriter::Open(path, kSmall);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }
  static void Append(LogWriter& log, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i <= to; ++i) ASSERT_TRUE(log.Append(AsBytes(PayloadOf(i))).ok()) << i;
    ASSERT_TRUE(log.Publish().ok());
  }
  static std::unique_ptr<LogReader> Reader(const std::string& path, const std::string& name = "",
                                           From from = From::kStart) {
    auto reader = LogReader::Open(path, {.name = name, .from = from});
    EXPECT_TRUE(reader.ok()) << reader.status();
    return reader.ok() ? *std::move(reader) : nullptr;
  }
  // Reads to the end, expecting the records from `next` on; returns the number of the last one.
  static uint64_t ReadAll(LogReader& reader, uint64_t next = 1) {
    for (;;) {
      const auto record = reader.Next();
      EXPECT_TRUE(record.ok()) << record.status();
      if (!record.ok() || !record->has_value()) return next - 1;
      const std::string want = PayloadOf(next);
      EXPECT_EQ(
          std::string_view(reinterpret_cast<const char*>((*record)->data()), (*record)->size()),
          want);
      ++next;
    }
  }
  // Opens the log as after a power cut, twice; returns how many records it has. Both openings must
  // leave the same bytes, but for the marks and what they count.
  uint64_t Recover(const std::string& image) {
    const std::string path = directory_ + "/cut";
    WriteFile(path, image);
    std::string after[2];
    for (std::string& bytes : after) {
      const std::unique_ptr<LogWriter> log = Writer(path);
      if (log == nullptr) return 0;
      bytes = ReadFile(path).substr(kLogHeadBytes);
    }
    EXPECT_TRUE(after[0] == after[1]) << "recovery twice gives the same";
    const uint64_t records = ReadAll(*Reader(path));
    // And it goes on from there, with nothing of the past behind the new records.
    const std::unique_ptr<LogWriter> log = Writer(path);
    EXPECT_EQ(log->sequence(), records);
    EXPECT_EQ(log->dropped_bytes(), 0u) << "recovery left nothing to drop";
    Append(*log, records + 1, records + 1);
    EXPECT_EQ(ReadAll(*Reader(path)), records + 1);
    return records;
  }

  std::string directory_, path_;
};

TEST_F(LogTest, WhatIsAppendedIsReadInOrderAcrossSegmentsAndOpenings) {
  for (uint64_t opening = 0; opening < 4; ++opening) {
    const std::unique_ptr<LogWriter> log = Writer(path_);
    Append(*log, opening * 500 + 1, opening * 500 + 500);
    if (opening % 2 == 0) {
      ASSERT_TRUE(log->Close().ok());
    }
  }
  const std::unique_ptr<LogReader> reader = Reader(path_);
  EXPECT_EQ(ReadAll(*reader), 2000u);
  EXPECT_GT(reader->file().segments(), 3u);
}

TEST_F(LogTest, EverySizeUpToTheLimitIsTakenAndOneByteMoreIsRefused) {
  const std::unique_ptr<LogWriter> log = Writer(path_);
  const uint64_t most = log->file().payload_bytes_max();
  std::vector<uint64_t> sizes = {0, 1, 7, 8, 9, most - 40, most - 32, most - 8, most - 1, most, 0};
  for (uint64_t rest = 0; rest < 80; rest += 3)
    sizes.push_back(most - 64 - rest), sizes.push_back(0);
  for (const uint64_t size : sizes)
    ASSERT_TRUE(log->Append(AsBytes(std::string(size, 'x'))).ok()) << size;
  const absl::Status refused = log->Append(AsBytes(std::string(most + 1, 'x')));
  ASSERT_TRUE(log->Publish().ok());
  EXPECT_EQ(ReasonOf(refused), Reason::kTooLarge) << refused;
  const std::unique_ptr<LogReader> reader = Reader(path_);
  for (const uint64_t size : sizes) {
    const auto record = reader->Next();
    ASSERT_TRUE(record.ok()) << record.status();
    ASSERT_TRUE(record->has_value());
    ASSERT_EQ((*record)->size(), size);
  }
}

TEST_F(LogTest, OneWriterAtATimeAndTheSecondIsToldWho) {
  const std::unique_ptr<LogWriter> log = Writer(path_);
  const absl::Status second = LogWriter::Open(path_, kSmall).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(second.ToString().find(Text("process ", getpid())), std::string::npos) << second;
}

TEST_F(LogTest, ReadersHaveCursorsOfTheirOwnThatOutliveThem) {
  std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 10);
  {
    const std::unique_ptr<LogReader> a = Reader(path_, "a");
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(a->Next().ok());
    ASSERT_TRUE(a->Commit().ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(a->Next().ok());  // read, and not committed
    EXPECT_EQ(LogReader::Open(path_, {.name = "a"}).status().code(),
              absl::StatusCode::kAlreadyExists);
  }
  Reader(path_, "late", From::kEnd);
  Append(*log, 11, 20);
  EXPECT_EQ(ReadAll(*Reader(path_, "a"), 5), 20u);
  EXPECT_EQ(ReadAll(*Reader(path_, "b"), 1), 20u);
  EXPECT_EQ(ReadAll(*Reader(path_, "late"), 11), 20u) << "the end where it was when first opened";
  EXPECT_EQ(ReadAll(*Reader(path_, "", From::kEnd), 21), 20u);
  EXPECT_FALSE(LogReader::Open(path_, {.name = "../a"}).ok());
  // A cursor of another log is no place in this one.
  log.reset();
  ASSERT_EQ(unlink(path_.c_str()), 0);
  log = Writer(path_);
  EXPECT_EQ(LogReader::Open(path_, {.name = "a"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(LogTest, AReaderIsWokenByAnotherProcessAndReadsWhatADeadWriterWrote) {
  const std::unique_ptr<LogWriter> first = Writer(path_);
  const std::unique_ptr<LogReader> reader = Reader(path_);
  const absl::StatusOr<int> wake = reader->WakeFd();
  ASSERT_TRUE(wake.ok()) << wake.status();
  const std::string path = path_;
  Append(*first, 1, 3);
  const pid_t child = fork();  // shares the mapping and the lock
  if (child == 0) {
    Append(*first, 4, 9);
    if (!first->Publish().ok()) _exit(1);
    kill(getpid(), SIGKILL);
  }
  pollfd wait{*wake, POLLIN, 0};
  ASSERT_EQ(poll(&wait, 1, 60'000), 1);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  reader->ClearWake();
  EXPECT_EQ(ReadAll(*reader), 9u);
  EXPECT_EQ(poll(&wait, 1, 0), 0);
}

TEST_F(LogTest, APowerCutAtAnyByteOfTheLastRecordKeepsEverySyncedOne) {
  const std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 5);
  ASSERT_TRUE(log->Sync().ok());
  const std::string synced = ReadFile(path_);
  const uint64_t begin = kLogHeadBytes + log->position();
  Append(*log, 6, 6);
  const std::string all = ReadFile(path_);
  const uint64_t end = kLogHeadBytes + log->position();
  ASSERT_EQ(synced.size(), all.size());
  for (uint64_t cut = begin; cut <= end; ++cut) {
    // The bytes before the cut reached the disk, or just those behind it did.
    const std::string front = all.substr(0, cut) + synced.substr(cut);
    const std::string back = synced.substr(0, cut) + all.substr(cut);
    // Zeros that fill the record up to a multiple of 8 are there before it is written.
    const bool whole = front == all;
    EXPECT_EQ(Recover(front), whole ? 6u : 5u) << cut - begin;
    EXPECT_EQ(Recover(back), back == all ? 6u : 5u) << cut - begin;
    if (HasFailure()) return;
  }
}

TEST_F(LogTest, APowerCutBetweenWriteAndSyncLosesAnyPagesAndKeepsEverySyncedRecord) {
  constexpr uint64_t kPage = 512;  // a sector: finer than any real disk's
  const std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 20);
  ASSERT_TRUE(log->Sync().ok());
  const std::string synced = ReadFile(path_);
  const uint64_t begin = kLogHeadBytes + log->position();
  Append(*log, 21, 40);
  ASSERT_TRUE(log->BeginSync().ok());  // the mark is written too, and the sync never ends
  const std::string all = ReadFile(path_);
  const uint64_t end = kLogHeadBytes + log->position();
  srand(7);
  for (int round = 0; round < 200; ++round) {
    std::string image = synced;
    for (uint64_t at = 0; at < end; at += kPage) {
      if (at >= kOldestOffset - 8 && at + kPage <= begin) continue;
      if (rand() % 2 == 0) image.replace(at, kPage, all, at, kPage);
    }
    const uint64_t records = Recover(image);
    EXPECT_GE(records, 20u);
    EXPECT_LE(records, 40u);
    if (HasFailure()) return;
  }
}

TEST_F(LogTest, APowerCutWhileTheLogIsMadeLeavesAPlaceThatCanBeUsed) {
  { Writer(path_); }
  const std::string made = ReadFile(path_);
  for (uint64_t bytes = 0; bytes <= sizeof(LogIdentity) + 8; ++bytes) {
    for (const bool grown : {false, true}) {
      std::string image = made.substr(0, bytes);
      if (grown) image.resize(kLogHeadBytes);
      EXPECT_EQ(Recover(image), 0u) << bytes;
      if (HasFailure()) return;
    }
  }
}

TEST_F(LogTest, ARecoveryThatIsCutOffItselfCanBeRunAgain) {
  const std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 5);
  ASSERT_TRUE(log->Sync().ok());
  const uint64_t begin = kLogHeadBytes + log->position();
  Append(*log, 6, 30);
  std::string torn = ReadFile(path_);
  torn[begin + 20] ^= 1;  // record 6; 7 to 30 are whole behind it
  const std::string path = directory_ + "/again";
  WriteFile(path, torn);
  { EXPECT_GT(Writer(path)->dropped_bytes(), 0u); }
  const std::string repaired = ReadFile(path);
  for (uint64_t at = begin; at < begin + 8192; at += 512) {
    std::string half = torn;
    half.replace(at, 512, repaired, at, 512);  // one sector of zeros made it, anywhere
    EXPECT_EQ(Recover(half), 5u);
    half = torn;
    half.replace(begin, at - begin, repaired, begin, at - begin);
    EXPECT_EQ(Recover(half), 5u);
    if (HasFailure()) return;
  }
}

TEST_F(LogTest, ADamagedRecordThatWasSyncedStopsTheReaderAndIsNeverSkipped) {
  std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 5);
  const uint64_t begin = kLogHeadBytes + log->position();
  Append(*log, 6, 6);
  const uint64_t end = kLogHeadBytes + log->position();
  Append(*log, 7, 9);
  ASSERT_TRUE(log->Close().ok());
  log.reset();
  const std::string good = ReadFile(path_);
  const std::string path = directory_ + "/rotten";
  for (uint64_t at = begin; at < end; ++at) {
    for (const int bit : {0, 7}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1 << bit);
      WriteFile(path, bad);
      Writer(path);  // opening for writing neither hides nor cuts it
      const std::unique_ptr<LogReader> reader = Reader(path);
      for (int i = 0; i < 5; ++i) ASSERT_TRUE(reader->Next().ok());
      const auto next = reader->Next();
      if (next.ok()) {  // a zero that only fills up to a multiple of 8
        ASSERT_TRUE(at >= begin + sizeof(RecordHeader) + PayloadOf(6).size()) << at - begin;
        continue;
      }
      EXPECT_EQ(next.status().code(), absl::StatusCode::kDataLoss) << next.status();
      EXPECT_NE(next.status().ToString().find(Text("byte ", begin)), std::string::npos)
          << next.status();
    }
  }
  // So is a file that was cut short.
  WriteFile(path, good.substr(0, kLogHeadBytes + 100));
  EXPECT_EQ(LogWriter::Open(path, kSmall).status().code(), absl::StatusCode::kDataLoss);
  const std::unique_ptr<LogReader> reader = Reader(path);
  ASSERT_TRUE(reader->Next().ok());
  EXPECT_EQ(reader->Next().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(LogTest, AReaderNoticesWhatAPowerCutTookBack) {
  std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 5);
  ASSERT_TRUE(log->Sync().ok());
  const std::string synced = ReadFile(path_);
  Append(*log, 6, 9);  // written, not synced
  {
    const std::unique_ptr<LogReader> reader = Reader(path_, "a");
    EXPECT_EQ(ReadAll(*reader), 9u);
    ASSERT_TRUE(reader->Commit().ok());
  }
  log.reset();
  WriteFile(path_, synced);  // the power is cut: 6 to 9 are gone
  log = Writer(path_);
  Append(*log, 6, 12);  // others, at the same places, of the same lengths
  const std::unique_ptr<LogReader> reader = Reader(path_, "a");
  EXPECT_EQ(reader->taken_back(), 4u);
  EXPECT_EQ(ReadAll(*reader, 6), 12u) << "none of the new ones is taken for an old one";
}

// ---- No room.

TEST_F(LogTest, WhatDoesNotFitOnTheDiskIsRefusedAndNothingIsLost) {
  const std::string disk = directory_ + "/disk";
  ASSERT_EQ(mkdir(disk.c_str(), 0700), 0);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "only root can mount a small disk";
  const std::string path = disk + "/log";
  uint64_t last = 0;
  {
    const std::unique_ptr<LogWriter> log = Writer(path);
    absl::Status status;
    while ((status = log->Append(AsBytes(PayloadOf(last + 1)))).ok()) ++last;
    EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
    EXPECT_NE(status.ToString().find("ENOSPC"), std::string::npos) << status;
    EXPECT_GT(last, 500u);
    EXPECT_EQ(log->sequence(), last);
    ASSERT_TRUE(log->Sync().ok());
    EXPECT_EQ(ReadAll(*Reader(path)), last);
    // Room comes back, and the same writer goes on.
    ASSERT_EQ(mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=1m"), 0);
    Append(*log, last + 1, last + 50);
    EXPECT_EQ(ReadAll(*Reader(path)), last + 50);
  }
  EXPECT_EQ(umount(disk.c_str()), 0);
}

TEST_F(LogTest, TheLimitOfAFilesSizeIsNamedAndDoesNotKill) {
  const std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 5);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{kLogHeadBytes + kSegmentBytesMin, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  absl::Status status;
  uint64_t last = 5;
  while ((status = log->Append(AsBytes(PayloadOf(last + 1)))).ok()) ++last;
  EXPECT_TRUE(log->Publish().ok());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
  EXPECT_NE(status.ToString().find("RLIMIT_FSIZE"), std::string::npos) << status;
  Append(*log, last + 1, last + 5);
  EXPECT_EQ(ReadAll(*Reader(path_)), last + 5);
}

TEST_F(LogTest, WhatIsGatheredIsReadWhenItIsPublishedAndNotBefore) {
  const std::unique_ptr<LogWriter> log = Writer(path_);
  const std::unique_ptr<LogReader> reader = Reader(path_);
  for (uint64_t i = 1; i <= 50; ++i) {
    ASSERT_TRUE(log->Append(AsBytes(PayloadOf(i))).ok());
    EXPECT_EQ(log->published_sequence(), 0u);
  }
  EXPECT_EQ(ReadAll(*reader), 0u);
  ASSERT_TRUE(log->Publish().ok());
  EXPECT_EQ(log->published_sequence(), 50u);
  EXPECT_EQ(ReadAll(*reader), 50u);
}

// A store to a mapping would be killed by SIGBUS.
TEST_F(LogTest, AFileThatIsCutOrRemovedUnderItsWriterBreaksTheLogWithTheReason) {
  struct Case {
    const char* how;
    uint64_t bytes;     // it is cut to so many
    uint64_t appended;  // before
  };
  constexpr uint64_t kWhole = kLogHeadBytes + kSegmentBytesMin;
  for (const Case& c : {Case{"cut short", 0, 0},
                        {"cut short", 0, 5},
                        {"cut short", 700, 5},
                        {"cut short", kLogHeadBytes, 5},
                        {"cut short", kWhole - 1, 5},
                        {"cut short", 0, 1000},
                        {"cut short", kWhole, 1000},
                        {"removed", 0, 5}}) {
    if (c.appended == 0) Append(*Writer(path_), 1, 1);  // by another, so that there is a segment
    const std::unique_ptr<LogWriter> log = Writer(path_);
    Append(*log, log->sequence() + 1, log->sequence() + c.appended);
    const uint64_t published = log->published_sequence();
    if (c.how == std::string_view("removed"))
      std::filesystem::remove(path_);
    else
      std::filesystem::resize_file(path_, c.bytes);
    // As much as goes into the next segment, too.
    absl::Status status;
    for (uint64_t i = 1; i < 2000 && status.ok(); ++i) {
      status = log->Append(AsBytes(PayloadOf(published + i)));
      if (status.ok() && i % 10 == 0) status = log->Publish();
    }
    EXPECT_EQ(ReasonOf(status), Reason::kCorrupt) << status;
    EXPECT_EQ(OutcomeOf(status), Outcome::kFailed) << status;
    EXPECT_NE(status.ToString().find(Text("was ", c.how, " by another program")), std::string::npos)
        << status;
    EXPECT_EQ(log->published_sequence(), published) << "nothing is said to be written";
    EXPECT_EQ(log->sequence(), published) << "it is known not to be";
    EXPECT_EQ(log->Sync(), status);
    EXPECT_EQ(log->Append(AsBytes("more")), status);
    std::filesystem::remove(path_);
  }
}

TEST_F(LogTest, ASyncOfAFileThatWasCutMeanwhileIsNoSync) {
  const std::unique_ptr<LogWriter> log = Writer(path_);
  Append(*log, 1, 5);
  const auto target = log->BeginSync();
  ASSERT_TRUE(target.ok());
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(ReasonOf(log->EndSync(*target, 0)), Reason::kCorrupt);
  EXPECT_EQ(log->synced_sequence(), 0u);
}

TEST_F(LogTest, ALogThatWasEmptiedIsBegunAnewByTheNextWriter) {
  {
    const std::unique_ptr<LogWriter> log = Writer(path_);
    Append(*log, 1, 5);
    std::filesystem::resize_file(path_, 0);
  }
  const std::unique_ptr<LogWriter> next = Writer(path_);
  ASSERT_NE(next, nullptr);
  Append(*next, 1, 3);
  EXPECT_EQ(ReadAll(*Reader(path_)), 3u);
}

TEST_F(LogTest, AReaderOfALogThatWasCutEndsWithTheReason) {
  for (const uint64_t bytes : {uint64_t{0}, kLogHeadBytes, kLogHeadBytes + 100}) {
    const std::unique_ptr<LogWriter> log = Writer(path_);
    Append(*log, 1, 5);
    const std::unique_ptr<LogReader> reader = Reader(path_);
    EXPECT_EQ(ReadAll(*reader), 5u);
    std::filesystem::resize_file(path_, bytes);
    const absl::Status why = reader->Next().status();
    EXPECT_EQ(ReasonOf(why), Reason::kCorrupt) << why;
    EXPECT_NE(why.ToString().find("was cut short by another program"), std::string::npos) << why;
    std::filesystem::remove(path_);
  }
}

TEST_F(LogTest, WhatIsNotALogIsLeftAlone) {
  WriteFile(path_, "my diary");
  EXPECT_EQ(LogWriter::Open(path_, kSmall).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadFile(path_), "my diary");
  ASSERT_EQ(symlink("log", (directory_ + "/link").c_str()), 0);
  EXPECT_EQ(LogWriter::Open(directory_ + "/link", kSmall).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(mkfifo((directory_ + "/fifo").c_str(), 0600), 0);
  EXPECT_FALSE(LogWriter::Open(directory_ + "/fifo", kSmall).ok());
  EXPECT_FALSE(LogReader::Open(directory_ + "/fifo", {}).ok());
  EXPECT_EQ(LogReader::Open(directory_ + "/nowhere", {}).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace jackfield
