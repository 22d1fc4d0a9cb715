// Order and delivery over a bad medium, on a virtual clock: two ends of `reliable+chaos+sim:`, each
// sending numbered frames of many sizes to the other; and what happens at the ends of a connection.
// `--seeds=N --first=S` asks for more days than CI has time for.
#include "transports/shim/reliable/reliable.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/registry.h"
#include "transports/engine/seeded.h"
#include "transports/shim/chaos/chaos.h"
#include "transports/shim/reliable/packet.h"
#include "transports/sim/sim_world.h"

namespace jackfield {
namespace {

uint64_t g_seeds = 100, g_first = 1;  // NOLINT: set once by main()
constexpr int64_t kSecondNs = 1'000'000'000;

// One end: sends numbered frames as room allows, and checks what comes.
class End final : public LinkSink, public LinkOwner {
 public:
  End(SimWorld& world, Node& node, const Registry& registry, const std::string& address, Role role)
      : node_(node), random_(world.random().Next()) {
    absl::StatusOr<std::unique_ptr<Opening>> opening =
        registry.Open(*registry.Parse(address), role, node, *this);
    EXPECT_TRUE(opening.ok()) << opening.status();
    if (opening.ok()) opening_ = *std::move(opening);
  }
  ~End() override { Remove(); }
  void Send(uint32_t frames) {
    to_send_ += frames;
    if (link_ != nullptr) SendSome();
  }
  void Remove() {
    if (link_ != nullptr) node_.Remove(*link_);
    link_ = nullptr;
  }
  Link* link() const { return link_; }
  uint32_t received() const { return received_; }
  bool in_order() const { return in_order_; }
  bool closed() const { return closed_; }
  const absl::Status& why() const { return why_; }
  bool takes = true;  // false: leaves frames in the queue

 private:
  static std::byte Filling(uint32_t number, uint32_t i) {
    return static_cast<std::byte>(number * 31 + i * 7);
  }
  void SendSome() {
    while (sent_ < to_send_ && !closed_) {
      const uint32_t bytes =
          kHeaderBytes + static_cast<uint32_t>(random_.Below(random_.Chance(0.5) ? 100 : 1081));
      std::byte* frame = link_->Claim(bytes);
      if (frame == nullptr) return;
      new (frame) FrameHeader(kMagic, kVersionMax, FrameKind::OneWay, 0, bytes, 2, 0, 0, 0, 7,
                              ++sent_, 1, 1, 0, 0, 0);
      for (uint32_t i = kHeaderBytes; i < bytes; ++i) frame[i] = Filling(sent_, i);
      link_->Commit(frame, bytes);
    }
  }
  void OnServing(const Address&) override {}
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    // Over sim: a peer that was cut is a new link; what matters is the first.
    Link& link = Link::Add(node_, std::move(driver), std::move(traits), this);
    if (link_ == nullptr) link_ = &link;
    SendSome();
  }
  void OnOpenFailed(absl::Status status) override { why_ = std::move(status); }
  void OnFrames(Link& link) override {
    for (; takes && link.has_rx(); link.PopRx()) {
      const FrameRef frame = link.NextRx();
      uint64_t number;
      std::memcpy(&number, frame.data + 16, sizeof number);  // call_id
      in_order_ &= number == ++received_ && PeekFrameBytes(frame.data) == frame.bytes;
      for (uint32_t i = kHeaderBytes; i < frame.bytes; ++i)
        in_order_ &= frame.data[i] == Filling(received_, i);
    }
  }
  void OnRoom(Link&) override { SendSome(); }
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status& why) override {
    closed_ = true;
    why_ = why;
  }

  Node& node_;
  Random random_;
  std::unique_ptr<Opening> opening_;
  Link* link_ = nullptr;
  uint32_t sent_ = 0, to_send_ = 0, received_ = 0;
  bool in_order_ = true, closed_ = false;
  absl::Status why_;
};

class Day {
 public:
  explicit Day(uint64_t seed, const std::string& chaos = "", const std::string& params = "")
      : world_(seed) {
    registry_.Add(world_.MakeTransport());
    registry_.Add(MakeChaosShim());
    registry_.Add(MakeReliableShim());
    const std::string shims = chaos.empty() ? "reliable+" : "reliable+chaos+";
    const std::string query = Text(chaos, chaos.empty() ? "" : Text("&seed=", seed), params);
    server_node_ = &world_.AddNode("server", registry_);
    client_node_ = &world_.AddNode("client", registry_);
    server_ = std::make_unique<End>(world_, *server_node_, registry_, Text(shims, "sim:s?", query),
                                    Role::kServe);
    client_ = std::make_unique<End>(world_, *client_node_, registry_, Text(shims, "sim:s?", query),
                                    Role::kConnect);
  }
  ~Day() {
    client_.reset();
    server_.reset();
  }
  template <class Done>
  bool Run(Done done, int64_t seconds = 120) {
    return world_.RunUntil(done, world_.now_ns() + seconds * kSecondNs);
  }
  bool Exchange(uint32_t there, uint32_t back) {
    const uint32_t there_all = server_->received() + there, back_all = client_->received() + back;
    client_->Send(there);
    server_->Send(back);
    return Run([&] { return server_->received() == there_all && client_->received() == back_all; });
  }
  SimWorld& world() { return world_; }
  End& client() { return *client_; }
  End& server() { return *server_; }
  Node& client_node() { return *client_node_; }
  Node& server_node() { return *server_node_; }

 private:
  SimWorld world_;
  Registry registry_;
  Node* server_node_;
  Node* client_node_;
  std::unique_ptr<End> server_, client_;
};

const char* const kBad = "drop=20%&dup=10%&reorder=20%&corrupt=1%";

TEST(Reliable, LosesRepeatsAndMixesUpNothingOnAnyDay) {
  int64_t longest_ns = 0, all_ns = 0;
  for (uint64_t seed = g_first; seed < g_first + g_seeds; ++seed) {
    Day day(seed, kBad);
    const int64_t began_ns = day.world().now_ns();
    EXPECT_TRUE(day.Exchange(200, 150)) << "seed " << seed << ": " << day.server().received()
                                        << " of 200, " << day.client().received() << " of 150; "
                                        << day.client().why() << " " << day.server().why();
    EXPECT_TRUE(day.client().in_order() && day.server().in_order()) << "seed " << seed;
    EXPECT_FALSE(day.client().closed() || day.server().closed()) << "seed " << seed;
    const int64_t took_ns = day.world().now_ns() - began_ns;
    longest_ns = std::max(longest_ns, took_ns);
    all_ns += took_ns;
  }
  std::printf("%llu days; 350 frames took %lld ms of the virtual clock on average, %lld at most\n",
              static_cast<unsigned long long>(g_seeds),
              static_cast<long long>(all_ns / 1'000'000 / static_cast<int64_t>(g_seeds)),
              static_cast<long long>(longest_ns / 1'000'000));
}

TEST(Reliable, CarriesALongStreamThroughEveryKindOfBadDay) {
  for (const char* chaos :
       {"drop=1%", "drop=50%", "dup=100%", "reorder=40%", "corrupt=20%", "delay=1ms..5ms&drop=5%",
        "stall=1%:20ms&drop=1%", "drop=10%&dup=25%&reorder=40%&delay=0us..3ms"}) {
    Day day(7, chaos);
    EXPECT_TRUE(day.Exchange(3000, 3000)) << chaos;
    EXPECT_TRUE(day.client().in_order() && day.server().in_order()) << chaos;
  }
}

TEST(Reliable, GivesTheSameDayForTheSameSeed) {
  int64_t ends_ns[2];
  for (int64_t& end_ns : ends_ns) {
    Day day(11, kBad);
    EXPECT_TRUE(day.Exchange(500, 500));
    end_ns = day.world().now_ns();
  }
  EXPECT_EQ(ends_ns[0], ends_ns[1]);
}

TEST(Reliable, DeliversEverythingBeforeItTellsOfTheEnd) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Day day(seed, "drop=10%&reorder=10%");
    ASSERT_TRUE(day.Exchange(1, 1));
    day.client().Send(20);
    day.Run([] { return false; }, 0);
    ASSERT_FALSE(day.client().link()->has_tx()) << "all of it has been taken over";
    day.client().Remove();
    EXPECT_TRUE(day.Run([&] { return day.server().closed(); })) << seed;
    EXPECT_EQ(day.server().received(), 21u) << seed;
    EXPECT_EQ(ReasonOf(day.server().why()), Reason::kPeerDied) << day.server().why();
  }
}

TEST(Reliable, NoticesAPeerThatFellSilentWithinTheIdleTimeAndNotBefore) {
  Day day(3, "", "idle=2s");
  ASSERT_TRUE(day.Exchange(5, 5));
  // An idle connection lives: it is asked, and answers.
  EXPECT_FALSE(day.Run([&] { return day.client().closed() || day.server().closed(); }, 60));
  day.world().Pause(day.server_node(), day.world().now_ns() + 100 * kSecondNs);
  const int64_t silent_ns = day.world().now_ns();
  EXPECT_TRUE(day.Run([&] { return day.client().closed(); }, 10));
  EXPECT_LE(day.world().now_ns() - silent_ns, 3 * kSecondNs);
  EXPECT_GE(day.world().now_ns() - silent_ns, kSecondNs);
  EXPECT_EQ(ReasonOf(day.client().why()), Reason::kPeerDied) << day.client().why();
}

TEST(Reliable, AShortPauseOfThePeerLosesNothing) {
  Day day(4, "drop=5%", "&idle=4s");
  ASSERT_TRUE(day.Exchange(5, 5));
  day.world().Pause(day.server_node(), day.world().now_ns() + 3 * kSecondNs);
  EXPECT_TRUE(day.Exchange(500, 500));
  EXPECT_TRUE(day.client().in_order() && day.server().in_order());
}

TEST(Reliable, APauseOfHalfAMinuteOfEitherEndLosesNothing) {
  for (const bool of_server : {false, true}) {
    Day day(4, "drop=5%");
    ASSERT_TRUE(day.Exchange(5, 5));
    Node& node = of_server ? day.server_node() : day.client_node();
    day.world().Pause(node, day.world().now_ns() + 30 * kSecondNs);
    EXPECT_FALSE(day.Run([&] { return day.client().closed() || day.server().closed(); }, 100))
        << day.client().why() << day.server().why();
    EXPECT_TRUE(day.Exchange(500, 500));
    EXPECT_TRUE(day.client().in_order() && day.server().in_order());
  }
}

TEST(Reliable, TimeInWhichAnEndStoodStillItselfIsNoSilenceOfItsPeer) {
  Day day(4, "");
  ASSERT_TRUE(day.Exchange(5, 5));
  const int64_t until_ns = day.world().now_ns() + 100 * kSecondNs;  // longer than ?idle=
  day.world().Pause(day.client_node(), until_ns);
  day.world().Pause(day.server_node(), until_ns);
  EXPECT_FALSE(day.Run([&] { return day.client().closed() || day.server().closed(); }, 200))
      << day.client().why() << day.server().why();
  EXPECT_TRUE(day.Exchange(500, 500));
}

TEST(Reliable, AReaderThatDoesNotReadHoldsTheWriterBackWithBoundedMemory) {
  Day day(5, "drop=5%");
  ASSERT_TRUE(day.Exchange(1, 1));
  day.server().takes = false;
  day.client().Send(20'000);
  day.Run([] { return false; }, 5);
  EXPECT_EQ(day.server().received(), 1u);
  EXPECT_TRUE(day.client().link()->has_tx()) << "the rest waits at the sender";
  EXPECT_LT(day.server_node().blocks().bytes_in_use(), 8u << 20);
  day.server().takes = true;
  EXPECT_TRUE(day.Run([&] { return day.server().received() == 20'001; }));
  EXPECT_TRUE(day.server().in_order());
}

TEST(Reliable, AnIdleConnectionHoldsNoMessageMemory) {
  Day day(6);
  ASSERT_TRUE(day.Exchange(300, 300));
  day.world().At(day.world().now_ns() + 2 * kSecondNs, [] {});  // before the first Ping
  day.Run([] { return false; }, 2);
  day.world().Rest();
  EXPECT_EQ(day.client_node().blocks().bytes_in_use(), 0u);
  EXPECT_EQ(day.server_node().blocks().bytes_in_use(), 0u);
}

TEST(Reliable, GivesUpWhereNobodyAnswers) {
  SimWorld world(8);
  Registry registry;
  registry.Add(world.MakeTransport());
  registry.Add(MakeReliableShim());
  Node& plain_node = world.AddNode("plain", registry);
  Node& client_node = world.AddNode("client", registry);
  End plain(world, plain_node, registry, "sim:s", Role::kServe);  // has no reliable+
  End client(world, client_node, registry, "reliable+sim:s", Role::kConnect);
  EXPECT_TRUE(world.RunUntil([&] { return client.closed(); }, world.now_ns() + 20 * kSecondNs));
  EXPECT_EQ(ReasonOf(client.why()), Reason::kUnreachable) << client.why();
}

// A client made by hand, which says what packets it likes.
class HandClient final : public LinkSink, public LinkOwner {
 public:
  HandClient(Node& node, const Registry& registry) : node_(node) {
    opening_ = registry.Open(*registry.Parse("sim:s"), Role::kConnect, node, *this).value();
  }
  ~HandClient() override {
    if (link_ != nullptr) node_.Remove(*link_);
  }
  void Send(const Packet& packet) {
    std::byte* at = link_->Claim(packet.header_bytes());
    packet.Write({at, packet.header_bytes()});
    link_->Commit(at, packet.header_bytes());
  }
  bool ready() const { return link_ != nullptr; }
  std::vector<Packet> heard;

 private:
  void OnServing(const Address&) override {}
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    link_ = &Link::Add(node_, std::move(driver), std::move(traits), this);
  }
  void OnOpenFailed(absl::Status status) override { ADD_FAILURE() << status; }
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx()) {
      const FrameRef frame = link.NextRx();
      EXPECT_EQ(heard.emplace_back().Read({frame.data, frame.bytes}), nullptr);
    }
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status&) override {}

  Node& node_;
  std::unique_ptr<Opening> opening_;
  Link* link_ = nullptr;
};

TEST(Reliable, AnOpenThatWasForgedInAClientsNameDoesNotShortenItsConnection) {
  SimWorld world(9);
  Registry registry;
  registry.Add(world.MakeTransport());
  registry.Add(MakeReliableShim());
  Node& server_node = world.AddNode("server", registry);
  Node& client_node = world.AddNode("client", registry);
  End server(world, server_node, registry, "reliable+sim:s", Role::kServe);
  HandClient client(client_node, registry);
  ASSERT_TRUE(world.RunUntil([&] { return client.ready(); }, world.now_ns() + kSecondNs));
  Packet open;
  open.kind = PacketKind::kOpen;
  open.from = 1;
  open.idle_ms = 1;  // the forgery
  client.Send(open);
  ASSERT_TRUE(world.RunUntil([&] { return client.heard.size() == 1; }, world.now_ns() + kSecondNs));
  open.from = 2;
  open.idle_ms = 10'000;
  client.Send(open);
  ASSERT_TRUE(world.RunUntil([&] { return client.heard.size() == 2; }, world.now_ns() + kSecondNs));
  Packet ping;
  ping.kind = PacketKind::kPing;
  ping.number = 1;
  ping.segments_before = 1;
  ping.to = client.heard.back().from;
  client.Send(ping);
  world.At(world.now_ns() + 2 * kSecondNs, [] {});
  world.RunUntil([&] { return server.closed(); }, world.now_ns() + kSecondNs);
  EXPECT_FALSE(server.closed()) << server.why();
}

TEST(Reliable, AResetIsExplainedByAllThatMayHaveHappened) {
  SimWorld world(9);
  Registry registry;
  registry.Add(world.MakeTransport());
  registry.Add(MakeReliableShim());
  Node& server_node = world.AddNode("server", registry);
  Node& client_node = world.AddNode("client", registry);
  End server(world, server_node, registry, "reliable+sim:s", Role::kServe);
  HandClient client(client_node, registry);
  ASSERT_TRUE(world.RunUntil([&] { return client.ready(); }, world.now_ns() + kSecondNs));
  Packet open;
  open.kind = PacketKind::kOpen;
  open.from = 2;
  open.idle_ms = 30'000;
  client.Send(open);
  ASSERT_TRUE(world.RunUntil([&] { return client.heard.size() == 1; }, world.now_ns() + kSecondNs));
  Packet ping;
  ping.kind = PacketKind::kPing;
  ping.number = 1;
  ping.segments_before = 1;
  ping.to = client.heard.back().from;
  client.Send(ping);
  ASSERT_TRUE(world.RunUntil([&] { return client.heard.size() == 2; }, world.now_ns() + kSecondNs));
  Packet reset;
  reset.kind = PacketKind::kReset;
  reset.to = 2;
  client.Send(reset);
  ASSERT_TRUE(world.RunUntil([&] { return server.closed(); }, world.now_ns() + kSecondNs));
  const std::string why(server.why().message());
  EXPECT_NE(why.find("it has started anew, or has not heard this end for 30s (?idle=)"),
            std::string::npos)
      << why;
  EXPECT_EQ(ReasonOf(server.why()), Reason::kPeerDied);
}

TEST(Reliable, CarriesCallsWhereTheMediumAloneIsRefused) {
  SimWorld world(5);
  Registry registry;
  registry.Add(world.MakeTransport());
  registry.Add(MakeChaosShim());
  registry.Add(MakeReliableShim());
  Node& server = world.AddNode("server", registry);
  Node& client = world.AddNode("client", registry);
  const std::string bad = Text("sim:s?seed=3&", kBad);
  EXPECT_EQ(Channel::Open(client, Text("chaos+", bad, "&raw")).status().code(),
            absl::StatusCode::kFailedPrecondition);
  auto port = Port::Open(server, {Text("reliable+chaos+", bad)});
  ASSERT_TRUE(port.ok()) << port.status();
  (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  auto channel = Channel::Open(client, Text("reliable+chaos+", bad));
  ASSERT_TRUE(channel.ok()) << channel.status();
  int answers = 0;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE((*channel)
                    ->CallAsync(1, Bytes("hello"), {},
                                [&answers](Answer& reply) {
                                  EXPECT_TRUE(reply.ok()) << reply.status();
                                  answers += reply.ok() && reply->text() == "hello";
                                })
                    .ok());
  }
  EXPECT_TRUE(world.RunUntil([&] { return answers == 50; }, world.now_ns() + 4 * kSecondNs));
  port->reset();
  channel->reset();
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--seeds=")) jackfield::g_seeds = std::strtoull(argv[i] + 8, nullptr, 10);
    if (word.starts_with("--first=")) jackfield::g_first = std::strtoull(argv[i] + 8, nullptr, 10);
  }
  return RUN_ALL_TESTS();
}
