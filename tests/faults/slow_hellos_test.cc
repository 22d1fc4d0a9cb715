// FAULTS F7, over sockets: thousands of peers connect and say nothing, or say the beginning of a
// hello and no more. Honest clients get in meanwhile, those that are in are not disturbed, and who
// has not said its hello in time is gone, with its descriptors.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/seams.h"

namespace jackfield::conformance {
namespace {

constexpr uint32_t kEcho = 1;
constexpr int64_t kGiveUpNs = 120'000'000'000;
constexpr size_t kPeersMax = 5000;

class SlowHellos : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    rlimit descriptors{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &descriptors), 0);
    descriptors.rlim_cur = descriptors.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &descriptors), 0);
    peers_ = std::min<size_t>(kPeersMax, (descriptors.rlim_cur - 100) / 2);
    node_ = Node::Create({.registry = &TestRegistry()}).value();
    port_ = Port::Open(*node_, {GetParam()}).value();
    port_->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    ASSERT_TRUE(port_->WaitServing().ok());
  }
  // Not with the library: nothing is said on it.
  OwnedFd Connect() const {
    const Address& address = port_->addresses()[0];
    const std::string target(address.target());
    sockaddr_storage name{};
    socklen_t bytes = 0;
    if (address.scheme() == "unix") {
      auto& path = reinterpret_cast<sockaddr_un&>(name);
      path.sun_family = AF_UNIX;
      std::memcpy(path.sun_path + 1, target.data() + 1, target.size() - 1);
      bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + target.size());
    } else {
      auto& in = reinterpret_cast<sockaddr_in&>(name);
      in.sin_family = AF_INET;
      in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      in.sin_port = htons(static_cast<uint16_t>(std::stoi(target.substr(target.rfind(':') + 1))));
      bytes = sizeof in;
    }
    OwnedFd fd(socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&name), bytes), 0) << strerror(errno);
    return fd;
  }
  std::unique_ptr<Channel> HonestClient() {
    ChannelOptions options;
    options.timeout = options.connect_timeout = 60s;
    return Channel::Open(*node_, port_->addresses()[0], options).value();
  }
  static void ExpectAnswered(Channel& channel, size_t peers) {
    const absl::StatusOr<Message> reply = channel.Call(kEcho, Bytes("well")).Wait();
    EXPECT_TRUE(reply.ok()) << "among " << peers << ": " << reply.status();
  }

  size_t peers_ = 0;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
};

TEST_P(SlowHellos, KeepNobodyOutAndAreGoneInTime) {
  const std::unique_ptr<Channel> early = HonestClient();
  ExpectAnswered(*early, 0);
  const int descriptors_before = OpenDescriptors();
  {
    std::vector<OwnedFd> peers;
    const std::string beginning(7, 'J');
    while (peers.size() < peers_) {
      peers.push_back(Connect());
      if (peers.size() % 2 == 0) send(peers.back().get(), beginning.data(), beginning.size(), 0);
      if (peers.size() % 100 != 0) continue;
      node_->Turn(Node::kDoNotSleep);
      if (peers.size() % 1000 != 0) continue;
      ExpectAnswered(*early, peers.size());
      const std::unique_ptr<Channel> late = HonestClient();
      ExpectAnswered(*late, peers.size());
    }
    // They stay; the service lets them go.
    EXPECT_TRUE(
        node_->RunUntil([&] { return port_->clients() == 1; }, SystemClock().NowNs() + kGiveUpNs))
        << port_->clients() << " are still there";
    ExpectAnswered(*early, peers.size());
  }
  EXPECT_TRUE(node_->RunUntil([&] { return OpenDescriptors() <= descriptors_before; },
                              SystemClock().NowNs() + kGiveUpNs));
}

INSTANTIATE_TEST_SUITE_P(Over, SlowHellos, testing::Values("unix:", "tcp://127.0.0.1:0"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           return std::string(info.param, info.param[0] == 'u' ? 4 : 3);
                         });

}  // namespace
}  // namespace jackfield::conformance
