// Links over udp:, without sessions: what a datagram can do, and what is refused. Every port is
// chosen by the system; multicast stays on the loopback interface.
#include "transports/udp/udp.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/shim/reliable/reliable.h"

namespace jackfield {
namespace {

constexpr int64_t kWatchdogNs = 20'000'000'000;

class End final : public LinkSink, public LinkOwner {
 public:
  End(Node& node, const std::string& address, Role role) : node_(node) {
    absl::StatusOr<Address> parsed = node.registry().Parse(address);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    absl::StatusOr<std::unique_ptr<Opening>> opening =
        node.registry().Open(*parsed, role, node, *this);
    EXPECT_TRUE(opening.ok()) << opening.status();
    if (opening.ok()) opening_ = *std::move(opening);
  }
  ~End() override {
    for (Link* link : links_) node_.Remove(*link);
  }
  void Send(const std::string& payload, Link* link = nullptr) {
    if (link == nullptr) link = links_.at(0);
    const auto bytes = static_cast<uint32_t>(kHeaderBytes + payload.size());
    std::byte* frame = link->Claim(bytes);
    ASSERT_NE(frame, nullptr);
    std::memset(frame, 0, kHeaderBytes);
    new (frame) FrameHeader(kMagic, kVersionMax, FrameKind::OneWay, 0, bytes, 2, 0, 0, 0, 7, 1, 1,
                            1, 0, 0, 0);
    std::memcpy(frame + kHeaderBytes, payload.data(), payload.size());
    link->Commit(frame, bytes);
  }
  const std::string& address() const { return address_; }
  const std::vector<Link*>& links() const { return links_; }
  std::vector<std::string> texts;
  std::vector<Link*> from;
  std::vector<absl::Status> ends;

 private:
  void OnServing(const Address& actual) override { address_ = actual.ToString(); }
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    links_.push_back(&Link::Add(node_, std::move(driver), std::move(traits), this));
  }
  void OnOpenFailed(absl::Status status) override { ends.push_back(std::move(status)); }
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx()) {
      const FrameRef frame = link.NextRx();
      texts.emplace_back(reinterpret_cast<const char*>(frame.data) + kHeaderBytes,
                         frame.bytes - kHeaderBytes);
      from.push_back(&link);
    }
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status& why) override { ends.push_back(why); }

  Node& node_;
  std::unique_ptr<Opening> opening_;
  std::vector<Link*> links_;
  std::string address_;
};

// The next read or write that is made says so.
class OnceSeam final : public FaultSeam {
 public:
  Fault Decide(Site site, int) override {
    return {.error = site == site_ ? std::exchange(error_, 0) : 0};
  }
  void Fail(Site site, int error) { site_ = site, error_ = error; }
  bool failed() const { return error_ == 0; }

 private:
  Site site_ = Site::kCount;
  int error_ = 0;
};

class Udp : public testing::TestWithParam<NodeOptions::Wait> {
 protected:
  Udp() {
    registry_.Add(MakeUdpTransport());
    registry_.Add(MakeReliableShim());
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.registry = &registry_, .wait = GetParam()});
    if (node.ok()) node_ = *std::move(node);
  }
  void SetUp() override {
    if (node_ == nullptr) GTEST_SKIP() << "no io_uring here";
  }
  template <class Done>
  bool Drive(Done done) {
    return node_->RunUntil(done, node_->clock().NowNs() + kWatchdogNs);
  }
  std::unique_ptr<End> Serve(const std::string& address) {
    auto server = std::make_unique<End>(*node_, address, Role::kServe);
    EXPECT_TRUE(Drive([&] { return !server->address().empty(); }));
    return server;
  }
  std::unique_ptr<End> Connect(const std::string& address) {
    auto client = std::make_unique<End>(*node_, address, Role::kConnect);
    EXPECT_TRUE(Drive([&] { return !client->links().empty(); }));
    return client;
  }
  Caps CapsOf(const std::string& address, Role role) {
    return registry_.Describe(*registry_.Parse(address), role).value();
  }

  Registry registry_;
  OnceSeam seam_;  // of the node that a test makes with it
  std::unique_ptr<Node> node_;
};
INSTANTIATE_TEST_SUITE_P(All, Udp,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll),
                         [](const auto& info) {
                           return info.param == NodeOptions::Wait::kUring ? "uring" : "epoll";
                         });

TEST_P(Udp, AServerHasALinkForEachPeerAndAnswersToTheRightOne) {
  for (const char* where : {"udp://127.0.0.1:0", "udp://[::1]:0", "udp:"}) {
    auto server = Serve(where);
    auto one = Connect(server->address()), two = Connect(server->address());
    one->Send("from one");
    ASSERT_TRUE(Drive([&] { return server->texts.size() == 1; }));
    two->Send("from two");
    ASSERT_TRUE(Drive([&] { return server->texts.size() == 2; }));
    ASSERT_EQ(server->links().size(), 2u);
    server->Send("to two", server->from[1]);
    server->Send("to one", server->from[0]);
    ASSERT_TRUE(Drive([&] { return one->texts.size() == 1 && two->texts.size() == 1; }));
    EXPECT_EQ(one->texts[0], "to one");
    EXPECT_EQ(two->texts[0], "to two");
  }
}

TEST_P(Udp, CarriesTheLargestFrameAndRefusesOneByteMore) {
  auto server = Serve("udp:");
  auto client = Connect(server->address());
  client->Send(std::string(kUdpFrameBytesMax - kHeaderBytes, 'x'));
  ASSERT_TRUE(Drive([&] { return server->texts.size() == 1; }));
  EXPECT_EQ(server->texts[0].size(), kUdpFrameBytesMax - kHeaderBytes);
  client->Send(std::string(1473 - kHeaderBytes, 'x'));
  ASSERT_TRUE(Drive([&] { return !client->ends.empty(); }));
  EXPECT_NE(std::string(client->ends[0].message()).find("EMSGSIZE"), std::string::npos)
      << client->ends[0];
  EXPECT_EQ(server->texts.size(), 1u);
}

TEST_P(Udp, ManyFramesGoInFewSystemCallsAndKeepTheirBoundaries) {
  auto server = Serve("udp:");
  auto client = Connect(server->address());
  for (int i = 0; i < 60; ++i) client->Send(std::string(static_cast<size_t>(i), 'x'));
  ASSERT_TRUE(Drive([&] { return server->texts.size() == 60; }));
  for (size_t i = 0; i < 60; ++i) EXPECT_EQ(server->texts[i].size(), i);
}

TEST_P(Udp, AClientIsToldThatNobodyIsThere) {
  std::string address;
  {
    auto server = Serve("udp:");
    address = server->address();
  }
  auto client = Connect(address);
  client->Send("hello?");
  ASSERT_TRUE(Drive([&] { return !client->ends.empty(); }));
  EXPECT_TRUE(client->ends[0].code() == absl::StatusCode::kUnavailable) << client->ends[0];
}

TEST_P(Udp, AServerOnThisMachineIsToldThatAPeersSocketIsClosedAndKeepsTheOthers) {
  for (const char* where : {"udp://127.0.0.1:0", "udp://[::1]:0"}) {
    auto server = Serve(where);
    auto dies = Connect(server->address()), lives = Connect(server->address());
    dies->Send("the last word");
    ASSERT_TRUE(Drive([&] { return server->texts.size() == 1; }));
    lives->Send("hello");
    ASSERT_TRUE(Drive([&] { return server->texts.size() == 2; }));
    dies->Send("after the last word");  // lies there when the news of its end comes
    ASSERT_TRUE(Drive([&] { return !dies->links()[0]->has_tx(); }));
    dies.reset();
    // Its socket is closed in a later turn; what comes before that is nobody's.
    ASSERT_TRUE(Drive([&] {
      Link* const link = server->from[0];
      if (server->ends.empty() && !link->closed()) server->Send("are you there?", link);
      return server->ends.size() == 1;
    }));
    EXPECT_EQ(ReasonOf(server->ends[0]), Reason::kPeerDied) << server->ends[0];
    EXPECT_EQ(server->texts.back(), "after the last word");
    server->Send("and you?", server->from[1]);
    ASSERT_TRUE(Drive([&] { return lives->texts.size() == 1; }));
    EXPECT_EQ(server->ends.size(), 1u);
  }
}

// What routers on the way say of one datagram (ICMP) comes out of the next system call on the
// socket, whichever that is (udp(7)).
TEST_P(Udp, WhatTheWaySaysOfOneDatagramDoesNotEndTheLink) {
  node_ = Node::Create({.registry = &registry_, .wait = GetParam(), .seam = &seam_}).value();
  auto server = Serve("udp:");
  auto client = Connect(server->address());
  for (const int error : {EMSGSIZE, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENONET}) {
    for (const Site site : {Site::kRead, Site::kWrite}) {
      seam_.Fail(site, error);
      client->Send("perhaps lost");
      ASSERT_TRUE(Drive([&] { return seam_.failed() && !client->links()[0]->has_tx(); }));
      server->texts.clear();
      client->Send("news");
      ASSERT_TRUE(Drive([&] {
        return !client->ends.empty() || (!server->texts.empty() && server->texts.back() == "news");
      })) << error;
      ASSERT_TRUE(client->ends.empty()) << client->ends[0];
    }
  }
}

TEST_P(Udp, DropsWhatIsNoFrameAndGoesOn) {
  auto server = Serve("udp:");
  const std::string& address = server->address();
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (const size_t bytes : {0, 1, 47, 1201, 1208, 1473, 60'000}) {
    const std::string junk(bytes, 'j');
    EXPECT_EQ(sendto(fd, junk.data(), bytes, 0, reinterpret_cast<sockaddr*>(&name), sizeof name),
              static_cast<ssize_t>(bytes));
  }
  // Of a size that a frame may have; the second begins like one, and names another length.
  std::string junk(100, 'j');
  EXPECT_EQ(
      sendto(fd, junk.data(), junk.size(), 0, reinterpret_cast<sockaddr*>(&name), sizeof name),
      100);
  junk[0] = static_cast<char>(kMagic);
  EXPECT_EQ(
      sendto(fd, junk.data(), junk.size(), 0, reinterpret_cast<sockaddr*>(&name), sizeof name),
      100);
  close(fd);
  auto client = Connect(address);
  client->Send("a frame");
  ASSERT_TRUE(Drive([&] { return !server->texts.empty(); }));
  EXPECT_EQ(server->texts[0], "a frame");
  EXPECT_EQ(server->links().size(), 1u) << "junk makes no peer";
}

TEST_P(Udp, OneSendReachesEveryMemberOfAGroup) {
  auto first = Serve("udp://239.77.1.1:0?iface=lo");
  auto second = Serve(first->address());
  EXPECT_EQ(first->address(), second->address());
  auto sender = Connect(first->address() + "&ttl=0&loop=on");
  sender->Send("news");
  ASSERT_TRUE(Drive([&] { return first->texts.size() == 1 && second->texts.size() == 1; }));
  EXPECT_EQ(first->texts[0], "news");
  EXPECT_EQ(second->texts[0], "news");
  // Receivers only receive.
  first->Send("an answer");
  ASSERT_TRUE(Drive([&] { return !first->ends.empty(); }));
  EXPECT_TRUE(sender->texts.empty());
}

TEST_P(Udp, OneWayMessagesReachEveryPortOfAGroup) {
  PortOptions receives;
  receives.needs = ReceiveNeeds();
  int heard = 0;
  std::vector<std::unique_ptr<Port>> ports;
  std::string address = "udp://239.77.1.3:0?iface=lo";
  for (int i = 0; i < 2; ++i) {
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {address}, receives);
    ASSERT_TRUE(port.ok()) << port.status();
    (*port)->Handle(1, [&heard](ServerCall& call) { heard += call.payload().size() == 4; });
    ASSERT_TRUE((*port)->WaitServing().ok());
    address = (*port)->addresses()[0].ToString();
    ports.push_back(*std::move(port));
  }
  ChannelOptions sends;
  sends.needs = SendNeeds();
  absl::StatusOr<std::unique_ptr<Channel>> channel = Channel::Open(*node_, address, sends);
  ASSERT_TRUE(channel.ok()) << channel.status();
  ASSERT_TRUE(Drive([&] { return (*channel)->open(); }));
  Bytes news("news");
  ASSERT_TRUE((*channel)->TrySend(1, news).ok());
  EXPECT_TRUE(Drive([&] { return heard == 2; }));
}

TEST_P(Udp, ReachesAnIpv6GroupWhereTheMachineHasARouteToIt) {
  auto member = Serve("udp://[ff01::4a66]:0?iface=lo");
  struct Silent final : LinkSink {
    void OnServing(const Address&) override {}
    void OnLink(std::unique_ptr<LinkDriver>, LinkTraits) override {}
    void OnOpenFailed(absl::Status) override {}
  } sink;
  const absl::Status probe =
      registry_.Open(*registry_.Parse(member->address()), Role::kConnect, *node_, sink).status();
  if (absl::IsUnavailable(probe)) GTEST_SKIP() << probe;
  auto sender = Connect(member->address());
  sender->Send("news");
  ASSERT_TRUE(Drive([&] { return member->texts.size() == 1; }));
  EXPECT_EQ(member->texts[0], "news");
}

TEST_P(Udp, DeclaresWhatItCannotDoAndACallIsRefused) {
  const Caps caps = CapsOf("udp://127.0.0.1:1", Role::kConnect);
  EXPECT_TRUE(caps.send && caps.receive && caps.reply && caps.multi_host);
  EXPECT_FALSE(caps.ordered || caps.reliable || caps.peer_loss || caps.fan_out);
  EXPECT_EQ(caps.frame_bytes_max, 1200u);
  const Caps sends = CapsOf("udp://239.1.2.3:1?plain", Role::kConnect);
  EXPECT_TRUE(sends.send && sends.fan_out);
  EXPECT_FALSE(sends.receive || sends.reply);
  const Caps receives = CapsOf("udp://239.1.2.3:1?plain", Role::kServe);
  EXPECT_TRUE(receives.receive && receives.fan_out);
  EXPECT_FALSE(receives.send || receives.reply);

  const absl::Status call = Channel::Open(*node_, "udp://127.0.0.1:9?raw").status();
  EXPECT_EQ(call.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(call.message()).find("ordered"), std::string::npos) << call;
  EXPECT_NE(std::string(call.message()).find("reliable"), std::string::npos) << call;
  EXPECT_EQ(Port::Open(*node_, {"udp:?raw"}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Channel::Open(*node_, "reliable+udp://239.1.2.3:9?plain").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(Udp, RefusesWhatLeavesTheMachineUnlessItIsMeant) {
  struct Silent final : LinkSink {
    void OnServing(const Address&) override {}
    void OnLink(std::unique_ptr<LinkDriver>, LinkTraits) override {}
    void OnOpenFailed(absl::Status) override {}
  } sink;
  for (const char* far : {"udp://192.0.2.1:9", "udp://239.1.2.3:9", "udp://[2001:db8::1]:9"}) {
    EXPECT_EQ(registry_.Open(*registry_.Parse(far), Role::kConnect, *node_, sink).status().code(),
              absl::StatusCode::kPermissionDenied)
        << far;
  }
}

TEST_P(Udp, RefusesAddressesThatItCannotRead) {
  for (const char* bad :
       {"udp://127.0.0.1", "udp://127.0.0.1:x", "udp://127.0.0.1:70000", "udp://::1:9",
        "udp://[ff02::1%lo]:9?iface=eth0", "udp://[fe80::1]:9?plain", "udp://127.0.0.1:9?ttl=1",
        "udp://239.1.2.3:9?ttl=256", "udp://239.1.2.3:9?loop=maybe",
        "udp://239.1.2.3:9?iface=", "udp://127.0.0.1:9?plane", "udp:", "udp://127.0.0.1:0"}) {
    EXPECT_EQ(registry_.Describe(*registry_.Parse(bad), Role::kConnect).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST_P(Udp, AnAddressInUseIsSaidToBe) {
  auto server = Serve("udp:");
  struct Silent final : LinkSink {
    void OnServing(const Address&) override {}
    void OnLink(std::unique_ptr<LinkDriver>, LinkTraits) override {}
    void OnOpenFailed(absl::Status) override {}
  } sink;
  EXPECT_EQ(registry_.Open(*registry_.Parse(server->address()), Role::kServe, *node_, sink)
                .status()
                .code(),
            absl::StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace jackfield
