// The verbs that speak to any service: call, describe and ls, as a user runs them. The services are
// in a child process, which has never heard of the tool; nor has the tool of them.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "schemas/sys_service.h"
#include "services/echo/echo.h"
#include "tests/e2e/up/command.h"
#include "tools/message/kinds_service.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Kindly final : public kinds::KindlyService {
  Handling Echo(CallOf<kinds::Kinds, kinds::Kinds> call) override {
    return call.Reply([&](flatbuffers::FlatBufferBuilder& fbb) {
      const auto text = fbb.CreateString(call->text() == nullptr ? "" : call->text()->c_str());
      kinds::KindsBuilder builder(fbb);
      builder.add_text(text);
      builder.add_int32(call->int32() + 1);
      return builder.Finish();
    });
  }
  Handling Need(CallOf<kinds::Must, kinds::Must> call) override {  // never answers
    call.call().Hold();
    return absl::OkStatus();
  }
  Handling Note(OneWayOf<kinds::Kinds>) override { return absl::OkStatus(); }
  Handling Watch(ServerStreamOf<kinds::Leaf, kinds::Kinds> call) override {  // one item, no end
    const auto item = [](flatbuffers::FlatBufferBuilder& fbb) {
      return kinds::KindsBuilder(fbb).Finish();
    };
    if (absl::Status written = co_await call.Write(item); !written.ok()) co_return written;
    co_await call.node().Sleep(24h);
    co_return absl::OkStatus();
  }
  Handling Add(ClientStreamOf<kinds::Kinds, kinds::Leaf>) override {  // takes nothing
    return absl::NotFoundError("no such\nsum");
  }
  Handling Chat(BothStreamsOf<kinds::parts::Outer, kinds::Leaf>) override {
    return absl::OkStatus();
  }
};

// Says of itself what is no schema.
class Liar final : public sys::SchemaService {
  Handling List(CallOf<sys::ListRequest, sys::ListReply> call) override {
    return call.Reply([](flatbuffers::FlatBufferBuilder& fbb) {
      std::vector methods = {sys::CreateMethodEntryDirect(fbb, "Lie", 7)};
      std::vector interfaces = {sys::CreateInterfaceEntryDirect(fbb, "lies.Liar", 1, &methods)};
      return sys::CreateListReplyDirect(fbb, "liar\x1b[2J", &interfaces);
    });
  }
  Handling Get(CallOf<sys::GetRequest, sys::GetReply> call) override {
    return call.Reply([](flatbuffers::FlatBufferBuilder& fbb) {
      const std::vector<uint8_t> bytes(100, 0x5a);
      return sys::CreateGetReply(fbb, 1, fbb.CreateVector(bytes));
    });
  }
};

class Services {
 public:
  enum { kHonest, kSilent, kLiar, kCount };

  Services() {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) Serve(ends[1]);
    close(ends[1]);
    std::string text;
    char letter = 0;
    while (read(ends[0], &letter, 1) == 1) text += letter;
    close(ends[0]);
    for (std::string& address : addresses_) {
      const size_t end = text.find('\n');
      address = text.substr(0, end);
      text.erase(0, end + 1);
    }
  }
  ~Services() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  const std::string& address(int which) const { return addresses_.at(which); }

 private:
  [[noreturn]] static void Serve(int fd) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Registry registry;
    AddBuiltinTransports(registry);
    auto node = *Node::Create({.name = "tested", .registry = &registry});
    std::array<std::unique_ptr<Port>, kCount> ports;
    for (auto& port : ports) port = *Port::Open(*node, {"unix:"});
    echo::Echo echo;
    Kindly kindly;
    Liar liar;
    echo.RegisterOn(*ports[kHonest]);
    kindly.RegisterOn(*ports[kHonest]);
    liar.RegisterOn(*ports[kLiar]);
    for (auto& port : ports) {
      if (!port->WaitServing().ok()) _exit(1);
      const std::string line = port->addresses()[0].ToString() + "\n";
      if (write(fd, line.data(), line.size()) < 0) _exit(1);
    }
    close(fd);
    node->Run().IgnoreError();
    _exit(0);
  }
  pid_t pid_ = -1;
  std::array<std::string, kCount> addresses_;
};

struct Ended {
  int exit_status;
  std::string out, err;
};

class CallTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { services_ = new Services; }
  static void TearDownTestSuite() { delete std::exchange(services_, nullptr); }

  static const std::string& At(int which = Services::kHonest) { return services_->address(which); }
  static Ended Run(const std::vector<std::string>& words, const std::string& directory = ".") {
    Command command(words, directory);
    const int exit_status = command.Wait();
    return {exit_status, command.out(), command.err()};
  }
  static Ended Call(std::vector<std::string> words) {
    words.insert(words.begin(), {"call", At()});
    return Run(words);
  }

 private:
  static Services* services_;
};
Services* CallTest::services_ = nullptr;

TEST_F(CallTest, PrintsTheAnswerOnStdoutAndTheTimeOnStderr) {
  const Ended end = Call({"Say", R"({"text":"Ada"})"});
  EXPECT_EQ(end.exit_status, 0);
  EXPECT_EQ(end.out, "{\"text\": \"Ada\"}\n");
  EXPECT_THAT(end.err, MatchesRegex("# ok [0-9.]+[num]?s over unix:\n"));
  EXPECT_EQ(Call({"Say", R"({"text":"Ada"})", "-q"}).err, "");
}

TEST_F(CallTest, AMethodMayBeNamedWithItsInterfaceOrTheLastPartOfThat) {
  for (const char* name : {"jackfield.echo.Echo/Say", "Echo/Say", "Say"})
    EXPECT_EQ(Call({name, R"({"text":"x"})"}).out, "{\"text\": \"x\"}\n") << name;
}

TEST_F(CallTest, TheRequestComesFromAFileToo) {
  const TemporaryDirectory directory;
  directory.Write("request.json", "{\"text\":\n \"from a file\"}\n");
  const Ended end = Run({"call", At(), "Say", "-d", "@request.json"}, directory.path());
  EXPECT_EQ(end.out, "{\"text\": \"from a file\"}\n") << end.err;
  const Ended missing = Call({"Say", "-d", "@no/such/file"});
  EXPECT_EQ(missing.exit_status, 1);
  EXPECT_THAT(missing.err, HasSubstr("no/such/file"));
  EXPECT_EQ(Call({"Say", "{}", "-d", "-"}).exit_status, 2);
}

TEST_F(CallTest, WithoutJsonTheRequestIsEmpty) {
  EXPECT_THAT(Call({"Kindly/Echo"}).out, HasSubstr("\"int32\": 1,"));
}

TEST_F(CallTest, ItemsComeOneALine) {
  const Ended end = Call({"Repeat", R"({"text":"x","times":3})"});
  EXPECT_EQ(end.exit_status, 0);
  EXPECT_EQ(end.out, "{\"text\": \"x\"}\n{\"text\": \"x\"}\n{\"text\": \"x\"}\n");
  EXPECT_THAT(end.err, StartsWith("# ok 3 items "));
  EXPECT_THAT(Call({"Repeat", R"({"text":"x"})"}).err, StartsWith("# ok 1 item "));
}

TEST_F(CallTest, ItemsGoOneAfterTheOther) {
  const Ended end = Call({"Join", R"({"text":"a"} {"text":"b"}{"text":"c"})"});
  EXPECT_EQ(end.exit_status, 0) << end.err;
  EXPECT_EQ(end.out, "{\"text\": \"abc\",\"items\": 3}\n");
  EXPECT_EQ(Call({"Join"}).out, "{\"text\": \"\",\"items\": 0}\n");
}

// More than either end takes at once: who only wrote would wait for ever.
TEST_F(CallTest, ItemsGoBothWays) {
  const TemporaryDirectory directory;
  std::string items, expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string text = std::to_string(i) + std::string(200, 'x');
    items += "{\"text\":\"" + text + "\"}\n";
    expected += "{\"text\": \"" + text + "\"}\n";
  }
  const std::string path = directory.Write("items", items);
  const Ended chat = Run({"call", At(), "Echo/Chat", "-d", "@" + path});
  EXPECT_EQ(chat.exit_status, 0) << chat.err;
  EXPECT_EQ(chat.out, expected);
}

TEST_F(CallTest, AOneWayMessagePrintsNothing) {
  const Ended end = Call({"Hear", R"({"text":"x"})"});
  EXPECT_EQ(end.exit_status, 0);
  EXPECT_EQ(end.out, "");
  EXPECT_THAT(end.err, StartsWith("# ok "));
}

TEST_F(CallTest, ATemplateIsARequest) {
  const Ended end = Call({"Kindly/Echo", "--template"});
  EXPECT_EQ(end.exit_status, 0);
  EXPECT_THAT(end.out, StartsWith("{\"flag\": true, \"int8\": -8, "));
  EXPECT_EQ(Call({"Kindly/Echo", end.out}).exit_status, 0);
}

TEST_F(CallTest, BadJsonIsToldAndNothingIsCalled) {
  const Ended end = Call({"Say", R"({"count":2})"});
  EXPECT_EQ(end.exit_status, 2);
  EXPECT_EQ(end.out, "");
  EXPECT_THAT(end.err, StartsWith("jackfield: jackfield.echo.Echo/Say: bad JSON: line 1, column "));
  EXPECT_THAT(end.err, HasSubstr("unknown field: count\n  try: jackfield call "));
  EXPECT_EQ(Call({"Say", "{} {}"}).exit_status, 2);
  const Ended second = Call({"Join", R"({"text":"a"} {"text":7})"});
  EXPECT_EQ(second.exit_status, 2);
  EXPECT_THAT(second.err, HasSubstr("value 2, line 1"));
}

TEST_F(CallTest, AnUnknownMethodIsToldWithTheNearest) {
  const Ended end = Call({"Sayy", "{}"});
  EXPECT_EQ(end.exit_status, 76);
  EXPECT_EQ(end.err, "jackfield: tested has no method \"Sayy\"; did you mean \"Say\"?\n");
  const Ended interface = Call({"Ecko/Say", "{}"});
  EXPECT_EQ(interface.exit_status, 76);
  EXPECT_THAT(interface.err, HasSubstr("did you mean \"jackfield.echo.Echo\"?"));
  EXPECT_EQ(Call({"Echo/Sayy", "{}"}).exit_status, 76);
}

TEST_F(CallTest, AMethodOfTwoInterfacesMustBeNamedInFull) {
  const Ended end = Call({"Chat"});
  EXPECT_EQ(end.exit_status, 2);
  EXPECT_THAT(end.err, HasSubstr("has Chat in jackfield.echo.Echo and jackfield.kinds.Kindly"));
}

TEST_F(CallTest, TheExitStatusIsTheStatusOfTheCall) {
  const Ended end = Call({"Add", "{}"});
  EXPECT_EQ(end.exit_status, 64 + static_cast<int>(absl::StatusCode::kNotFound));
  EXPECT_EQ(end.err, "jackfield: jackfield.kinds.Kindly/Add: NOT_FOUND: no such\\x0asum\n");
}

TEST_F(CallTest, TheTimeLimitEndsACall) {
  const Ended example = Call({"Need", "-t"});
  const Ended end = Call({"Need", example.out, "-T", "2s"});
  EXPECT_EQ(end.exit_status, 64 + static_cast<int>(absl::StatusCode::kDeadlineExceeded)) << end.err;
  EXPECT_THAT(end.err, HasSubstr("(IN_DOUBT deadline)"));
  for (const char* wrong : {"5", "0", "-1s", "soon"})
    EXPECT_EQ(Call({"Need", example.out, std::string("--timeout=") + wrong}).exit_status, 2);
}

TEST_F(CallTest, TheTimeLimitEndsAStreamAfterItsItems) {
  const Ended end = Call({"Watch", R"({"name":"x"})", "-T", "2s"});
  EXPECT_EQ(end.exit_status, 64 + static_cast<int>(absl::StatusCode::kDeadlineExceeded)) << end.err;
  EXPECT_THAT(end.out, StartsWith("{\"flag\": true,"));
}

TEST_F(CallTest, InterruptEndsAStream) {
  Command watch({"call", At(), "Watch", R"({"name":"x"})"});
  ASSERT_TRUE(watch.WaitForStdout("}\n"));  // it came while the stream goes on
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait(), 130) << watch.err();
}

TEST_F(CallTest, WhereNobodyIsTheExitStatusIsThree) {
  for (const char* verb : {"call", "describe", "ls"}) {
    std::vector<std::string> words = {verb, "unix:@nobody-" + std::to_string(getpid()), "-T",
                                      "500ms"};
    if (words[0] == "call") words.insert(words.begin() + 2, "Say");
    const Ended end = Run(words);
    EXPECT_EQ(end.exit_status, 3) << verb;
    EXPECT_THAT(end.err, HasSubstr("is the service running?"));
  }
}

TEST_F(CallTest, AServiceWithoutASchemaIsToldSo) {
  const Ended end = Run({"call", At(Services::kSilent), "Say", "{}"});
  EXPECT_EQ(end.exit_status, 1);
  EXPECT_THAT(end.err, HasSubstr("serves no schema of itself"));
}

TEST_F(CallTest, ASchemaThatIsNoneIsToldSo) {
  const Ended end = Run({"call", At(Services::kLiar), "Lie", "{}"});
  EXPECT_EQ(end.exit_status, 1);
  EXPECT_EQ(end.err,
            "jackfield: liar\\x1b[2J: the schema of lies.Liar is no binary schema of FlatBuffers "
            "(.bfbs)\n");
  EXPECT_EQ(Run({"describe", At(Services::kLiar)}).exit_status, 1);
}

TEST_F(CallTest, WhatIsNoAddressIsToldSo) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"call", "greeter", "Greet"},
        {"call", "greeter/Greet", "{}"},
        {"describe", "greeter/Greet"},
        {"ls", "greeter"}}) {
    const Ended end = Run(words);
    EXPECT_EQ(end.exit_status, 3);
    EXPECT_THAT(end.err, HasSubstr("\"greeter\" is no address"));
  }
  EXPECT_EQ(Run({"call", "no-such-scheme:x", "Greet"}).exit_status, 2);
  EXPECT_EQ(Run({"call", At()}).exit_status, 2);
}

TEST_F(CallTest, LsListsWhatCallTakes) {
  const std::string methods = OutputOf({"ls", At()});
  EXPECT_THAT(methods, HasSubstr("jackfield.echo.Echo/Say\n"));
  EXPECT_THAT(methods, HasSubstr("jackfield.sys.Schema/Get\n"));
  EXPECT_THAT(OutputOf({"ls", At(), "-o", "json"}),
              HasSubstr("{\"service\":\"tested\",\"interface\":\"jackfield.echo.Echo\","
                        "\"method\":\"Say\"}\n"));
  EXPECT_EQ(Run({"ls"}).exit_status, 2);
  EXPECT_EQ(Run({"ls", At(), "--resources"}).exit_status, 2);
}

TEST_F(CallTest, DescribePrintsTheSchemaOfWhatWasAskedFor) {
  const std::string all = OutputOf({"describe", At()});
  EXPECT_THAT(all,
              HasSubstr("rpc_service Echo {\n  /// Says it once.\n  Say(SayRequest): SayReply "));
  EXPECT_THAT(all, HasSubstr("rpc_service Kindly {"));
  EXPECT_EQ(all.find("rpc_service Schema"), std::string::npos);
  for (const char* name : {"Echo/Say", "jackfield.echo.Echo/Say", "Say"}) {
    const std::string one = OutputOf({"describe", At(), name});
    EXPECT_THAT(one, HasSubstr("  Say(SayRequest): SayReply (deadline_ms: \"5000\", idempotent);"));
    EXPECT_EQ(one.find("Joined"), std::string::npos) << one;
  }
  const Ended wrong = Run({"describe", At(), "Ecko"});
  EXPECT_EQ(wrong.exit_status, 76);
}

TEST_F(CallTest, DescribePrintsAnObjectForEachMethod) {
  EXPECT_THAT(OutputOf({"describe", At(), "Echo/Repeat", "-o", "json"}),
              StartsWith("{\"interface\":\"jackfield.echo.Echo\",\"method\":\"Repeat\",\"kind\":"
                         "\"server\",\"request\":\"jackfield.echo.RepeatRequest\",\"reply\":"
                         "\"jackfield.echo.SayReply\",\"attributes\":{\"streaming\":\"server\"},"
                         "\"doc\":\"Says it as often as it is asked to.\","));
}

}  // namespace
}  // namespace jackfield
