// Who may open a session with a service, and what each may call there: over media that know their
// clients and media that do not.
#include "services/allow/access_gate.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "services/allow/badge.h"
#include "transports/builtin.h"

namespace jackfield::allow {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr Key kKey = {11, 12};
constexpr Method kMethods[] = {{.name = "kv.Store/Get", .type = 1},
                               {.name = "kv.Store/Put", .type = 2},
                               {.name = "kv.Store/Note", .type = 3, .kind = Method::Kind::kOneWay}};
constexpr Interface kStore{.name = "kv.Store", .methods = kMethods};
constexpr Method kOther[] = {{.name = "kv.Admin/Drop", .type = 4}};
constexpr Interface kAdmin{.name = "kv.Admin", .methods = kOther};

class AccessGateTest : public testing::TestWithParam<const char*> {
 protected:
  AccessGateTest() {
    AddBuiltinTransports(registry_);
    server_ = *Node::Create({.name = "kv", .registry = &registry_});
    client_ = *Node::Create({.name = "claims-to-be-orders", .registry = &registry_});
  }
  ~AccessGateTest() override {
    channel_.reset(), port_.reset();
    client_.reset(), server_.reset();
  }
  void Serve(const std::vector<Rule>& rules) {
    gate_ = *AccessGate::Create("kv", rules, kKey);
    port_ = *Port::Open(*server_, {GetParam()}, {.gate = gate_.get()});
    port_->AddInterface(kStore);
    port_->AddInterface(kAdmin);
    for (const uint32_t type : {1, 2, 4, 9}) {
      port_->Handle(type, [this](ServerCall& call) {
        ++handled_;
        call.Reply(Bytes(std::string(call.caller()))).IgnoreError();
      });
    }
    port_->Handle(3, [this](ServerCall&) { ++handled_; });
    ASSERT_EQ(port_->WaitServing(), absl::OkStatus());
  }
  void Connect(const std::string& badge = "") {
    channel_ = *Channel::Open(*client_, port_->addresses()[0].ToString(), {.badge = badge});
  }
  // Both nodes turn until it has ended.
  absl::StatusOr<std::string> Call(uint32_t type) {
    std::optional<absl::StatusOr<std::string>> result;
    Bytes payload("");
    const absl::Status begun = channel_->CallAsync(type, payload, {}, [&](Answer& answer) {
      result = answer.ok() ? absl::StatusOr<std::string>(answer->text()) : answer.status();
    });
    if (!begun.ok()) return begun;
    while (!result) Turn();
    return *result;
  }
  void Turn() {
    server_->Turn(server_->clock().NowNs() + 1'000'000);
    client_->Turn(client_->clock().NowNs() + 1'000'000);
  }
  absl::StatusOr<std::string> CallAs(const std::string& bearer, uint32_t type) {
    Connect(bearer.empty() ? "" : MakeBadge(kKey, bearer));
    return Call(type);
  }

  Registry registry_;
  std::unique_ptr<Node> server_, client_;
  std::unique_ptr<AccessGate> gate_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
  int handled_ = 0;
};

TEST_P(AccessGateTest, WhoShowsABadgeIsKnownByIt) {
  Serve({{"*", "orders"}});
  const absl::StatusOr<std::string> answer = CallAs("orders", 1);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, "orders") << "its handler is told";
  EXPECT_EQ(port_->denied(), 0u);
}

TEST_P(AccessGateTest, WhoIsNotMeantIsRefusedOnceAndForAll) {
  Serve({{"*", "orders"}});
  for (const std::string& badge :
       {std::string(), MakeBadge(kKey, "gate"), MakeBadge({1, 2}, "orders")}) {
    Connect(badge);
    const absl::Status refused = Call(1).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
    EXPECT_EQ(OutcomeOf(refused), Outcome::kFailed) << "it waited, and was never sent";
    EXPECT_EQ(ReasonOf(refused), Reason::kPermission);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("kv admits orders, not "));
    EXPECT_FALSE(channel_->ended_why().ok()) << "it does not try again";
  }
  EXPECT_EQ(port_->denied(), 3u);
  EXPECT_EQ(handled_, 0);
  EXPECT_TRUE(CallAs("orders", 1).ok()) << "the others are served";
}

TEST_P(AccessGateTest, TheRuleThatSaysMostCounts) {
  Serve({{"*", "orders"},
         {"*", "gate"},
         {"kv.Store", "orders"},
         {"kv.Store/Get", "gate"},
         {"kv.Store/Get", "orders"}});
  EXPECT_TRUE(CallAs("orders", 1).ok());
  EXPECT_TRUE(CallAs("orders", 2).ok());
  EXPECT_TRUE(CallAs("orders", 4).ok());
  EXPECT_TRUE(CallAs("gate", 1).ok());
  EXPECT_TRUE(Call(4).ok()) << "of another interface";
  EXPECT_TRUE(Call(9).ok()) << "of none that is known";
  const int handled = handled_;
  const absl::Status denied = Call(2).status();
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(OutcomeOf(denied), Outcome::kRefused);
  EXPECT_THAT(std::string(denied.message()),
              HasSubstr("kv: kv.Store/Put may be called by orders, not by gate"));
  EXPECT_EQ(handled_, handled) << "no handler has run";
  EXPECT_EQ(port_->denied(), 1u);
  EXPECT_TRUE(Call(1).ok()) << "the session goes on";
}

TEST_P(AccessGateTest, WhereOnlyAMethodHasRulesEverybodyMayCallTheRest) {
  Serve({{"kv.Admin/Drop", "nobody"}});
  EXPECT_TRUE(CallAs("", 1).ok());
  EXPECT_EQ(Call(4).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_P(AccessGateTest, AOneWayMessageThatIsNotAllowedIsDroppedAndCounted) {
  Serve({{"kv.Store/Note", "orders"}});
  Connect(MakeBadge(kKey, "gate"));
  ASSERT_TRUE(Call(1).ok());
  Bytes note("");
  ASSERT_TRUE(channel_->TrySend(3, note).ok());
  ASSERT_TRUE(Call(1).ok()) << "after it";
  EXPECT_EQ(handled_, 2);
  EXPECT_EQ(port_->denied(), 1u);
  EXPECT_EQ(port_->ledger().dropped, 1u);
}

TEST_P(AccessGateTest, AStreamThatIsNotAllowedIsRefused) {
  Serve({{"kv.Store/Get", "orders"}});
  Connect(MakeBadge(kKey, "gate"));
  auto stream = channel_->OpenStream(1, Bytes(""));
  ASSERT_TRUE(stream.ok()) << stream.status();
  while (!(*stream)->Readable()) Turn();
  EXPECT_EQ((*stream)->Finish().Wait().status().code(), absl::StatusCode::kPermissionDenied);
}

INSTANTIATE_TEST_SUITE_P(Media, AccessGateTest,
                         testing::Values("unix:", "shm:", "tcp:", "udp:", "mq:", "sysv:", "fifo:"),
                         [](const auto& info) {
                           const std::string address = info.param;
                           return address.substr(0, address.size() - 1);
                         });

// What the system says of a process holds on media that ask it, and only there.
class SystemsWordTest : public AccessGateTest {};

TEST_P(SystemsWordTest, AUserIsAdmittedAndAnotherIsNot) {
  Serve({{"*", "uid:" + std::to_string(geteuid())}});
  EXPECT_TRUE(CallAs("", 1).ok());
  channel_.reset(), port_.reset();
  Serve({{"*", "uid:" + std::to_string(geteuid() + 1)}});
  const absl::Status refused = CallAs("", 1).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("not uid " + std::to_string(geteuid()) + " (gid "));
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("which calls itself \"claims-to-be-orders"));
}

INSTANTIATE_TEST_SUITE_P(Media, SystemsWordTest, testing::Values("unix:", "shm:"),
                         [](const auto& info) {
                           const std::string address = info.param;
                           return address.substr(0, address.size() - 1);
                         });

TEST(AccessGateRulesTest, ARuleThatCannotBeReadIsAnError) {
  EXPECT_EQ(AccessGate::Create("kv", {{"*", "pid:7"}}, kKey).status().code(),
            absl::StatusCode::kInvalidArgument);
  std::vector<Rule> many;
  for (size_t i = 0; i <= kWhatsMax; ++i) many.push_back({"kv.I" + std::to_string(i), "orders"});
  EXPECT_EQ(AccessGate::Create("kv", many, kKey).status().code(),
            absl::StatusCode::kInvalidArgument);
  many.pop_back();
  EXPECT_TRUE(AccessGate::Create("kv", many, kKey).ok());
}

}  // namespace
}  // namespace jackfield::allow
