// Every knob does what its name says, in the share that it is given, and the same for the same
// seed. Shown on links without sessions: a numbered stream of frames from a client behind the shim
// to a server that is not, on a virtual clock.
#include "transports/shim/chaos/chaos.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/registry.h"
#include "transports/sim/sim_world.h"

namespace jackfield {
namespace {

constexpr uint32_t kFrameBytes = kHeaderBytes + 200;
constexpr uint32_t kFrames = 4'000;

struct Arrival {
  uint32_t number;
  int64_t at_ns;
  int bits_turned;
  ino_t fd_inode;
  bool operator==(const Arrival&) const = default;
};

void Fill(std::byte* frame, uint32_t number, uint8_t fd_count) {
  std::memset(frame, 0, kFrameBytes);
  new (frame) FrameHeader(kMagic, kVersionMax, FrameKind::OneWay, 0, kFrameBytes, 2, 0, 0, fd_count,
                          7, number, 1, number, 0, 0, 0);
}

// One end: sends numbered frames as room allows, and writes down what comes.
class End final : public LinkSink, public LinkOwner {
 public:
  End(SimWorld& world, Node& node, const Registry& registry, const std::string& address, Role role)
      : world_(world), node_(node) {
    absl::StatusOr<Address> parsed = registry.Parse(address);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    absl::StatusOr<std::unique_ptr<Opening>> opening = registry.Open(*parsed, role, node, *this);
    EXPECT_TRUE(opening.ok()) << opening.status();
    if (opening.ok()) opening_ = *std::move(opening);
  }
  void Send(uint32_t frames) {
    to_send_ += frames;
    SendSome();
  }
  void SendFd(int fd) {
    std::byte* frame = link_->Claim(kFrameBytes);
    Fill(frame, sent_++, 1);
    ASSERT_TRUE(link_->AttachFds(&fd, 1));
    link_->Commit(frame, kFrameBytes);
    ++to_send_;
  }
  Link* link() { return link_; }
  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  const std::vector<int64_t>& sent_at_ns() const { return sent_at_ns_; }
  bool closed() const { return closed_; }
  const absl::Status& why() const { return why_; }

 private:
  void SendSome() {
    while (sent_ < to_send_) {
      std::byte* frame = link_->Claim(kFrameBytes);
      if (frame == nullptr) return;
      Fill(frame, sent_++, 0);
      sent_at_ns_.push_back(world_.now_ns());
      link_->Commit(frame, kFrameBytes);
    }
  }
  void OnServing(const Address&) override {}
  void OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override {
    link_ = &Link::Add(node_, std::move(driver), std::move(traits), this);
    if (traits.caps.fds || link_->caps().fds) link_->ExpectFds();
  }
  void OnOpenFailed(absl::Status status) override { why_ = std::move(status); }
  void OnFrames(Link& link) override {
    for (; link.has_rx(); link.PopRx()) {
      const FrameRef frame = link.NextRx();
      Arrival arrival{0, world_.now_ns(), 0, 0};
      uint64_t number;
      std::memcpy(&number, frame.data + 16, sizeof number);  // call_id
      arrival.number = static_cast<uint32_t>(number);
      std::vector<std::byte> original(kFrameBytes);
      Fill(original.data(), arrival.number, std::to_integer<uint8_t>(frame.data[11]));
      for (uint32_t i = 0; i < kFrameBytes; ++i)
        arrival.bits_turned +=
            __builtin_popcount(std::to_integer<unsigned>(original[i] ^ frame.data[i]));
      if (int fd; std::to_integer<int>(frame.data[11]) == 1 && link.TakeFds(&fd, 1)) {
        struct stat there {};
        EXPECT_EQ(fstat(fd, &there), 0);
        arrival.fd_inode = there.st_ino;
        close(fd);
      }
      arrivals_.push_back(arrival);
    }
  }
  void OnRoom(Link&) override { SendSome(); }
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status& why) override {
    closed_ = true;
    why_ = why;
  }

  SimWorld& world_;
  Node& node_;
  std::unique_ptr<Opening> opening_;
  Link* link_ = nullptr;
  uint32_t sent_ = 0, to_send_ = 0;
  std::vector<int64_t> sent_at_ns_;
  std::vector<Arrival> arrivals_;
  bool closed_ = false;
  absl::Status why_;
};

// A world with a plain server and a client behind `chaos+` with these parameters.
class Day {
 public:
  explicit Day(const std::string& params) : world_(3) {
    registry_.Add(world_.MakeTransport());
    registry_.Add(MakeChaosShim());
    server_node_ = &world_.AddNode("server", registry_);
    client_node_ = &world_.AddNode("client", registry_);
    server_ = std::make_unique<End>(world_, *server_node_, registry_, "sim:s", Role::kServe);
    client_ = std::make_unique<End>(world_, *client_node_, registry_, "chaos+sim:s?" + params,
                                    Role::kConnect);
    world_.RunUntil([this] { return server_->link() != nullptr && client_->link() != nullptr; });
  }
  const std::vector<Arrival>& Send(uint32_t frames) {
    client_->Send(frames);
    world_.RunUntil([] { return false; });
    return server_->arrivals();
  }
  SimWorld& world() { return world_; }
  End& client() { return *client_; }
  End& server() { return *server_; }

 private:
  SimWorld world_;
  Registry registry_;
  Node* server_node_;
  Node* client_node_;
  std::unique_ptr<End> server_, client_;
};

std::set<uint32_t> Numbers(const std::vector<Arrival>& arrivals) {
  std::set<uint32_t> numbers;
  for (const Arrival& arrival : arrivals) numbers.insert(arrival.number);
  return numbers;
}

bool InOrder(const std::vector<Arrival>& arrivals) {
  for (size_t i = 1; i < arrivals.size(); ++i) {
    if (arrivals[i].number < arrivals[i - 1].number) return false;
  }
  return true;
}

TEST(Chaos, LetsEverythingThroughWhenNoKnobIsTurned) {
  const std::vector<Arrival> arrivals = Day("").Send(kFrames);
  EXPECT_EQ(arrivals.size(), kFrames);
  EXPECT_TRUE(InOrder(arrivals));
}

TEST(Chaos, GivesTheSameDayForTheSameSeedAndAnotherForAnother) {
  const std::string knobs = "&drop=5%&dup=5%&reorder=5%&corrupt=5%&delay=0us..300us&stall=1%:2ms";
  const std::vector<Arrival> first = Day("seed=7" + knobs).Send(kFrames);
  EXPECT_EQ(first, Day("seed=7" + knobs).Send(kFrames));
  EXPECT_NE(first, Day("seed=8" + knobs).Send(kFrames));
}

TEST(Chaos, DropsItsShareOfFrames) {
  const std::vector<Arrival> arrivals = Day("seed=7&drop=10%").Send(kFrames);
  EXPECT_EQ(Numbers(arrivals).size(), arrivals.size());
  EXPECT_TRUE(InOrder(arrivals));
  EXPECT_GT(arrivals.size(), kFrames * 87 / 100);
  EXPECT_LT(arrivals.size(), kFrames * 93 / 100);
}

TEST(Chaos, DuplicatesItsShareOfFrames) {
  const std::vector<Arrival> arrivals = Day("seed=7&dup=10%").Send(kFrames);
  EXPECT_EQ(Numbers(arrivals).size(), kFrames);
  EXPECT_TRUE(InOrder(arrivals));
  EXPECT_GT(arrivals.size(), kFrames * 107 / 100);
  EXPECT_LT(arrivals.size(), kFrames * 113 / 100);
}

TEST(Chaos, ReordersAndLosesNothing) {
  const std::vector<Arrival> arrivals = Day("seed=7&reorder=10%").Send(kFrames);
  EXPECT_EQ(arrivals.size(), kFrames);
  EXPECT_EQ(Numbers(arrivals).size(), kFrames);
  uint32_t overtaken = 0, highest = 0;
  for (const Arrival& arrival : arrivals) {
    if (arrival.number < highest) ++overtaken;
    highest = std::max(highest, arrival.number);
  }
  EXPECT_GT(overtaken, kFrames * 5 / 100);
  EXPECT_LT(overtaken, kFrames * 13 / 100);
}

TEST(Chaos, TurnsOneBitOfItsShareOfFramesAndSparesWhatTheEngineReads) {
  const std::vector<Arrival> arrivals = Day("seed=7&corrupt=10%").Send(kFrames);
  EXPECT_EQ(arrivals.size(), kFrames);
  uint32_t corrupted = 0, untouched = 0;
  for (const Arrival& arrival : arrivals) {
    if (arrival.bits_turned == 0)
      ++untouched;
    else
      ++corrupted;  // a bit of the number itself turned makes another frame of it, so more bits may
                    // differ
  }
  EXPECT_GT(corrupted, kFrames * 7 / 100);
  EXPECT_LT(corrupted, kFrames * 13 / 100);
  EXPECT_EQ(corrupted + untouched, kFrames);
}

TEST(Chaos, DelaysEachFrameWithinTheRangeAndKeepsTheOrder) {
  Day day("seed=7&delay=1ms..5ms");
  const std::vector<Arrival> arrivals = day.Send(100);
  ASSERT_EQ(arrivals.size(), 100u);
  EXPECT_TRUE(InOrder(arrivals));
  int64_t longest_ns = 0;
  for (const Arrival& arrival : arrivals) {
    const int64_t took_ns = arrival.at_ns - day.client().sent_at_ns()[arrival.number];
    EXPECT_GE(took_ns, 1'000'000);
    EXPECT_LE(took_ns, 5'000'000 + 50'000);  // and the medium's own
    longest_ns = std::max(longest_ns, took_ns);
  }
  EXPECT_GT(longest_ns, 3'000'000);
}

TEST(Chaos, StallsADirectionForItsTimeAndLosesNothing) {
  const std::vector<Arrival> arrivals = Day("seed=7&stall=1%:5ms").Send(kFrames);
  EXPECT_EQ(arrivals.size(), kFrames);
  EXPECT_TRUE(InOrder(arrivals));
  int64_t longest_gap_ns = 0;
  for (size_t i = 1; i < arrivals.size(); ++i)
    longest_gap_ns = std::max(longest_gap_ns, arrivals[i].at_ns - arrivals[i - 1].at_ns);
  EXPECT_GE(longest_gap_ns, 4'900'000);
}

TEST(Chaos, CutsTheLinkAndBothEndsSeeTheLossOfTheirPeer) {
  Day day("seed=7&cut=1%");
  const std::vector<Arrival> arrivals = day.Send(kFrames);
  EXPECT_LT(arrivals.size(), kFrames);
  EXPECT_TRUE(InOrder(arrivals));
  EXPECT_TRUE(day.client().closed());
  EXPECT_TRUE(day.server().closed());
  EXPECT_EQ(ReasonOf(day.client().why()), Reason::kPeerDied) << day.client().why();
  EXPECT_EQ(ReasonOf(day.server().why()), Reason::kPeerDied) << day.server().why();
}

TEST(Chaos, PassesDescriptorsOnAndGivesADuplicateItsOwn) {
  Day day("seed=7&dup=100%&delay=1ms");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  struct stat there {};
  ASSERT_EQ(fstat(ends[0], &there), 0);
  day.client().SendFd(ends[0]);
  const std::vector<Arrival> arrivals = day.Send(0);
  close(ends[1]);
  ASSERT_EQ(arrivals.size(), 2u);
  EXPECT_EQ(arrivals[0].fd_inode, there.st_ino);
  EXPECT_EQ(arrivals[1].fd_inode, there.st_ino);
}

// ---- Caps: a pure function.

Caps CapsOf(const std::string& params) {
  SimMedium medium(1);
  Registry registry;
  registry.Add(MakeSimTransport(medium));
  registry.Add(MakeChaosShim());
  absl::StatusOr<Caps> caps =
      registry.Describe(*registry.Parse("chaos+sim:s?" + params), Role::kConnect);
  EXPECT_TRUE(caps.ok()) << caps.status();
  return caps.ok() ? *caps : Caps{};
}

TEST(Chaos, TakesAwayFromCapsWhatTheKnobsBreakAndNothingElse) {
  const Caps all = CapsOf("");
  ASSERT_TRUE(all.reliable && all.ordered);
  Caps unreliable = all, unordered = all;
  unreliable.reliable = false;
  unordered.ordered = false;
  EXPECT_EQ(CapsOf("drop=1%"), unreliable);
  EXPECT_EQ(CapsOf("dup=1%"), unreliable);
  EXPECT_EQ(CapsOf("corrupt=1%"), unreliable);
  EXPECT_EQ(CapsOf("reorder=1%"), unordered);
  for (const char* harmless : {"delay=1ms..5ms", "stall=1%:5ms", "cut=1%", "seed=9", "drop=0%"})
    EXPECT_EQ(CapsOf(harmless), all) << harmless;
}

TEST(Chaos, WhatItHoldsGoesWithItsProcessSoThatNothingBehindItIsDurable) {
  Caps inner;
  inner.send = inner.durable = true;
  Caps outer = inner;
  outer.durable = false;
  EXPECT_EQ(*MakeChaosShim()->Describe(*Address::Parse("chaos+log:x"), inner), outer);
}

TEST(Chaos, RefusesWhatItCannotRead) {
  SimMedium medium(1);
  Registry registry;
  registry.Add(MakeSimTransport(medium));
  registry.Add(MakeChaosShim());
  for (const char* bad : {"drop=200%", "drop=often", "delay=5ms..1ms", "delay=soon", "stall=1%",
                          "stall=1%:long", "seed=x", "drip=1%"}) {
    EXPECT_EQ(registry.Describe(*registry.Parse(Text("chaos+sim:s?", bad)), Role::kConnect)
                  .status()
                  .code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(Chaos, CarriesCallsWhereNothingIsTakenAwayAndIsRefusedWhereItIs) {
  SimWorld world(5);
  Registry registry;
  registry.Add(world.MakeTransport());
  registry.Add(MakeChaosShim());
  Node& server = world.AddNode("server", registry);
  Node& client = world.AddNode("client", registry);
  auto port = Port::Open(server, {"chaos+sim:s?delay=1ms..2ms"});
  ASSERT_TRUE(port.ok()) << port.status();
  (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  EXPECT_EQ(Channel::Open(client, "chaos+sim:s?drop=1%").status().code(),
            absl::StatusCode::kFailedPrecondition);
  auto channel = Channel::Open(client, "chaos+sim:s?delay=1ms..2ms&stall=5%:1ms&seed=2");
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
  EXPECT_TRUE(world.RunUntil([&] { return answers == 50; }, world.now_ns() + 4'000'000'000));
  port->reset();
  channel->reset();
}

}  // namespace
}  // namespace jackfield
