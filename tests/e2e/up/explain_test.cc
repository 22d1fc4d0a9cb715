// What `explain` says of addresses and channels, and that `check` says the same.
#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

constexpr std::string_view kWords =
    "jackfield = 1\nname = \"words\"\nover = \"unix:\"\n[service.source]\nrun = \"source\"\ncalls "
    "= [\"tokenize\"]\n"
    "[service.tokenize]\nrun = \"tokenize\"\ncalls = [\"count\"]\n[service.count]\nrun = "
    "\"count\"\n";

TEST(ExplainTest, NamesTheMediumWhereItIsWrittenAndWhatElseWouldDo) {
  const TemporaryDirectory directory;
  directory.Write("words.toml", kWords);
  const std::string text =
      OutputOf({"explain", "words.toml", "source", "tokenize"}, directory.path());
  EXPECT_EQ(text.substr(0, text.find('\n')), "source → tokenize  unix:   (words.toml:6:10)");
  EXPECT_NE(text.find("  carries calls: yes\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  would also work: "), std::string::npos) << text;
  EXPECT_NE(OutputOf({"explain", "unix:@x?type=seqpacket", "-o", "json"})
                .find("{\"channel\":\"\",\"address\":\"unix:@x?type=seqpacket\","),
            std::string::npos);
}

TEST(ExplainTest, AServiceWithInstancesIsExplainedOnceAndCheckedOneByOne) {
  const TemporaryDirectory directory;
  directory.Write("words.toml", std::string(kWords) + "instances = 3\n");
  const auto explain = [&](const std::string& server) {
    return OutputOf({"explain", "words.toml", "tokenize", server}, directory.path());
  };
  const std::string all = explain("count"), one = explain("count.2");
  EXPECT_EQ(all.substr(0, all.find('\n')), "tokenize → count (each)  unix:   (words.toml:9:10)");
  EXPECT_EQ(all.find("tokenize", 1), std::string::npos) << "once: " << all;
  EXPECT_EQ(one.substr(0, one.find('\n')), "tokenize → count.2  unix:   (words.toml:9:10)");
  EXPECT_EQ(OutputOf({"check", "-v", "words.toml"}, directory.path()),
            "words.toml: ok, 5 services, 4 channels\n  source → tokenize  unix:\n"
            "  tokenize → count.1  unix:\n  tokenize → count.2  unix:\n"
            "  tokenize → count.3  unix:\n");
}

TEST(ExplainTest, TellsTheMemoryOfTheServerAndTheSharesOfIt) {
  const TemporaryDirectory directory;
  directory.Write("words.toml", std::string(kWords) + "limits = { memory = \"64MiB\" }\n");
  const std::string text =
      OutputOf({"explain", "words.toml", "tokenize", "count"}, directory.path());
  EXPECT_NE(text.find("  memory of count: 64 MiB (limits, in the wiring); of it one peer at most "
                      "37.33 MiB, one link 24.89 MiB, one message 16 MiB; kept for small ones 8 "
                      "MiB\n"),
            std::string::npos)
      << text;
  EXPECT_NE(OutputOf({"explain", "words.toml", "tokenize", "count", "-o", "json"}, directory.path())
                .find(",\"memory_bytes_max\":67108864,"),
            std::string::npos);
}

TEST(ExplainTest, TellsTheShimsThatItPutInFrontFromThoseThatWereWritten) {
  const auto shims_of = [](const std::string& address) {
    const std::string text = OutputOf({"explain", address});
    const size_t begin = text.find("shims: ") + 7;
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(shims_of("unix:@x"), "none");
  EXPECT_EQ(shims_of("chaos+ipc:/x?delay=1ms"), "chaos");
  EXPECT_EQ(shims_of("mq:/x"),
            "fragment, put in front for what the medium lacks (?raw forbids it)");
  EXPECT_EQ(shims_of("reliable+mq:/x"),
            "fragment, put in front for what the medium lacks (?raw forbids it); reliable, as "
            "written");
}

TEST(ExplainTest, TellsTheTwoEndsOfAOneWayMediumApart) {
  const std::string text = OutputOf({"explain", "file:/tmp/nowhere"});
  EXPECT_NE(text.find("  a server can: receive, "), std::string::npos) << text;
  EXPECT_NE(text.find("  a client can: send, "), std::string::npos) << text;
  EXPECT_NE(text.find("  carries calls: no, it lacks send and reply\n"), std::string::npos) << text;
}

TEST(ExplainTest, APlaceToServeAtThatNobodyCanCallIsShownAsWhatItIs) {
  const std::string text = OutputOf({"explain", "tcp://127.0.0.1:0"});
  EXPECT_NE(text.find("  can: send, receive, "), std::string::npos) << text;
  EXPECT_NE(text.find("  carries calls: no, a client needs a port other than 0"), std::string::npos)
      << text;
}

// What explain says carries calls, check lets pass, and the other way round: for every transport,
// whatever this kernel has.
TEST(ExplainTest, IsOfOneMindWithCheck) {
  const TemporaryDirectory directory;
  directory.Write("words.toml", kWords);
  const std::string others =
      OutputOf({"explain", "words.toml", "source", "tokenize"}, directory.path());
  EXPECT_EQ(others.find("sim:"), std::string::npos) << "it joins no services: " << others;
  for (const std::string scheme : {"chaos+inproc:",
                                   "fifo:",
                                   "file:",
                                   "file:/tmp/x",
                                   "inproc:",
                                   "mmap:",
                                   "mq:",
                                   "pipe:",
                                   "sctp:",
                                   "sctp://127.0.0.1:7",
                                   "shm:",
                                   "signal:",
                                   "sim:",
                                   "sysv:",
                                   "tcp:",
                                   "udp:",
                                   "udp:?raw",
                                   "tcp://localhost:80",
                                   "tcp://no-such-host.invalid:80?plain",
                                   "unix:",
                                   "udp://239.1.2.3:9?iface=lo",
                                   "vsock:",
                                   "vsock://1:7"}) {
    const std::string explained = OutputOf({"explain", scheme});
    Command check({"check", "words.toml", "--set", "service.source.calls.tokenize=" + scheme},
                  directory.path());
    const bool passes = check.Wait() == 0;
    EXPECT_EQ(explained.find("carries calls: yes") != std::string::npos, passes)
        << explained << check.err();
    if (!scheme.ends_with(':') || scheme == "unix:" || scheme == "chaos+inproc:") continue;
    const size_t refused = others.find("  not possible:");
    EXPECT_EQ(others.find(" " + scheme, others.find("would also work")) < refused, passes)
        << scheme << others;
    EXPECT_EQ(others.find(scheme + ":"), std::string::npos) << "a colon too many\n" << others;
  }
}

}  // namespace
}  // namespace jackfield
