// The service of names over the bus: listings that end with their owners, watches, and a program
// that stays listed over restarts of the service.
#include "services/names/names.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/text.h"
#include "services/names/name_hold.h"
#include "services/test_transports.h"

namespace jackfield::names {
namespace {

using flatbuffers::FlatBufferBuilder;

class NamesTest : public testing::TestWithParam<std::string> {
 protected:
  NamesTest() {
    node_ = Node::Create({.name = "test", .registry = &Transports()}).value();
    address_ = GetParam();
    Begin();
    channel_ = Channel::Open(*node_, address_).value();
  }
  // The next life of the service, at the same place.
  void Begin() {
    port_.reset();
    server_ = std::make_unique<NamesServer>();
    port_ = Port::Open(*node_, {address_}, NamesServer::OptionsForPort()).value();
    server_->RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok()) << port_->failure();
    address_ = port_->addresses()[0].ToString();
  }
  std::unique_ptr<NameHold> Announce(std::string_view name) {
    absl::StatusOr<std::unique_ptr<NameHold>> hold = NameHold::Announce(*channel_, name, *port_);
    EXPECT_TRUE(hold.ok()) << hold.status();
    return hold.ok() ? *std::move(hold) : nullptr;
  }
  auto Find(std::string_view name) {
    return NamesClient(*channel_)
        .Find([&](FlatBufferBuilder& fbb) {
          return CreateFindRequest(fbb, fbb.CreateString(name.data(), name.size()));
        })
        .Wait();
  }
  ReadStream<Change> Watch(bool follow, std::string_view interface = "") {
    return NamesClient(*channel_)
        .Watch([follow, interface](FlatBufferBuilder& fbb) {
          const auto of = fbb.CreateString(interface.data(), interface.size());
          return CreateWatchRequest(fbb, 0, of, follow);
        })
        .value();
  }
  static std::string Next(ReadStream<Change>& stream) {
    const std::optional<MessageOf<Change>> change = stream.Read().Wait();
    if (!change.has_value()) return stream.Finish().Wait().ToString();
    return Text(EnumNameWhat((*change)->what()), (*change)->service() == nullptr ? "" : " ",
                (*change)->service() == nullptr ? "" : (*change)->service()->name()->str());
  }
  template <class Done>
  bool Until(Done done) {
    return node_->RunUntil(done, node_->clock().NowNs() + 60'000'000'000);
  }

  std::string address_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<NamesServer> server_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

TEST_P(NamesTest, WhoIsAnnouncedIsFoundWithPlacesAndSchemasUntilItGivesItsNameBack) {
  auto stock = Announce("stock");
  const absl::StatusOr<MessageOf<names::Service>> found = Find("stock");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ((*found)->addresses()->Get(0)->str(), address_);
  EXPECT_EQ((*found)->owner()->str(), "test");
  EXPECT_EQ((*found)->interfaces()->Get(0)->name()->str(), "jackfield.names.Names");
  EXPECT_EQ((*found)->interfaces()->Get(0)->schema_hash(), kNamesInterface.schema_hash);
  stock.reset();
  EXPECT_TRUE(Until([&] { return server_->directory().names() == 0; }));
  EXPECT_EQ(Find("stock").status().code(), absl::StatusCode::kNotFound);
}

TEST_P(NamesTest, ADuplicateIsRefusedWithWhoHasTheName) {
  const auto stock = Announce("stock");
  const absl::Status refused = NameHold::Announce(*channel_, "stock", *port_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists) << refused;
  EXPECT_NE(refused.ToString().find(Text("by test")), std::string::npos) << refused;
  EXPECT_TRUE(Find("stock").ok());
  EXPECT_EQ(NameHold::Announce(*channel_, "my stock", *port_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(NamesTest, AWatchTellsWhatThereIsThenWhatChanges) {
  auto b = Announce("b"), a = Announce("a");
  ReadStream<Change> once = Watch(false), all = Watch(true), other = Watch(true, "shop.Stock");
  for (const char* next : {"There a", "There b", "Complete", "OK"}) EXPECT_EQ(Next(once), next);
  for (const char* next : {"There a", "There b", "Complete"}) EXPECT_EQ(Next(all), next);
  EXPECT_EQ(Next(other), "Complete");
  a.reset();
  EXPECT_EQ(Next(all), "Gone a");
  a = Announce("a");
  EXPECT_EQ(Next(all), "There a");
}

TEST_P(NamesTest, AWatcherThatEndsIsForgottenAndOneMoreThanTheLimitIsRefused) {
  std::vector<std::unique_ptr<Channel>> channels;
  std::vector<ReadStream<Change>> watches;
  const auto request = [](FlatBufferBuilder& fbb) { return CreateWatchRequest(fbb); };
  while (watches.size() < NamesServer::kWatchersMax) {
    if (watches.size() % 256 == 0) channels.push_back(Channel::Open(*node_, address_).value());
    watches.push_back(NamesClient(*channels.back()).Watch(request).value());
    if (watches.size() % 64 != 0) continue;
    ASSERT_TRUE(Until([&] { return port_->calls_under_way() == watches.size(); }));
  }
  ReadStream<Change> more = Watch(false);
  EXPECT_NE(Next(more).find("there are 1024 watchers"), std::string::npos);
  watches.pop_back();
  ASSERT_TRUE(Until([&] { return port_->calls_under_way() == watches.size(); }));
  ReadStream<Change> again = Watch(false);
  EXPECT_EQ(Next(again), "Complete");
}

TEST_P(NamesTest, AHoldIsListedAgainByTheNextInstance) {
  const auto stock = Announce("stock");
  for (int life = 0; life < 3; ++life) {
    Begin();
    EXPECT_TRUE(Until([&] { return server_->directory().Find("stock").ok(); })) << life;
    EXPECT_TRUE(Until([&] { return stock->listed(); }));
    EXPECT_TRUE(stock->ended_why().ok()) << stock->ended_why();
  }
}

// Whoever comes first has the name; the other one learns who that is.
TEST_P(NamesTest, AHoldWhoseNameAnotherHasTakenMeanwhileSaysSo) {
  const auto stock = Announce("stock");
  Begin();
  const auto channel = Channel::Open(*node_, address_).value();
  const absl::StatusOr<std::unique_ptr<NameHold>> second =
      NameHold::Announce(*channel, "stock", *port_);
  ASSERT_TRUE(Until([&] { return stock->listed() || !stock->ended_why().ok(); }));
  EXPECT_NE(second.ok(), stock->listed());
  EXPECT_EQ((second.ok() ? stock->ended_why() : second.status()).code(),
            absl::StatusCode::kAlreadyExists);
}

INSTANTIATE_TEST_SUITE_P(Over, NamesTest, testing::Values("unix:", "tcp://127.0.0.1:0", "inproc:"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

class KilledOwnerTest : public testing::TestWithParam<std::string> {};

TEST_P(KilledOwnerTest, WhatAKilledProcessServedIsGone) {
  const auto node = Node::Create({.name = "names", .registry = &Transports()}).value();
  NamesServer server;
  const auto port = Port::Open(*node, {GetParam()}, NamesServer::OptionsForPort()).value();
  server.RegisterOn(*port);
  ASSERT_TRUE(port->WaitServing().ok()) << port->failure();
  const std::string address = port->addresses()[0].ToString();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto own = Node::Create({.name = "child", .registry = &Transports()}).value();
    const auto its_port = Port::Open(*own, {"unix:"}).value();
    if (!its_port->WaitServing().ok()) _exit(1);
    const auto channel = Channel::Open(*own, address).value();
    const auto hold = NameHold::Announce(*channel, "stock", *its_port);
    if (!hold.ok()) _exit(1);
    own->Run().IgnoreError();
    _exit(0);
  }
  const auto until = [&](auto done) {
    return node->RunUntil(done, node->clock().NowNs() + 60'000'000'000);
  };
  EXPECT_TRUE(until([&] { return server.directory().Find("stock").ok(); }));
  EXPECT_EQ((*server.directory().Find("stock"))->owner, "child");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(until([&] { return server.directory().names() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Over, KilledOwnerTest,
                         testing::Values("unix:", "tcp://127.0.0.1:0", "shm:"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

}  // namespace
}  // namespace jackfield::names
