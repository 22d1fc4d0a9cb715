// A recording read back: every whole record, in order, whatever was torn between them.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/frame.h"
#include "transports/file/recording_format.h"
#include "transports/file/recording_reader.h"

namespace jackfield {
namespace {

using From = RecordingReader::From;

class RecordingTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/jf-rec-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/rec";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<RecordingReader> Open(From from = From::kStart) {
    auto reader = RecordingReader::Open(sys_, path_, from);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }
  static std::string FrameOf(uint32_t number) {
    std::string frame(kHeaderBytes + number * 37 % 500, static_cast<char>('a' + number % 26));
    std::memcpy(frame.data(), &number, 4);
    return frame;
  }
  std::string RecordOf(const std::string& frame, uint64_t file_id) {
    RecordingHeader header{.marker = RecordingHeader::kMarker,
                           .crc = 0,
                           .file_id = file_id,
                           .frame_bytes = static_cast<uint32_t>(frame.size()),
                           .mask = 0};
    header.crc = CrcOfRecording(header, std::as_bytes(std::span(frame)));
    std::string record(reinterpret_cast<const char*>(&header), sizeof header);
    return record + frame;
  }
  std::string RecordOf(uint32_t number) {
    return RecordOf(FrameOf(number), Recording::Open(path_, Recording::Access::kAppend)->file_id());
  }
  void Append(const std::string& bytes) {
    std::ofstream(path_, std::ios::app | std::ios::binary) << bytes;
  }
  // The numbers of all records that are there.
  static std::vector<uint32_t> ReadAll(RecordingReader& reader) {
    std::vector<uint32_t> numbers;
    for (;;) {
      const auto record = reader.Next();
      EXPECT_TRUE(record.ok()) << record.status();
      if (!record.ok() || !record->has_value()) return numbers;
      uint32_t number;
      std::memcpy(&number, (**record).data(), 4);
      EXPECT_EQ(std::string(reinterpret_cast<const char*>((**record).data()), (**record).size()),
                FrameOf(number));
      numbers.push_back(number);
    }
  }

  const Sys sys_{nullptr};
  std::string directory_, path_;
};

using Numbers = std::vector<uint32_t>;

TEST_F(RecordingTest, ReadersFromTheStartReadAllAndThoseFromTheEndWhatComes) {
  auto early = Open();
  const uint64_t id = early->recording().file_id();
  for (uint32_t i = 0; i < 5000; ++i) {
    Append(RecordOf(FrameOf(i), id));
    if (i == 10) {
      EXPECT_EQ(ReadAll(*early).size(), 11u);
    }
  }
  auto late = Open(From::kEnd);
  EXPECT_EQ(ReadAll(*late), Numbers{});
  Append(RecordOf(7));
  EXPECT_EQ(ReadAll(*late), Numbers{7});
  EXPECT_EQ(ReadAll(*early).size(), 5000u - 11 + 1);
  EXPECT_EQ(early->lost() + late->lost(), 0u);
  EXPECT_EQ(early->unfinished_bytes(), 0u);
}

TEST_F(RecordingTest, ARecordTornAtAnyByteIsSkippedAndCountedWhenAWholeOneFollows) {
  const std::string record = RecordOf(2);
  const std::string before = RecordOf(1), behind = RecordOf(3);
  for (size_t cut = 1; cut < record.size(); ++cut) {
    std::filesystem::resize_file(path_, sizeof(RecordingIdentity));
    Append(before + record.substr(0, cut));
    auto reader = Open();
    EXPECT_EQ(ReadAll(*reader), Numbers{1}) << cut;
    EXPECT_EQ(reader->unfinished_bytes(), cut);
    EXPECT_EQ(reader->lost(), 0u) << "it may still be being written";
    Append(behind);
    EXPECT_EQ(ReadAll(*reader), Numbers{3}) << cut;
    EXPECT_EQ(reader->lost(), 1u);
    EXPECT_EQ(reader->torn_bytes(), cut);
  }
}

TEST_F(RecordingTest, ARecordThatIsWrittenInTwoHalvesIsReadWhole) {
  const std::string record = RecordOf(1) + RecordOf(2);
  for (size_t cut = 1; cut < record.size(); cut += 3) {
    std::filesystem::resize_file(path_, sizeof(RecordingIdentity));
    Append(record.substr(0, cut));
    auto reader = Open();
    Numbers numbers = ReadAll(*reader);
    Append(record.substr(cut));
    for (const uint32_t number : ReadAll(*reader)) numbers.push_back(number);
    EXPECT_EQ(numbers, (Numbers{1, 2})) << cut;
    EXPECT_EQ(reader->lost(), 0u);
  }
}

// Does something before a read of a file.
class BeforeRead final : public FaultSeam {
 public:
  Fault Decide(Site site, int) override {
    if (site == Site::kRead && ++reads_ == at_) then_();
    return {};
  }
  void At(int read, std::function<void()> then) { reads_ = 0, at_ = read, then_ = std::move(then); }
  int reads() const { return reads_; }

 private:
  int reads_ = 0, at_ = 0;
  std::function<void()> then_;
};

TEST_F(RecordingTest, TheRestOfARecordThatComesBetweenAnyTwoReadsMakesItWhole) {
  BeforeRead seam;
  const Sys sys(&seam);
  const std::string all = RecordOf(1) + RecordOf(2) + RecordOf(3);
  for (size_t cut = 1; cut < all.size(); cut += 7) {
    for (int read = 1;; ++read) {
      std::filesystem::resize_file(path_, sizeof(RecordingIdentity));
      Append(all.substr(0, cut));
      auto reader = RecordingReader::Open(sys, path_, From::kStart);
      ASSERT_TRUE(reader.ok()) << reader.status();
      seam.At(read, [&] { Append(all.substr(cut)); });
      const Numbers numbers = ReadAll(**reader);
      if (seam.reads() < read) break;  // it reads no more often than that
      EXPECT_EQ(numbers, (Numbers{1, 2, 3})) << cut << ", before read " << read;
      EXPECT_EQ((*reader)->lost(), 0u);
    }
  }
}

TEST_F(RecordingTest, AFlippedBitCostsItsRecordAndNoOther) {
  const std::string first = RecordOf(1), second = RecordOf(2), third = RecordOf(3);
  // The frame itself, its length, its checksum, its marker.
  for (const size_t byte : {size_t{60}, size_t{17}, size_t{5}, size_t{0}, size_t{18}}) {
    std::string rotten = second;
    rotten[byte] = static_cast<char>(rotten[byte] ^ 0x10);
    std::filesystem::resize_file(path_, sizeof(RecordingIdentity));
    Append(first + rotten + third);
    auto reader = Open();
    EXPECT_EQ(ReadAll(*reader), (Numbers{1, 3})) << byte;
    EXPECT_EQ(reader->lost(), 1u);
  }
}

TEST_F(RecordingTest, ATornLengthThatReachesFarDoesNotHideWhatFollows) {
  const std::string whole = RecordOf(1);
  std::string huge = RecordOf(2).substr(0, 40);
  const uint32_t frame_bytes = kFrameBytesMaxDefault;
  std::memcpy(huge.data() + 16, &frame_bytes, 4);
  Append(whole + huge + huge + RecordOf(3));
  auto reader = Open();
  EXPECT_EQ(ReadAll(*reader), (Numbers{1, 3}));
  EXPECT_EQ(reader->torn_bytes(), 80u);
}

TEST_F(RecordingTest, WhatATornRecordHoldsOfAnotherRecordingIsNotRead) {
  const std::string strange = RecordOf(FrameOf(9), 12345);
  Append(RecordOf(1));
  const uint64_t id = Recording::Open(path_, Recording::Access::kRead)->file_id();
  std::string frame = FrameOf(0).substr(0, kHeaderBytes) + strange + strange;
  Append(RecordOf(frame, id).substr(0, 24 + frame.size() - 10) + RecordOf(3));
  auto reader = Open();
  EXPECT_EQ(ReadAll(*reader), (Numbers{1, 3}));
}

TEST_F(RecordingTest, RubbishWithoutEndIsSkippedAndNotKept) {
  Append(RecordOf(1));
  const std::string rubbish(1 << 20, 'J');
  for (int i = 0; i < 40; ++i) Append(rubbish);  // more than two records may have
  Append(RecordOf(2));
  auto reader = Open();
  EXPECT_EQ(ReadAll(*reader), (Numbers{1, 2}));
  EXPECT_EQ(reader->lost(), 1u);
  EXPECT_EQ(reader->torn_bytes(), uint64_t{40} << 20);
}

TEST_F(RecordingTest, AReaderThatJoinsWithinARecordBeginsWithTheNext) {
  const std::string record = RecordOf(1);
  Append(record.substr(0, 50));
  auto reader = Open(From::kEnd);
  Append(record.substr(50) + RecordOf(2));
  EXPECT_EQ(ReadAll(*reader), Numbers{2});
  EXPECT_EQ(reader->lost(), 0u);
}

TEST_F(RecordingTest, AFileThatIsCutShortUnderAReaderCountsAsLostAndGoesOn) {
  Append(RecordOf(1) + RecordOf(2));
  auto reader = Open();
  EXPECT_EQ(ReadAll(*reader), (Numbers{1, 2}));
  std::filesystem::resize_file(path_, 40);
  EXPECT_EQ(ReadAll(*reader), Numbers{});
  EXPECT_EQ(reader->lost(), 1u);
  Append(RecordOf(3));
  EXPECT_EQ(ReadAll(*reader), Numbers{3});
  EXPECT_EQ(reader->lost(), 1u);
}

TEST_F(RecordingTest, AFileThatIsEmptiedUnderAReaderCountsAsLostAndIsReadWhenItIsMadeAnew) {
  for (const bool looks_between : {false, true}) {
    Append(RecordOf(1) + RecordOf(2));
    auto reader = Open();
    EXPECT_EQ(ReadAll(*reader).size(), 2u);
    std::filesystem::resize_file(path_, 0);
    if (looks_between) {
      EXPECT_EQ(ReadAll(*reader), Numbers{});
    }
    std::string anew;  // of any length: shorter or longer than what was read before
    for (uint32_t i = 10; i < 15; ++i) anew += RecordOf(i);
    Append(anew);
    EXPECT_EQ(ReadAll(*reader), (Numbers{10, 11, 12, 13, 14}));
    EXPECT_EQ(reader->lost(), 1u);
    std::filesystem::remove(path_);
  }
}

TEST_F(RecordingTest, OneThatWasEmptiedAndWrittenToIsMadeAnewThoughItsWriterHasItOpen) {
  const std::string record = RecordOf(1);
  const auto writer = Recording::Open(path_, Recording::Access::kAppend);
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(writer->StillThere().ok());
  std::filesystem::resize_file(path_, 0);
  EXPECT_EQ(ReasonOf(writer->StillThere()), Reason::kCorrupt);
  Append(record);  // in the moment before it noticed
  const auto next = Recording::Open(path_, Recording::Access::kAppend);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(next->file_id(), writer->file_id());
  const absl::Status why = writer->StillThere();
  EXPECT_EQ(ReasonOf(why), Reason::kCorrupt) << why;
  EXPECT_NE(why.ToString().find("was emptied by another program"), std::string::npos) << why;
  Append(RecordOf(2));
  EXPECT_EQ(ReadAll(*Open()), Numbers{2});
}

TEST_F(RecordingTest, OneThatIsRemovedIsReadToItsEndAndEndsWithTheReason) {
  Append(RecordOf(1) + RecordOf(2));
  auto reader = Open();
  std::filesystem::remove(path_);
  for (int i = 0; i < 2; ++i) {
    const auto record = reader->Next();
    ASSERT_TRUE(record.ok() && record->has_value()) << record.status();
  }
  const absl::Status why = reader->Next().status();
  EXPECT_EQ(ReasonOf(why), Reason::kCorrupt) << why;
  EXPECT_NE(why.ToString().find("was removed by another program"), std::string::npos) << why;
}

TEST_F(RecordingTest, OneThatBecomesSomethingElseUnderAReaderEndsWithTheReason) {
  Append(RecordOf(1));
  auto reader = Open();
  EXPECT_EQ(ReadAll(*reader), Numbers{1});
  std::ofstream(path_, std::ios::trunc) << "a letter to a friend";
  const absl::Status why = reader->Next().status();
  EXPECT_EQ(why.code(), absl::StatusCode::kFailedPrecondition) << why;
}

TEST_F(RecordingTest, WhatIsNoRecordingIsLeftAlone) {
  std::ofstream(path_) << "a letter to a friend";
  EXPECT_EQ(Recording::Open(path_, Recording::Access::kAppend).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::filesystem::file_size(path_), 20u);
  const std::string link = directory_ + "/link";
  ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
  EXPECT_NE(Recording::Open(link, Recording::Access::kAppend).status().ToString().find("symlink"),
            std::string::npos);
  const std::string fifo = directory_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_NE(Recording::Open(fifo, Recording::Access::kRead).status().ToString().find("plain file"),
            std::string::npos);
}

TEST_F(RecordingTest, OneWhoseMakingWasCutOffAtAnyByteIsMadeAnew) {
  std::string identity(sizeof(RecordingIdentity), '\0');
  ASSERT_TRUE(Recording::Open(path_, Recording::Access::kAppend).ok());
  std::ifstream(path_).read(identity.data(), static_cast<std::streamsize>(identity.size()));
  for (size_t cut = 0; cut < identity.size(); ++cut) {
    std::ofstream(path_, std::ios::trunc) << identity.substr(0, cut);
    ASSERT_TRUE(Recording::Open(path_, Recording::Access::kRead).ok()) << cut;
    Append(RecordOf(5));
    EXPECT_EQ(ReadAll(*Open()), Numbers{5});
  }
}

}  // namespace
}  // namespace jackfield
