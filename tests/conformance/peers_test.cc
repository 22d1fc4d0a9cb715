// Who is at the other end, what it may be handed, and what happens when it dies.
#include <unistd.h>

#include <deque>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tests/conformance/world.h"

namespace jackfield::conformance {
namespace {

// The read end of a pipe that holds `text`.
int Holding(std::string_view text) {
  int fds[2];
  EXPECT_EQ(pipe(fds), 0);
  EXPECT_EQ(write(fds[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(fds[1]);
  return fds[0];
}

ChannelOptions WithFds(const World&) {
  ChannelOptions options;
  options.needs.fds = true;
  return options;
}

TEST_P(Conformance, TheSystemSaysWhoThePeerIsWhereTheMediumKnows) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  const std::string who = world.Call(kWho).value_or("?");
  if (world.caps().credentials) {
    EXPECT_EQ(who, Text("1 ", getuid(), " ", getpid()));
  } else {
    EXPECT_EQ(who, "0 0 0") << "an identity that the caps do not claim";
  }
}

TEST_P(Conformance, DescriptorsArriveAndCanBeUsedWhereTheMediumCarriesThem) {
  if (!ClaimsFds()) GTEST_SKIP() << "see WithoutFdsTheyAreRefused";
  ChannelOptions options;
  options.needs.fds = true;
  World world(GetParam(), {}, options);
  ASSERT_TRUE(world.ok());
  for (const size_t count : {size_t{1}, size_t{2}, size_t{kFdsMax}}) {
    std::vector<int> fds;
    std::string want = Text(count, " ");
    for (size_t i = 0; i < count; ++i) {
      fds.push_back(Holding(Text("<", i, ">")));
      want += Text("<", i, ">");
    }
    CallOptions with = Long();
    with.fds = fds;
    EXPECT_EQ(world.Call(kFds, Pattern(1, 100), with).value_or("?"), want);
  }
  const std::vector<int> too_many(kFdsMax + 1, 0);
  CallOptions with = Long();
  with.fds = too_many;
  EXPECT_EQ(OutcomeOf(world.Call(kFds, "", with).status()), Outcome::kRefused);
  EXPECT_EQ(world.Call(kFds).value_or("?"), "0 ") << "nothing of the refused message is left";
}

TEST_P(Conformance, MoreDescriptorsThanTheLinkQueuesArePushedBackNotLost) {
  if (!ClaimsFds()) GTEST_SKIP() << "see WithoutFdsTheyAreRefused";
  ChannelOptions options;
  options.needs.fds = true;
  World world(GetParam(), {}, options, "on_full=fail");
  ASSERT_TRUE(world.ok());
  absl::Status status;
  uint32_t sent = 0;
  for (; sent < 4 * Link::kFdFramesMax; ++sent) {
    const int fd = Holding("x");
    CallOptions with = Long();
    with.fds = {&fd, 1};
    Bytes nothing;
    status = world.channel().TrySend(kFds, nothing, with);
    if (!status.ok()) {
      close(fd);
      break;
    }
  }
  EXPECT_TRUE(status.ok() || ReasonOf(status) == Reason::kBackPressure) << status;
  EXPECT_EQ(world.Call(kEcho, "well").value_or("?"), "well");
  const int fd = Holding("y");
  CallOptions with = Long();
  with.fds = {&fd, 1};
  EXPECT_EQ(world.Call(kFds, "", with).value_or("?"), "1 y");
}

TEST_P(Conformance, WithoutFdsTheyAreRefused) {
  World world(GetParam());  // which did not ask for them
  ASSERT_TRUE(world.ok());
  const int fd = Holding("x");
  CallOptions with = Long();
  with.fds = {&fd, 1};
  const absl::Status status = world.Call(kFds, "", with).status();
  EXPECT_EQ(OutcomeOf(status), Outcome::kRefused) << status;
  close(fd);
  EXPECT_EQ(world.Call(kFds).value_or("?"), "0 ");
  if (!ClaimsFds()) {
    // And a channel that says it needs them is not opened.
    ChannelOptions options = WithFds(world);
    const absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(world.node(), Raw(GetParam().subject.serve), options);
    EXPECT_FALSE(channel.ok());
  }
}

TEST_P(Conformance, EveryNeedThatTheAddressLacksIsNamed) {
  const absl::StatusOr<Address> address = TestRegistry().Parse(GetParam().subject.serve);
  const Caps caps = TestRegistry().Describe(*address, Role::kServe).value();
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  for (const CapsField& field : CapsFields()) {
    PortOptions options;
    options.needs = Caps{};
    options.needs.*field.field = true;
    const absl::StatusOr<std::unique_ptr<Port>> port =
        Port::Open(world.node(), {Raw(GetParam().subject.serve)}, options);
    if (caps.*field.field) {
      EXPECT_NE(port.status().code(), absl::StatusCode::kFailedPrecondition) << field.name;
    } else {
      EXPECT_EQ(port.status().code(), absl::StatusCode::kFailedPrecondition) << field.name;
      EXPECT_NE(port.status().ToString().find(field.name), std::string::npos) << port.status();
    }
  }
}

TEST_P(Conformance, OneClientMoreThanSessionsMaxIsRefusedWithTheLimit) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only";
  World world(GetParam(), {.sessions_max = 1});
  ASSERT_TRUE(world.ok());
  absl::StatusOr<std::unique_ptr<Channel>> second =
      Channel::Open(world.node(), world.server_address());
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(world.Drive([&] { return !(*second)->ended_why().ok(); }));
  EXPECT_NE((*second)->ended_why().ToString().find("sessions_max"), std::string::npos)
      << (*second)->ended_why();
  EXPECT_EQ(OutcomeOf((*second)->ended_why()), Outcome::kRefused);
  EXPECT_EQ(world.Call(kEcho, "the first is well").value_or("?"), "the first is well");
}

// A call that its server holds, and twenty behind it, of which the window takes three. Each of
// those is answered with its number.
struct Crowd {
  static constexpr size_t kBehind = 20;
  static ServerSetup Setup() {
    ServerSetup setup;
    setup.handlers_max = 1;
    setup.window_units = 4;
    return setup;
  }

  void Call(World& world) {
    ASSERT_TRUE(world.channel()
                    .CallAsync(kWaitForCancel, Bytes(""), Long(),
                               [this](Answer& reply) {
                                 held = reply.status();
                                 ++ended;
                               })
                    .ok());
    for (size_t i = 0; i < kBehind; ++i) {
      const std::string number = Text(i);
      ASSERT_TRUE(world.channel()
                      .CallAsync(kEcho, Bytes(number), Long(),
                                 [this, i](Answer& reply) {
                                   if (reply.ok())
                                     behind[i] = std::string(reply->text());
                                   else
                                     behind[i] = reply.status();
                                   ++ended;
                                 })
                      .ok());
    }
    for (int i = 0; i < 10; ++i) world.TurnOnce();
  }
  bool over() const { return ended == kBehind + 1; }

  absl::Status held;
  std::vector<absl::StatusOr<std::string>> behind{kBehind, std::string()};
  size_t ended = 0;
};

TEST_P(Conformance, ADeadServerEndsCallsInDoubtIfTheyLeftAndFailedIfNot) {
  if (GetParam().place != Place::kTwoProcesses || !ClaimsPeerLoss())
    GTEST_SKIP() << "only a process dies alone, and not every medium tells of it";
  Crowd crowd;
  World world(GetParam(), Crowd::Setup(), {.reconnect = false});
  ASSERT_TRUE(world.ok());
  crowd.Call(world);
  world.KillServer();
  ASSERT_TRUE(world.Drive([&] { return crowd.over(); })) << "noticed without a timer";
  EXPECT_EQ(OutcomeOf(crowd.held), Outcome::kInDoubt) << crowd.held;
  EXPECT_EQ(ReasonOf(crowd.held), Reason::kPeerDied) << crowd.held;
  const absl::Status last = crowd.behind.back().status();
  EXPECT_EQ(OutcomeOf(last), Outcome::kFailed) << last;
  const Ledger ledger = world.channel().ledger();
  EXPECT_EQ(ledger.queued(), 0u);
  EXPECT_EQ(ledger.sent, ledger.delivered + ledger.failed + ledger.in_doubt);
  const absl::Status after = world.Call(kEcho).status();
  EXPECT_FALSE(after.ok());
  EXPECT_NE(OutcomeOf(after), Outcome::kInDoubt) << after;
}

// What has not left, and who waits, goes to the next instance; what has left is in doubt, once.
TEST_P(Conformance, AChannelOutlivesItsServer) {
  if (GetParam().place != Place::kTwoProcesses || !ClaimsPeerLoss() || ClaimedCaps().inherited)
    GTEST_SKIP()
        << "only a process dies alone, and not every medium tells of it or can be met again";
  std::vector<uint64_t> instances;
  std::deque<Crowd> crowds;
  World world(GetParam(), Crowd::Setup());
  ASSERT_TRUE(world.ok());
  world.channel().OnInstance([&](uint64_t before, uint64_t now) {
    if (instances.empty()) instances.push_back(before);
    instances.push_back(now);
  });
  for (int round = 0; round < 3; ++round) {
    Crowd& crowd = crowds.emplace_back();
    crowd.Call(world);
    world.KillServer();
    ASSERT_TRUE(world.Drive([&] { return crowd.ended > 0; })) << "noticed without a timer";
    EXPECT_FALSE(world.channel().open());
    ASSERT_TRUE(world.StartServerAgain(Crowd::Setup()));
    ASSERT_TRUE(world.Drive([&] { return crowd.over(); }));
    EXPECT_EQ(OutcomeOf(crowd.held), Outcome::kInDoubt) << crowd.held;
    EXPECT_EQ(ReasonOf(crowd.held), Reason::kPeerDied) << crowd.held;
    int answered = 0;
    for (size_t i = 0; i < Crowd::kBehind; ++i) {
      const absl::StatusOr<std::string>& answer = crowd.behind[i];
      if (!answer.ok()) {
        EXPECT_EQ(OutcomeOf(answer.status()), Outcome::kInDoubt) << answer.status();
        continue;
      }
      ++answered;
      EXPECT_EQ(*answer, Text(i));
    }
    EXPECT_GE(answered, 17) << "three of them may have left";
    EXPECT_EQ(world.Call(kEcho, "well").value_or("?"), "well");
  }
  ASSERT_EQ(instances.size(), 4u);
  for (size_t i = 1; i < instances.size(); ++i) EXPECT_NE(instances[i - 1], instances[i]);
}

TEST_P(Conformance, AStreamEndsWhenItsServerDies) {
  if (GetParam().place != Place::kTwoProcesses || !ClaimsPeerLoss())
    GTEST_SKIP() << "only a process dies alone, and not every medium tells of it";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  auto stream = world.channel().OpenStream(kDown, Bytes("100000000 100"), Long());
  ASSERT_TRUE(stream.ok()) << stream.status();
  int items = 0;
  bool done = false;
  absl::Status end;
  // GCC 14 mistakes a coroutine's parameter for a variable of the same name around it.
  world.node().Spawn(
      [](Node&, ClientStream& opened, int& items, bool& done, absl::Status& end) -> Task<void> {
        while (std::optional<Message> item = co_await opened.Read()) ++items;
        const absl::StatusOr<Message> reply = co_await opened.Finish();
        end = reply.status();
        done = true;
      }(world.node(), **stream, items, done, end));
  ASSERT_TRUE(world.Drive([&] { return items > 500; }));
  world.KillServer();
  ASSERT_TRUE(world.Drive([&] { return done; }));
  EXPECT_EQ(OutcomeOf(end), Outcome::kInDoubt) << end;
}

}  // namespace
}  // namespace jackfield::conformance
