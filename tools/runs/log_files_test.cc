// Logs that are written and read again, in a directory of the test's own.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/runs/log_reader.h"
#include "tools/runs/log_writer.h"

namespace jackfield {
namespace {

constexpr int64_t kPatienceNs = 60'000'000'000;

class LogFilesTest : public ::testing::Test {
 protected:
  LogFilesTest() {
    char name[] = "/tmp/jackfield-logs-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~LogFilesTest() override { std::filesystem::remove_all(directory_); }

  struct Seen {
    std::vector<std::string> lines;  // "kv: text"
    std::vector<std::string> missed;
  };
  static Seen ReadWith(LogReader& reader) {
    Seen seen;
    reader.Read(
        [&seen](const LogLine& line) { seen.lines.push_back(line.service + ": " + line.text); },
        [&seen](std::string_view service) { seen.missed.emplace_back(service); });
    return seen;
  }
  Seen ReadAll(std::vector<std::string> services = {}) const {
    LogReader reader(directory_, std::move(services));
    return ReadWith(reader);
  }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  std::string directory_;
};

TEST_F(LogFilesTest, LinesOfAllServicesComeInTheOrderInWhichTheyWereWritten) {
  LogWriter writer(directory_, {});
  std::vector<std::string> wanted;
  for (int i = 0; i < 3000; ++i) {
    const std::string service = i % 7 == 0 ? "" : i % 2 == 0 ? "kv" : "packer.2";
    writer.Append(service, std::to_string(i));
    wanted.push_back(service + ": " + std::to_string(i));
  }
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  const Seen seen = ReadAll();
  EXPECT_EQ(seen.lines, wanted);
  EXPECT_TRUE(seen.missed.empty());
  EXPECT_EQ(writer.lost(), 0u);
  EXPECT_EQ(ServicesWithLogs(directory_), (std::vector<std::string>{"kv", "packer.2"}));
  EXPECT_EQ(ReadAll({"kv"}).lines[0], "kv: 2");
  EXPECT_EQ(ReadAll({"packer.2"}).lines[0], "packer.2: 1");
  EXPECT_TRUE(ReadAll({"packer"}).lines.empty());
}

TEST_F(LogFilesTest, AFileIsForItsUserAndHasRfc3339TimesAndNoColour) {
  LogWriter writer(directory_, {});
  writer.Append("kv", "slow disk 12ms");
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  struct stat is {};
  ASSERT_EQ(stat(Path("kv.1.log").c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777, 0600u);
  std::ifstream file(Path("kv.1.log"));
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line.size(), std::string("2026-11-30T19:20:31.481207113Z slow disk 12ms").size());
  EXPECT_EQ(line.substr(10, 1) + line.substr(29), "TZ slow disk 12ms");
}

TEST_F(LogFilesTest, SizeAndNumberOfFilesAreBounded) {
  const LogLimits limits{.file_bytes = kLogFileBytesLeast, .files = 3};
  LogWriter writer(directory_, limits);
  const std::string text(1000, 'x');
  for (int i = 0; i < 500; ++i) {
    writer.Append("kv", std::to_string(i) + text);
    if (i % 10 == 0) {
      ASSERT_TRUE(writer.Flush(kPatienceNs));
    }
  }
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    ++files;
    EXPECT_LE(entry.file_size(), limits.file_bytes + 1);
  }
  EXPECT_EQ(files, limits.files);
  const Seen seen = ReadAll();
  ASSERT_GT(seen.lines.size(), 2u * 60);
  EXPECT_EQ(seen.lines.back(), "kv: 499" + text) << "the last are kept";
  EXPECT_TRUE(seen.missed.empty()) << "of what was gone before it looked";
  // With fewer, the next file that begins makes it so.
  writer.SetLimits({.file_bytes = kLogFileBytesLeast, .files = 1});
  for (int i = 0; i < 70; ++i) writer.Append("kv", text);
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_),
                          std::filesystem::directory_iterator()),
            1);
}

TEST_F(LogFilesTest, WhoFollowsGetsEachLineOnceAcrossFiles) {
  LogWriter writer(directory_, {.file_bytes = kLogFileBytesLeast, .files = 50});
  LogReader reader(directory_, {});
  const std::string text(500, 'y');
  int next = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 50; ++i) writer.Append("kv", std::to_string(round * 50 + i) + text);
    ASSERT_TRUE(writer.Flush(kPatienceNs));
    for (const std::string& line : ReadWith(reader).lines)
      EXPECT_EQ(line, "kv: " + std::to_string(next++) + text);
  }
  EXPECT_EQ(next, 1000);
  EXPECT_TRUE(ReadWith(reader).lines.empty());
}

TEST_F(LogFilesTest, WhoIsTooLateIsToldThatLinesAreGone) {
  LogWriter writer(directory_, {.file_bytes = kLogFileBytesLeast, .files = 2});
  LogReader reader(directory_, {});
  const std::string text(1000, 'z');
  writer.Append("kv", "first");
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  EXPECT_EQ(ReadWith(reader).lines, std::vector<std::string>{"kv: first"});
  for (int i = 0; i < 400; ++i) writer.Append("kv", text);
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  const Seen seen = ReadWith(reader);
  EXPECT_EQ(seen.missed, std::vector<std::string>{"kv"});
  EXPECT_LT(seen.lines.size(), 400u);
}

// A file size limit stands for a full disk: the system writes a part, then nothing.
TEST_F(LogFilesTest, ADiskThatIsFullCostsLinesThatAreCountedAndHoldsBackNobody) {
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  LogWriter writer(directory_, {});
  const std::string text(100, 'x');
  for (int i = 0; i < 20'000; ++i) writer.Append("kv", text);  // more than may wait
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  EXPECT_TRUE(writer.HasRoom());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  const uint64_t lost = writer.lost();
  EXPECT_GT(lost, 19'900u);
  writer.Append("kv", "there is room again");
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  const Seen seen = ReadAll();
  EXPECT_EQ(seen.lines.back(), "kv: there is room again");
  EXPECT_NE(seen.lines[seen.lines.size() - 2].find("jackfield: " + std::to_string(lost) +
                                                   " lines before this one are not here: "),
            std::string::npos)
      << seen.lines[seen.lines.size() - 2];
  size_t whole = 0;
  for (const std::string& line : seen.lines) whole += line == "kv: " + text ? 1 : 0;
  EXPECT_EQ(whole + lost, 20'000u) << "each is there or counted";
  EXPECT_EQ(writer.lost(), lost);
}

TEST_F(LogFilesTest, ADirectoryThatGoesCostsLinesAndComesBack) {
  LogWriter writer(directory_, {});
  std::filesystem::remove_all(directory_);
  writer.Append("kv", "one");
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  EXPECT_EQ(writer.lost(), 1u);
  std::filesystem::create_directory(directory_);
  writer.Append("kv", "two");
  ASSERT_TRUE(writer.Flush(kPatienceNs));
  EXPECT_EQ(ReadAll().lines,
            (std::vector<std::string>{
                "kv: jackfield: 1 lines before this one are not here: No such file or directory",
                "kv: two"}));
}

TEST_F(LogFilesTest, TheLastLinesAreKnownWithoutADisk) {
  LogWriter writer("", {});
  for (int i = 0; i < 25; ++i) writer.Append("kv", std::to_string(i));
  writer.Append("kv", std::string(2000, 'l'));
  EXPECT_TRUE(writer.HasRoom());
  EXPECT_TRUE(writer.Flush(kPatienceNs));
  const std::vector<std::string> last = writer.Last("kv");
  ASSERT_EQ(last.size(), LogWriter::kLastLines);
  EXPECT_EQ(last[0], "16");
  EXPECT_EQ(last.back().size(), LogWriter::kLastLineBytes);
  EXPECT_TRUE(writer.Last("orders").empty());
}

TEST_F(LogFilesTest, WhatIsNoLogIsLeftAlone) {
  std::ofstream(Path("record")) << "x\n";
  std::ofstream(Path("kv.0.log")) << "x\n";
  std::ofstream(Path("kv.log")) << "x\n";
  std::ofstream(Path("kv.1.log.gz")) << "x\n";
  EXPECT_TRUE(ReadAll().lines.empty());
  // What is in a file without a time, or without an end, is text all the same.
  std::ofstream(Path("kv.3.log")) << "no time\n2026-11-30T19:20:31.000000001Z told\nthe rest";
  EXPECT_EQ(ReadAll().lines, (std::vector<std::string>{"kv: no time", "kv: told"}));
  std::ofstream(Path("kv.4.log")) << "2026-11-30T19:20:31.000000002Z \n";
  EXPECT_EQ(ReadAll().lines,
            (std::vector<std::string>{"kv: no time", "kv: told", "kv: the rest", "kv: "}));
}

}  // namespace
}  // namespace jackfield
