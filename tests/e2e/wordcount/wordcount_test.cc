// The main job, held against the shell pipeline that services/wordcount/wordcount.h names, over
// every transport that can carry it; and what a user sees when a file is missing or a service dies
// on the way.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

std::string wiring;  // the path of wordcount.toml

// What the pipeline prints for `files`, as words of a shell.
std::string Pipeline(const std::string& files) {
  const std::string script = "cat " + files +
                             " | LC_ALL=C tr -cs 'A-Za-z' '\\n' | LC_ALL=C tr 'A-Z' 'a-z' | grep "
                             "-v '^$' | LC_ALL=C sort | uniq -c"
                             " | LC_ALL=C sort -k1,1nr -k2,2 | awk '{print $1\" \"$2}'";
  FILE* pipe = popen(script.c_str(), "r");
  std::string out;
  char buffer[65536];
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
  pclose(pipe);
  return out;
}

std::vector<std::string> Up(const std::string& scheme, const std::vector<std::string>& files,
                            bool quiet = true) {
  std::vector<std::string> words = {"up", wiring, "--over", scheme};
  if (quiet) words.emplace_back("-q");
  words.emplace_back("--");
  words.insert(words.end(), files.begin(), files.end());
  return words;
}

class WordcountTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    // What the running kernel must have for a medium and has not, the program says.
    Command command(Up(GetParam(), {directory_.Write("nothing", "")}));
    if (command.Wait() == 2 && command.err().find("modprobe ") != std::string::npos)
      GTEST_SKIP() << command.err();
  }
  void ExpectAsPipeline(const std::vector<std::string>& files) {
    std::string list;
    for (const std::string& file : files) list += file + " ";
    Command command(Up(GetParam(), files));
    EXPECT_EQ(command.Wait(), 0) << command.err();
    EXPECT_TRUE(command.out() == Pipeline(list))
        << GetParam() << ": " << list << "differs";  // too long to print
  }
  static void ExpectNothingLeftBy(const std::vector<pid_t>& pids) {
    Command list({"ls", "--resources", "-o", "json"});
    EXPECT_EQ(list.Wait(), 0);
    for (const pid_t pid : pids) {
      EXPECT_EQ(list.out().find("\"pid\":" + std::to_string(pid) + ","), std::string::npos)
          << list.out();
    }
  }
  const TemporaryDirectory directory_;
};

TEST_P(WordcountTest, CountsRealTextAsThePipelineDoes) {
  Command command({"up", wiring, "--over", GetParam(), "-q"});
  EXPECT_EQ(command.Wait(), 0) << command.err();
  EXPECT_TRUE(command.out() == Pipeline("/usr/share/common-licenses/*"));
  EXPECT_GT(command.out().size(), 1000u);
}

TEST_P(WordcountTest, CountsNothingInAnEmptyFile) {
  ExpectAsPipeline({directory_.Write("empty", "")});
}

TEST_P(WordcountTest, CountsWordsAcrossFilesAndOddEnds) {
  ExpectAsPipeline({directory_.Write("a", "one two thr"), directory_.Write("b", "ee\nTWO"),
                    directory_.Write("c", " 12 ")});
}

TEST_P(WordcountTest, CountsMoreFilesThanItMayHaveDescriptors) {
  std::vector<std::string> files;
  for (int i = 0; i < 100; ++i)
    files.push_back(directory_.Write("file" + std::to_string(i), "one two thr"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{80, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  ExpectAsPipeline(files);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_P(WordcountTest, CountsTheWordsInBinaryBytes) {
  std::mt19937_64 random(1);
  std::string bytes(1 << 20, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  ExpectAsPipeline({directory_.Write("binary", bytes)});
}

TEST_P(WordcountTest, CountsAWordLargerThanAnyMessage) {
  ExpectAsPipeline(
      {directory_.Write("long", std::string(3 << 20, 'a') + " b " + std::string(70'000, 'c'))});
}

TEST_P(WordcountTest, Counts64MiB) {
  std::mt19937 random(2);
  std::vector<std::string> words;
  for (int i = 0; i < 5000; ++i) {
    std::string word(1 + random() % 10, 'a');
    for (char& letter : word)
      letter = static_cast<char>((random() % 8 == 0 ? 'A' : 'a') + random() % 26);
    words.push_back(word);
  }
  std::string text;
  text.reserve((64 << 20) + 64);
  while (text.size() < 64 << 20)
    text += words[random() % words.size()] + (random() % 9 == 0 ? ".\n" : " ");
  ExpectAsPipeline({directory_.Write("large", text)});
}

TEST_P(WordcountTest, SaysWhichFileIsMissingAndFails) {
  Command command(Up(GetParam(), {directory_.path() + "/nowhere"}));
  EXPECT_EQ(command.Wait(), 1);
  EXPECT_NE(command.err().find("cannot read " + directory_.path() +
                               "/nowhere: No such file or directory"),
            std::string::npos)
      << command.err();
  EXPECT_EQ(command.out(), "");
}

// The text is a FIFO that the test holds open: whoever is killed, it is in the middle of the work.
TEST_P(WordcountTest, PrintsNothingAndFailsWhenAServiceIsKilledOnTheWay) {
  if (GetParam() == "inproc:") GTEST_SKIP() << "threads of one process";
  for (const char* victim : {"source", "tokenize", "count"}) {
    const std::string fifo = directory_.path() + "/" + victim;
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    Command command(Up(GetParam(), {fifo}, /*quiet=*/false));
    const int feed = open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(feed, 0);
    ASSERT_TRUE(command.WaitForStderr("wordcount is up")) << command.err();
    const std::string some(100'000, 'x');
    ASSERT_EQ(write(feed, some.data(), some.size()), static_cast<ssize_t>(some.size()));
    std::vector<pid_t> pids;
    for (const char* service : {"source", "tokenize", "count"})
      pids.push_back(command.PidOf(service));
    ASSERT_GT(command.PidOf(victim), 0) << command.err();
    kill(command.PidOf(victim), SIGKILL);
    EXPECT_EQ(command.Wait(), 1) << command.err();
    close(feed);
    EXPECT_EQ(command.out(), "") << "a count that may be wrong";
    EXPECT_NE(command.err().find(victim), std::string::npos) << command.err();
    for (const pid_t pid : pids) EXPECT_FALSE(IsAlive(pid)) << pid;
    ExpectNothingLeftBy(pids);
  }
}

// A person who waits for a slow writer, or forgot that there is none, and gives up.
TEST_P(WordcountTest, StopsAtOnceWhileItWaitsForText) {
  const std::string fifo = directory_.path() + "/slow";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const bool somebody_writes : {false, true}) {
    Command command(Up(GetParam(), {fifo}, /*quiet=*/false));
    ASSERT_TRUE(command.WaitForStderr("wordcount is up")) << command.err();
    const int feed = somebody_writes ? open(fifo.c_str(), O_WRONLY | O_CLOEXEC) : -1;
    command.Signal(SIGINT);
    EXPECT_EQ(command.Wait(), 130) << command.err();
    EXPECT_EQ(command.err().find("did not stop"), std::string::npos) << command.err();
    if (somebody_writes) close(feed);
  }
}

TEST(WordcountRefusedTest, AMediumThatCannotAnswerIsRefusedBeforeAnythingStartsWithEveryNeed) {
  for (const char* over : {"file:/tmp/jf-nowhere/x", "mmap:/tmp/jf-nowhere/x", "signal:"}) {
    Command command({"up", wiring, "--over", over, "-q"});
    EXPECT_EQ(command.Wait(), 2);
    for (const char* words : {"source to tokenize", "source to count", "tokenize to count",
                              "lacks send", "reply", "nothing was started"})
      EXPECT_NE(command.err().find(words), std::string::npos) << over << ": " << command.err();
  }
}

// mq: as small as it may be: of its default queues a user may have seven at once (RLIMIT_MSGQUEUE),
// in whatever sandboxes, and other tests run at the same time.
INSTANTIATE_TEST_SUITE_P(Over, WordcountTest,
                         testing::Values("inproc:", "shm:", "pipe:", "fifo:", "mq:?depth=2",
                                         "sysv:", "unix:", "unix:?type=seqpacket",
                                         "unix:?type=dgram", "tcp:", "udp:", "vsock:", "sctp:"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase_if(name, [](char c) {
                             return isalnum(static_cast<unsigned char>(c)) == 0;
                           });
                           return name;
                         });

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 3) return 2;
  jackfield::wiring = argv[2];
  setenv("JACKFIELD_PROGRAM", argv[1], 1);
  signal(SIGPIPE, SIG_IGN);
  return RUN_ALL_TESTS();
}
