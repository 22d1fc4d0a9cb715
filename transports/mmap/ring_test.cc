// The log as a ring: a fixed size, the oldest written over; a slow reader gets nothing wrong and is
// told how much it missed.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "transports/mmap/log_reader.h"
#include "transports/mmap/log_writer.h"

namespace jackfield {
namespace {

constexpr LogOptions kRing{.segment_bytes = kSegmentBytesMin, .ring_segments = 4};
using From = LogReaderOptions::From;

std::span<const std::byte> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
std::string PayloadOf(uint64_t number) {
  std::string payload = Text(number, " ");
  while (payload.size() < 10 + number * 37 % 900) payload += static_cast<char>('a' + number % 26);
  return payload;
}

class RingTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/jf-ring-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/ring";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<LogWriter> Writer() const {
    absl::StatusOr<std::unique_ptr<LogWriter>> log = LogWriter::Open(path_, kRing);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }
  std::unique_ptr<LogReader> Reader(const std::string& name = "", From from = From::kStart) const {
    auto reader = LogReader::Open(path_, {.name = name, .from = from});
    EXPECT_TRUE(reader.ok()) << reader.status();
    return reader.ok() ? *std::move(reader) : nullptr;
  }
  static void Append(LogWriter& log, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i <= to; ++i) ASSERT_TRUE(log.Append(AsBytes(PayloadOf(i))).ok()) << i;
    ASSERT_TRUE(log.Publish().ok());
  }
  // Reads what is there: whole records in order. Returns how many.
  static uint64_t ReadAll(LogReader& reader) {
    uint64_t count = 0, last = reader.sequence();
    for (;; ++count) {
      const auto record = reader.Next();
      EXPECT_TRUE(record.ok()) << record.status();
      if (!record.ok() || !record->has_value()) return count;
      EXPECT_GT(reader.sequence(), last);
      last = reader.sequence();
      EXPECT_EQ(
          std::string_view(reinterpret_cast<const char*>((**record).data()), (**record).size()),
          PayloadOf(last));
    }
  }

  std::string directory_, path_;
};

TEST_F(RingTest, AReaderThatKeepsUpMissesNothingInManyLapsAndTheFileStaysAsItIs) {
  const std::unique_ptr<LogWriter> log = Writer();
  const std::unique_ptr<LogReader> reader = Reader();
  const uint64_t bytes = std::filesystem::file_size(path_);
  EXPECT_EQ(bytes, kLogHeadBytes + 4 * kSegmentBytesMin);
  uint64_t read = 0;
  for (uint64_t i = 1; i <= 10'000; i += 50) {
    Append(*log, i, i + 49);
    read += ReadAll(*reader);
  }
  EXPECT_EQ(read, 10'000u);
  EXPECT_EQ(reader->lost(), 0u);
  EXPECT_EQ(std::filesystem::file_size(path_), bytes);
  EXPECT_GT(log->position(), 10 * 4 * kSegmentBytesMin) << "laps";
}

TEST_F(RingTest, ASlowReaderIsToldExactlyWhatItMissedAndGetsTheRest) {
  const std::unique_ptr<LogWriter> log = Writer();
  const std::unique_ptr<LogReader> slow = Reader();
  Append(*log, 1, 10);
  EXPECT_EQ(ReadAll(*slow), 10u);
  uint64_t last = 10;
  for (const uint64_t more : {100u, 700u, 5000u, 3u, 20'000u}) {
    const uint64_t missed_before = slow->lost();
    Append(*log, last + 1, last + more);
    const uint64_t read = ReadAll(*slow);
    EXPECT_EQ(slow->sequence(), last + more);
    EXPECT_EQ(read + slow->lost() - missed_before, more);
    if (more > 2000) {
      EXPECT_GT(slow->lost(), missed_before);
    }
    if (more <= 100) {
      EXPECT_EQ(slow->lost(), missed_before);
    }
    EXPECT_GT(read * 500, std::min<uint64_t>(more * 400, 3 * kSegmentBytesMin / 2)) << "what fits";
    last += more;
  }
}

TEST_F(RingTest, ANewReaderBeginsWithTheOldestAndHasMissedNothing) {
  const std::unique_ptr<LogWriter> log = Writer();
  Append(*log, 1, 5000);
  const std::unique_ptr<LogReader> reader = Reader();
  EXPECT_GT(ReadAll(*reader), 300u);
  EXPECT_EQ(reader->lost(), 0u);
  const std::unique_ptr<LogReader> end = Reader("", From::kEnd);
  EXPECT_EQ(ReadAll(*end), 0u);
  Append(*log, 5001, 5003);
  EXPECT_EQ(ReadAll(*end), 3u);
  EXPECT_EQ(end->lost(), 0u);
}

TEST_F(RingTest, ACursorGoesOnWhereItWasOrIsToldWhatWentMeanwhile) {
  const std::unique_ptr<LogWriter> log = Writer();
  Append(*log, 1, 100);
  {
    const std::unique_ptr<LogReader> reader = Reader("billing");
    EXPECT_EQ(ReadAll(*reader), 100u);
    ASSERT_TRUE(reader->Commit().ok());
  }
  Append(*log, 101, 150);
  {
    const std::unique_ptr<LogReader> reader = Reader("billing");
    EXPECT_EQ(ReadAll(*reader), 50u);
    EXPECT_EQ(reader->lost(), 0u);
    ASSERT_TRUE(reader->Commit().ok());
  }
  Append(*log, 151, 9000);
  const std::unique_ptr<LogReader> reader = Reader("billing");
  const uint64_t read = ReadAll(*reader);
  EXPECT_EQ(reader->sequence(), 9000u);
  EXPECT_EQ(read + reader->lost(), 9000u - 150);
}

TEST_F(RingTest, AWriterThatRacesAheadOfAReaderNeverMakesItReadAWrongRecord) {
  const std::unique_ptr<LogReader> first_made = (Writer(), Reader());
  constexpr uint64_t kCount = 60'000;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    const std::unique_ptr<LogWriter> log = Writer();
    for (uint64_t i = 1; i <= kCount; ++i) {
      if (!log->Append(AsBytes(PayloadOf(i))).ok() || !log->Publish().ok()) break;
    }
    done = true;
  });
  const std::unique_ptr<LogReader> reader = Reader();
  uint64_t read = 0;
  while (!done) read += ReadAll(*reader);
  writer.join();
  read += ReadAll(*reader);
  EXPECT_EQ(reader->sequence(), kCount);
  EXPECT_EQ(read + reader->lost(), kCount);
}

// The image of what a power cut may leave: the last record cut at every byte, what was there a lap
// ago behind it.
TEST_F(RingTest, ARecordCutAtAnyByteIsDroppedTheOthersStayAndRecoveryTwiceGivesTheSame) {
  for (const uint64_t before : {uint64_t{24}, uint64_t{3040}}) {
    std::string lap_ago, image;
    uint64_t from = 0, to = 0;
    {
      std::filesystem::remove(path_);
      const std::unique_ptr<LogWriter> log = Writer();
      Append(*log, 1, before);
      ASSERT_TRUE(log->Sync().ok());
      lap_ago = ReadFile(path_);
      from = log->position();
      Append(*log, before + 1, before + 1);
      to = log->position();
      if (from / kSegmentBytesMin != to / kSegmentBytesMin) GTEST_SKIP() << "it moved on";
      image = ReadFile(path_);
    }
    const LogFile file = *LogFile::Open(path_, LogFile::Access::kRead, 0);
    for (uint64_t cut = from; cut < to; ++cut) {
      std::string torn = image;
      for (uint64_t at = cut; at < to; ++at) torn[file.OffsetOf(at)] = lap_ago[file.OffsetOf(at)];
      std::ofstream(path_, std::ios::binary | std::ios::trunc) << torn;
      // Its filling is no part of what is checked.
      const bool whole =
          cut >= from + sizeof(RecordHeader) + PayloadOf(before + 1).size() || torn == image;
      const uint64_t want = whole ? before + 1 : before;
      for (int twice = 0; twice < 2; ++twice) {
        const std::unique_ptr<LogWriter> log = Writer();
        ASSERT_EQ(log->sequence(), want) << cut - from;
      }
      const std::unique_ptr<LogReader> reader = Reader();
      EXPECT_GT(ReadAll(*reader), 0u);
      EXPECT_EQ(reader->sequence(), want);
      const std::unique_ptr<LogWriter> log = Writer();
      Append(*log, want + 1, want + 700);
      const uint64_t more = ReadAll(*reader);
      EXPECT_EQ(more + reader->lost(), 700u);
    }
  }
}

TEST_F(RingTest, AKilledWritersRingIsWholeAndTheNextGoesOn) {
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::unique_ptr<LogWriter> log = Writer();
    for (uint64_t i = 1;; ++i) {
      if (!log->Append(AsBytes(PayloadOf(i))).ok() || !log->Publish().ok() ||
          write(told[1], &i, sizeof i) < 0)
        _exit(1);
    }
  }
  uint64_t appended = 0;
  while (appended < 3000) ASSERT_EQ(read(told[0], &appended, 8), 8);
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  close(told[1]);
  for (uint64_t last; read(told[0], &last, 8) == 8;) appended = last;
  close(told[0]);
  const std::unique_ptr<LogWriter> log = Writer();
  EXPECT_GE(log->sequence(), appended);
  const std::unique_ptr<LogReader> reader = Reader();
  EXPECT_GT(ReadAll(*reader), 300u);
  EXPECT_EQ(reader->sequence(), log->sequence());
  Append(*log, log->sequence() + 1, log->sequence() + 5);
  EXPECT_EQ(ReadAll(*reader), 5u);
}

TEST_F(RingTest, AWriterThatDiedOnEnteringASegmentLeavesTheOthersToBeRead) {
  uint64_t last = 0;
  {
    const std::unique_ptr<LogWriter> log = Writer();
    for (; log->position() < 6 * kSegmentBytesMin; ++last) Append(*log, last + 1, last + 1);
  }
  {  // It has raised the oldest position and cleared the first header, and no more.
    const std::unique_ptr<LogReader> reader = Reader();
    const uint64_t oldest = reader->file().ReadOldest(), raised = oldest + kSegmentBytesMin;
    const RecordHeader nothing{};
    const OwnedFd fd(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(pwrite(fd.get(), &raised, sizeof raised, kOldestOffset), 8);
    ASSERT_GT(pwrite(fd.get(), &nothing, sizeof nothing,
                     static_cast<off_t>(reader->file().OffsetOf(oldest))),
              0);
  }
  const std::unique_ptr<LogWriter> log = Writer();
  EXPECT_EQ(log->sequence(), last);
  const std::unique_ptr<LogReader> reader = Reader();
  EXPECT_GT(ReadAll(*reader), 100u);
  EXPECT_EQ(reader->sequence(), last);
  Append(*log, last + 1, last + 1000);
  EXPECT_GT(ReadAll(*reader), 100u);
  EXPECT_EQ(reader->sequence(), last + 1000);
}

TEST_F(RingTest, AFileThatIsCutUnderItsWriterBreaksItAndItsReaderEnds) {
  for (const uint64_t bytes : {uint64_t{0}, kLogHeadBytes, kLogHeadBytes + 10 * kSegmentBytesMin}) {
    for (const uint64_t appended : {5u, 9000u}) {
      const std::unique_ptr<LogWriter> log = Writer();
      Append(*log, 1, appended);
      const std::unique_ptr<LogReader> reader = Reader();
      ReadAll(*reader);
      const uint64_t whole = std::filesystem::file_size(path_);
      std::filesystem::resize_file(path_, std::min(bytes, whole - 1));
      ASSERT_TRUE(log->Append(AsBytes(PayloadOf(appended + 1))).ok() || appended > 5);
      const absl::Status status = log->Publish();
      EXPECT_EQ(ReasonOf(status), Reason::kCorrupt) << status;
      EXPECT_EQ(log->sequence(), appended);
      if (bytes == 0) {
        EXPECT_EQ(ReasonOf(reader->Next().status()), Reason::kCorrupt);
      }
      std::filesystem::remove(path_);
    }
  }
}

TEST_F(RingTest, ALogIsNoRingAndARingNoLog) {
  { const std::unique_ptr<LogWriter> log = Writer(); }
  const auto log = LogWriter::Open(path_, {.segment_bytes = kSegmentBytesMin});
  EXPECT_NE(log.status().ToString().find("is a ring"), std::string::npos) << log.status();
  const std::string other = directory_ + "/log";
  ASSERT_TRUE(LogWriter::Open(other, {.segment_bytes = kSegmentBytesMin}).ok());
  const auto ring = LogWriter::Open(other, kRing);
  EXPECT_NE(ring.status().ToString().find("grows"), std::string::npos) << ring.status();
}

}  // namespace
}  // namespace jackfield
