// What a service's end says and returns.
#include "services/service.h"

#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/registry.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

constexpr uint32_t kNote = 1;

class ServiceEndTest : public testing::Test {
 protected:
  ServiceEndTest() { AddBuiltinTransports(registry_); }
  // Its exit status; what it says is in said_.
  int Run(int64_t grace_ns, ServiceFunction run) {
    node_ = Node::Create({.name = "orders", .registry = &registry_}).value();
    Grants grants;
    grants.name = "orders";
    grants.grace_ns = grace_ns;
    grants.serves = {"inproc:"};
    grants.calls = {{"log", "unix:@jackfield.nobody.serves.here", ""}};
    Service service(*node_, std::move(grants), nullptr);
    testing::internal::CaptureStderr();
    const int exit_status = RunService(service, run);
    said_ = testing::internal::GetCapturedStderr();
    return exit_status;
  }
  static absl::Status SendOne(Service& service) {
    std::unique_ptr<Channel> log = service.Connect("log").value();
    Bytes note("note");
    return log->TrySend(kNote, note);
  }

  Registry registry_;
  std::unique_ptr<Node> node_;
  std::string said_;
};

TEST_F(ServiceEndTest, MessagesThatAreLostAreOneLineAndAFailure) {
  EXPECT_EQ(Run(1'000'000, SendOne), 1);
  EXPECT_EQ(
      said_.rfind("orders: 1 of 1 messages to log were not handled: 1 not sent, 0 in doubt (", 0),
      0u)
      << said_;
  EXPECT_EQ(said_.find('\n'), said_.size() - 1) << said_;
}

TEST_F(ServiceEndTest, WithoutAGraceTheyAreLostAtOnceAndThatIsSaid) {
  EXPECT_EQ(Run(0, SendOne), 1);
  EXPECT_NE(said_.find("1 of 1 messages to log were not handled"), std::string::npos) << said_;
}

TEST_F(ServiceEndTest, AnotherSignalEndsTheGrace) {
  EXPECT_EQ(Run(kGraceNsMax,
                [](Service& service) {
                  service.EndGrace();
                  return SendOne(service);
                }),
            1);
  EXPECT_NE(said_.find("1 of 1 messages to log were not handled"), std::string::npos) << said_;
}

TEST_F(ServiceEndTest, ToBeStoppedInMidWorkIsNoFailure) {
  EXPECT_EQ(Run(kGraceNs,
                [](Service& service) {
                  const std::unique_ptr<Channel> log = service.Connect("log").value();
                  service.RequestStop();
                  return log->Call(kNote, Bytes("")).Wait().status();
                }),
            kExitStopped);
  EXPECT_EQ(said_, "");
}

TEST_F(ServiceEndTest, ToFailWhileItIsStoppedIsAFailure) {
  EXPECT_EQ(Run(kGraceNs,
                [](Service& service) {
                  service.RequestStop();
                  return absl::InternalError("it does not work");
                }),
            1);
  EXPECT_EQ(said_, "orders: it does not work\n");
}

TEST_F(ServiceEndTest, WhatHasComeWhenItIsAskedToStopIsHandled) {
  EXPECT_EQ(Run(kGraceNs,
                [](Service& service) {
                  const std::unique_ptr<Port> port = service.Serve().value();
                  int notes = 0;
                  port->Handle(kNote, [&notes](ServerCall&) { ++notes; });
                  std::unique_ptr<Channel> channel =
                      Channel::Open(service.node(), port->addresses()[0]).value();
                  if (!channel->WaitOpen().ok()) return absl::InternalError("no connection");
                  for (int i = 0; i < 100; ++i) {
                    Bytes note("note");
                    if (!channel->TrySend(kNote, note).ok()) return absl::InternalError("no room");
                  }
                  channel.reset();
                  service.RequestStop();
                  absl::Status status = service.Run();
                  return notes == 100 ? status : absl::InternalError("not all were handled");
                }),
            0)
      << said_;
  EXPECT_EQ(said_, "");
}

TEST(GrantsTest, ARoleMayHaveManyServersWithAndWithoutNames) {
  constexpr char kText[] =
      "name a\ncall kv unix:@kv\ncall pack=pack.1 unix:@1\ncall pack=pack.2 unix:/a b\n"
      "call log tcp:127.0.0.1:7\n";
  const Grants grants = Grants::Parse(kText).value();
  EXPECT_EQ(grants.ToString(), kText);
  ASSERT_EQ(grants.calls.size(), 4u);
  EXPECT_EQ(grants.calls[0].server, "");
  EXPECT_EQ(grants.calls[2].role, "pack");
  EXPECT_EQ(grants.calls[2].server, "pack.2");
  EXPECT_EQ(grants.calls[2].address, "unix:/a b");
}

TEST(GrantsTest, AServerHasANameInItsRole) {
  EXPECT_EQ(NameInRole("kv", ""), "kv");
  EXPECT_EQ(NameInRole("pack", "pack.2"), "pack.2");
  EXPECT_EQ(NameInRole("pack", "crane"), "pack/crane");
  EXPECT_EQ(NameInRole("pack", "packer.2"), "pack/packer.2");
}

class RolesTest : public ::testing::Test {
 protected:
  RolesTest() {
    AddBuiltinTransports(registry_);
    node_ = Node::Create({.name = "orders", .registry = &registry_}).value();
  }
  Service Granted(std::vector<GrantedCall> calls) {
    Grants grants;
    grants.name = "orders.2";
    grants.calls = std::move(calls);
    return Service(*node_, std::move(grants), nullptr);
  }
  Registry registry_;
  std::unique_ptr<Node> node_;
};

TEST_F(RolesTest, AreToldEachOnceInTheOrderOfTheWiring) {
  Service service =
      Granted({{"pack", "unix:@1", "pack.1"}, {"kv", "unix:@kv"}, {"pack", "unix:@2", "pack.2"}});
  EXPECT_EQ(service.roles(), (std::vector<std::string_view>{"pack", "kv"}));
}

TEST_F(RolesTest, OneChannelToManyServersIsRefusedAndSaysWhatToUse) {
  Service service = Granted({{"pack", "unix:@1", "pack.1"}, {"pack", "unix:@2", "pack.2"}});
  for (const char* role : {"pack", ""}) {
    const absl::Status status = service.Connect(role).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << role;
    EXPECT_EQ(status.message(),
              "the role \"pack\" of orders.2 has 2 servers, and Service::Connect makes one "
              "channel; open a Pool of them (jackfield/pool.h): Pool<XClient>::Open(service, "
              "\"pack\")");
  }
  EXPECT_FALSE(service.was_refused_a_grant()) << "it has the grant";
}

TEST_F(RolesTest, ConnectAllMakesAChannelToEachWithItsName) {
  Service service =
      Granted({{"pack", "unix:@1", "pack.1"}, {"pack", "unix:@2", "crane"}, {"pack", "unix:@3"}});
  const auto servers = service.ConnectAll("pack");
  ASSERT_TRUE(servers.ok()) << servers.status();
  ASSERT_EQ(servers->size(), 3u);
  EXPECT_EQ((*servers)[0].name, "pack.1");
  EXPECT_EQ((*servers)[0].channel->role(), "pack.1");
  EXPECT_EQ((*servers)[1].channel->role(), "pack/crane");
  EXPECT_EQ((*servers)[2].name, "unix:@3") << "nobody has given it another";
  EXPECT_EQ((*servers)[2].channel->role(), "pack");
  std::vector<GrantedCall> many(kServersOfRoleMax + 1, {"pack", "unix:@1"});
  EXPECT_EQ(Granted(many).ConnectAll("pack").status().code(), absl::StatusCode::kInvalidArgument);
  many.pop_back();
  EXPECT_TRUE(Granted(many).ConnectAll("pack").ok());
}

TEST_F(RolesTest, WhoIsNotGrantedARoleIsToldWhereToWriteIt) {
  Service service = Granted({{"pack", "unix:@1"}});
  EXPECT_EQ(
      service.ConnectAll("pakc").status().message(),
      "orders.2 may not call \"pakc\"; did it mean \"pack\"?  try: calls = { pakc = \"unix:\" "
      "} under [service.orders] in the wiring file, or --call pakc=ADDRESS");
  EXPECT_TRUE(service.was_refused_a_grant());
}

TEST(GrantsTest, AGraceIsReadAndWrittenAndHasItsBounds) {
  absl::StatusOr<Grants> grants = Grants::Parse("name a\ngrace 300ms\n");
  ASSERT_TRUE(grants.ok()) << grants.status();
  EXPECT_EQ(grants->grace_ns, 300'000'000);
  EXPECT_EQ(Grants::Parse(grants->ToString()).value().grace_ns, 300'000'000);
  EXPECT_EQ(Grants::Parse("grace 1h").value().grace_ns, kGraceNsMax);
  EXPECT_EQ(Grants::Parse("grace 0").value().grace_ns, 0);
  EXPECT_EQ(Grants::Parse("name a").value().grace_ns, kGraceNs);
  for (const char* bad : {"grace 2h", "grace", "grace 5", "grace -1s", "grace soon"})
    EXPECT_EQ(Grants::Parse(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
}

}  // namespace
}  // namespace jackfield
