// Names of hosts: each address of one is tried, and a name server that does not answer delays
// nobody but who asked. The system's resolver is the test's own here: whoever calls getaddrinfo(3)
// in this program gets what the tests have put into Hosts.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/builtin.h"
#include "transports/engine/internet_name.h"
#include "transports/engine/resolved_opening.h"

namespace {

struct Hosts {
  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::map<std::string, std::vector<std::string>> addresses;
  bool silent = false;  // no name server answers
  int asking = 0;       // who waits for one
};
Hosts& hosts() {
  static auto* hosts = new Hosts;  // outlives threads that nobody waits for
  return *hosts;
}

struct Answer {
  addrinfo info{};
  sockaddr_storage address{};
};

}  // namespace

extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo*, addrinfo** found) {
  std::unique_lock lock(hosts().mutex);
  if (hosts().silent) {
    ++hosts().asking;
    hosts().changed.notify_all();
    hosts().changed.wait(lock, [] { return !hosts().silent; });
    --hosts().asking;
    hosts().changed.notify_all();
    return EAI_AGAIN;
  }
  const auto known = hosts().addresses.find(host);
  if (known == hosts().addresses.end()) return EAI_NONAME;
  *found = nullptr;
  for (auto text = known->second.rbegin(); text != known->second.rend(); ++text) {
    auto* answer = new Answer;
    jackfield::HostPort where;
    where.host = *text;
    const jackfield::InternetName name = *where.Number();
    answer->address = name.address;
    const uint16_t number = htons(static_cast<uint16_t>(std::atoi(port)));
    if (name.address.ss_family == AF_INET)
      reinterpret_cast<sockaddr_in&>(answer->address).sin_port = number;
    else
      reinterpret_cast<sockaddr_in6&>(answer->address).sin6_port = number;
    answer->info.ai_family = name.address.ss_family;
    answer->info.ai_addr = reinterpret_cast<sockaddr*>(&answer->address);
    answer->info.ai_addrlen = name.bytes;
    answer->info.ai_next = std::exchange(*found, &answer->info);
  }
  return 0;
}

extern "C" void freeaddrinfo(addrinfo* found) noexcept {
  while (found != nullptr) {
    addrinfo* const next = found->ai_next;
    delete reinterpret_cast<Answer*>(found);
    found = next;
  }
}

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;

const Registry& Builtin() {
  static const Registry* const registry = [] {
    auto* made = new Registry;
    AddBuiltinTransports(*made);
    return made;
  }();
  return *registry;
}

std::unique_ptr<Node> MakeNode() { return Node::Create({.registry = &Builtin()}).value(); }

absl::StatusOr<std::unique_ptr<Port>> Serve(Node& node, const std::string& address) {
  auto port = Port::Open(node, {address});
  if (!port.ok()) return port;
  (*port)->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  if (absl::Status status = (*port)->WaitServing(); !status.ok()) return status;
  return port;
}

absl::Status Ask(Channel& channel, int64_t timeout_us = 20'000'000) {
  CallOptions options;
  options.timeout = std::chrono::microseconds(timeout_us);
  return channel.Call(kEcho, Bytes("hello"), options).Wait().status();
}

absl::StatusOr<std::unique_ptr<Channel>> Connect(Node& node, const std::string& address,
                                                 int64_t connect_us = 5'000'000) {
  ChannelOptions options;
  options.connect_timeout = std::chrono::microseconds(connect_us);
  return Channel::Open(node, address, options);
}

bool Says(const absl::Status& status, const std::string& words) {
  return std::string(status.message()).find(words) != std::string::npos;
}

std::string PortOf(const Port& port) {
  const std::string target = port.addresses()[0].target();
  return target.substr(target.rfind(':') + 1);
}

void Know(const std::string& host, std::vector<std::string> addresses) {
  const std::lock_guard lock(hosts().mutex);
  hosts().addresses[host] = std::move(addresses);
}

void SetSilent(bool silent) {
  const std::lock_guard lock(hosts().mutex);
  hosts().silent = silent;
  hosts().changed.notify_all();
}

void AwaitAsking(int count) {
  std::unique_lock lock(hosts().mutex);
  hosts().changed.wait(lock, [count] { return hosts().asking == count; });
}

int Asking() {
  const std::lock_guard lock(hosts().mutex);
  return hosts().asking;
}

// A socket at that address that is there and says nothing, ever.
class Mute {
 public:
  Mute(const std::string& scheme, const std::string& host, const std::string& port)
      : fd_(socket(AF_INET, scheme == "tcp" ? SOCK_STREAM : SOCK_DGRAM, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<uint16_t>(std::stoi(port)));
    inet_pton(AF_INET, host.c_str(), &name.sin_addr);
    const auto* at = reinterpret_cast<const sockaddr*>(&name);
    EXPECT_EQ(bind(fd_.get(), at, sizeof name), 0);
    if (scheme != "tcp") return;
    EXPECT_EQ(listen(fd_.get(), 0), 0);
    // Who finds its queue full hears nothing (listen(2), tcp_abort_on_overflow).
    for (int i = 0; i < 8; ++i) {
      fillers_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      if (connect(fillers_.back().get(), at, sizeof name) != 0) {
        EXPECT_EQ(errno, EINPROGRESS);
      }
    }
  }

 private:
  const OwnedFd fd_;
  std::vector<OwnedFd> fillers_;
};

class Names : public testing::TestWithParam<const char*> {
 protected:
  ~Names() override {
    SetSilent(false);
    AwaitAsking(0);
  }
  std::string At(const std::string& host, const std::string& port, const char* more = "?plain") {
    return Text(GetParam(), "://", host, ":", port, more);
  }
  // Serves at a number; nullptr: this machine does not have it.
  std::unique_ptr<Port> ServeAt(const std::string& number, const std::string& port = "0") {
    auto served = Serve(*node_, At(number, port));
    return served.ok() ? *std::move(served) : nullptr;
  }
  const std::unique_ptr<Node> node_ = MakeNode();
};
INSTANTIATE_TEST_SUITE_P(Over, Names, testing::Values("tcp", "udp"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Names, EveryAddressIsTriedUntilOneAnswers) {
  const auto server = ServeAt("127.0.0.3");
  ASSERT_NE(server, nullptr);
  Know("multi", {"127.0.0.2", "127.0.0.3"});
  const auto channel = Connect(*node_, At("multi", PortOf(*server))).value();
  EXPECT_TRUE(Ask(*channel).ok()) << Ask(*channel);
}

TEST_P(Names, Ipv6AndIpv4AreTriedInTheOrderOfTheResolver) {
  for (const bool serves_six : {true, false}) {
    const auto server = ServeAt(serves_six ? "[::1]" : "127.0.0.1");
    if (server == nullptr) GTEST_SKIP() << "no IPv6 here";
    for (const auto& both : {std::vector<std::string>{"::1", "127.0.0.1"},
                             std::vector<std::string>{"127.0.0.1", "::1"}}) {
      Know("localhost", both);
      const auto channel = Connect(*node_, At("localhost", PortOf(*server), "")).value();
      EXPECT_TRUE(Ask(*channel).ok()) << Ask(*channel);
    }
  }
}

TEST_P(Names, AnAddressThatSaysNothingDoesNotHoldUpTheNext) {
  const auto server = ServeAt("127.0.0.3");
  ASSERT_NE(server, nullptr);
  const Mute mute(GetParam(), "127.0.0.2", PortOf(*server));
  Know("multi", {"127.0.0.2", "127.0.0.3"});
  const auto channel = Connect(*node_, At("multi", PortOf(*server))).value();
  EXPECT_TRUE(Ask(*channel).ok()) << Ask(*channel);
}

TEST_P(Names, WhereNobodyIsEachAddressIsNamedWithWhy) {
  std::string port;
  {
    const auto server = ServeAt("127.0.0.1");
    port = PortOf(*server);
  }
  Know("multi", {"127.0.0.2", "127.0.0.3"});
  const auto channel = Connect(*node_, At("multi", port), 1).value();
  const absl::Status why = channel->WaitOpen();
  EXPECT_EQ(why.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Says(why, Text("at 127.0.0.2:", port, " and 127.0.0.3:", port,
                             ": Connection refused (ECONNREFUSED); is the service running?")))
      << why;
}

TEST_P(Names, AServerServesAtTheFirstAddressThatThisMachineHas) {
  Know("some", {"192.0.2.1", "127.0.0.2", "127.0.0.3"});
  const auto server = Serve(*node_, At("some", "0"));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->addresses()[0].target(), Text("127.0.0.2:", PortOf(**server)));
  // Another one is told so, instead of being given the next.
  const absl::Status second = Serve(*node_, At("some", PortOf(**server))).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists) << second;
}

TEST_P(Names, ANameThatIsNotLoopbackIsRefusedWithoutPlain) {
  Know("localhost", {"127.0.0.1", "192.0.2.1"});
  const absl::Status served = Serve(*node_, At("localhost", "0", "")).status();
  EXPECT_EQ(served.code(), absl::StatusCode::kPermissionDenied) << served;
  EXPECT_TRUE(Says(served, "?plain")) << served;
}

TEST_P(Names, ANameThatNobodyKnowsIsSaidToBe) {
  const auto channel = Connect(*node_, At("no-such-host", "7")).value();
  const absl::Status why = channel->WaitOpen();
  EXPECT_EQ(why.code(), absl::StatusCode::kInvalidArgument) << why;
  EXPECT_TRUE(Says(why, "no address for \"no-such-host\"")) << why;
}

TEST_P(Names, ASilentNameServerDelaysNobodyButWhoAskedAndTheDeadlineIsKept) {
  const auto server = Serve(*node_, "inproc:");
  ASSERT_TRUE(server.ok());
  SetSilent(true);
  const auto slow = Connect(*node_, At("slow.example", "7000")).value();
  const auto other = Connect(*node_, (*server)->addresses()[0].ToString()).value();
  const absl::Status late = Ask(*slow, 200'000);  // while nobody answers
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
  EXPECT_EQ(OutcomeOf(late), Outcome::kRefused) << late;
  EXPECT_TRUE(Says(late, "not connected yet")) << late;
  EXPECT_TRUE(Ask(*other).ok()) << Ask(*other);
}

TEST_P(Names, ALookupThatFailsNowIsTriedAgain) {
  const auto server = ServeAt("127.0.0.1");
  SetSilent(true);
  const auto channel = Connect(*node_, At("soon.example", PortOf(*server))).value();
  AwaitAsking(1);
  Know("soon.example", {"127.0.0.1"});
  SetSilent(false);  // the first answer is EAI_AGAIN
  EXPECT_TRUE(Ask(*channel).ok()) << Ask(*channel);
}

TEST_P(Names, WhoClosesOrEndsDoesNotWaitForALookup) {
  SetSilent(true);
  auto channel = Connect(*node_, At("slow.example", "7000")).value();
  auto port = Port::Open(*node_, {At("slow.example", "7000")}).value();
  AwaitAsking(2);
  channel.reset();
  port.reset();
  {
    const auto node = MakeNode();
    const auto another = Connect(*node, At("slow.example", "7000")).value();
    AwaitAsking(3);
  }
  // A process that ends meanwhile: its threads live until then.
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const auto node = MakeNode();
    const auto another = Connect(*node, At("slow.example", "7000")).value();
    node->Turn(node->clock().NowNs());
    std::exit(7);  // with all that happens at an ordinary end
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
  SetSilent(false);
  AwaitAsking(0);
  node_->Turn(node_->clock().NowNs());  // what was found is nobody's any more
}

TEST_P(Names, AsManyLookupsAsThereMayBeAreEnoughAndMoreAreTriedAgain) {
  SetSilent(true);
  std::vector<std::unique_ptr<Channel>> channels;
  for (int i = 0; i < kLookupsMax; ++i)
    channels.push_back(Connect(*node_, At("slow.example", "7000")).value());
  while (Asking() < kLookupsMax) node_->Turn(node_->clock().NowNs() + 1'000'000);
  const auto more = Connect(*node_, At("slow.example", "7000"), 1).value();
  const absl::Status why = more->WaitOpen();
  EXPECT_EQ(why.code(), absl::StatusCode::kUnavailable) << why;
  EXPECT_TRUE(Says(why, Text("looking up ", kLookupsMax, " names already"))) << why;
}

}  // namespace
}  // namespace jackfield
