// The limits of the system, each reached: a clear error that names it and what helps; whose a queue
// is; what dead owners leave; and a queue that is removed under those who use it. That calls work
// is the conformance suite's to show.
#include "transports/sysv/sysv.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernel/channel.h"
#include "kernel/frame.h"
#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/port.h"
#include "kernel/registry.h"
#include "kernel/text.h"
#include "transports/sysv/queue.h"
#include "transports/sysv/sysv_resources.h"

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;

const Registry& Sysv() {
  static const Registry* const registry = [] {
    auto* built = new Registry;
    built->Add(MakeSysvTransport());
    return built;
  }();
  return *registry;
}

const Sys& NoSeam() {
  static const Sys sys(nullptr);
  return sys;
}

// A key of this process's own, outside those that names get.
key_t KeyFor(int test) { return 0x51000000 | (getpid() & 0xfffff) << 4 | test; }
std::string AddressOf(key_t key) { return Text("sysv:", key); }
bool Exists(key_t key) { return msgget(key, 0) >= 0; }

struct Letter {
  long type = 1;
  std::array<char, 1000> text{};
};
std::span<std::byte> BytesOf(Letter& letter) {
  return std::as_writable_bytes(std::span(&letter, 1));
}

// Runs `body` in a process with a System V world of its own, whose limits it may set. False: this
// system does not let us make one.
bool InOwnWorld(const std::function<void()>& body) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (unshare(CLONE_NEWIPC) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWIPC) != 0) _exit(77);
    std::ofstream limit("/proc/sys/kernel/msgmni");
    limit << 32000 << std::flush;
    if (!limit) _exit(77);
    body();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return false;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return true;
}
void SetLimit(const char* name, int value) {
  std::ofstream(Text("/proc/sys/kernel/", name)) << value;
}

class NoMoreQueues final : public FaultSeam {
 public:
  Fault Decide(Site site, int) override { return {.error = site == Site::kOpen ? ENOSPC : 0}; }
};

// ---- Limits.

TEST(Queue, OneMoreThanMsgmniIsRefusedWithTheLimit) {
  NoMoreQueues seam;
  const absl::StatusOr<int> none = sysv::Own(Sys(&seam), KeyFor(0), "serve sysv:x");
  EXPECT_EQ(ReasonOf(none.status()), Reason::kResource) << none.status();
  EXPECT_NE(none.status().ToString().find("sysctl -w kernel.msgmni="), std::string::npos)
      << none.status();
  const bool made = InOwnWorld([] {
    SetLimit("msgmni", 2);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(sysv::Own(NoSeam(), KeyFor(i), "own").ok());
    const std::string error = sysv::Own(NoSeam(), KeyFor(2), "own").status().ToString();
    EXPECT_NE(error.find("kernel.msgmni allows (2)"), std::string::npos) << error;
  });
  if (!made) GTEST_SKIP() << "the system's own refusal: no IPC namespace can be made here";
}

TEST(Queue, MessagesOverMsgmaxAreRefusedWithTheLimit) {
  const std::string error = sysv::CheckSize(1 << 30, "serve sysv:x").ToString();
  EXPECT_NE(error.find("sysctl -w kernel.msgmax=1073741824"), std::string::npos) << error;
  EXPECT_NE(error.find("?frame="), std::string::npos) << error;
  EXPECT_TRUE(sysv::CheckSize(512, "serve sysv:x").ok());
}

TEST(Queue, MessagesOverMsgmnbAreRefusedWithTheLimit) {
  const bool made = InOwnWorld([] {
    SetLimit("msgmax", 32768);
    SetLimit("msgmnb", 16384);
    const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
    const auto port = Port::Open(*node, {"sysv:?frame=20KiB"});
    EXPECT_EQ(ReasonOf(port.status()), Reason::kResource) << port.status();
    EXPECT_NE(port.status().ToString().find("sysctl -w kernel.msgmnb=20480"), std::string::npos)
        << port.status();
    EXPECT_TRUE(Port::Open(*node, {"sysv:?frame=16KiB"}).ok());
  });
  if (!made) GTEST_SKIP() << "no IPC namespace can be made here";
}

TEST(Queue, AFullOneTakesNoMoreAndLosesNothing) {
  const int id = *sysv::Own(NoSeam(), KeyFor(1), "own");
  Letter letter;
  int sent = 0;
  for (;; ++sent) {
    std::memcpy(letter.text.data(), &sent, sizeof sent);
    const int result = sysv::Send(NoSeam(), id, BytesOf(letter));
    if (result == -EAGAIN) break;
    ASSERT_EQ(result, 0);
  }
  EXPECT_GT(sent, 1);
  for (int want = 0; want < sent; ++want) {
    ASSERT_EQ(sysv::Receive(NoSeam(), id, BytesOf(letter)), 1000);
    int got;
    std::memcpy(&got, letter.text.data(), sizeof got);
    EXPECT_EQ(got, want);
  }
  EXPECT_EQ(sysv::Receive(NoSeam(), id, BytesOf(letter)), -EAGAIN);
  sysv::Remove(id);
}

// ---- Whose it is.

TEST(Queue, ALivingOwnersQueueIsNotTakenOver) {
  const int id = *sysv::Own(NoSeam(), KeyFor(2), "own");
  const absl::Status second = sysv::Own(NoSeam(), KeyFor(2), "own").status();
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists) << second;
  EXPECT_NE(second.ToString().find(std::to_string(getpid())), std::string::npos) << second;
  EXPECT_EQ(sysv::Look(id)->owner, sysv::Owner::kLives);
  sysv::Remove(id);
  EXPECT_FALSE(sysv::Look(id).has_value());
}

// Made by another program: with the usual permissions, and a message that only it understands.
TEST(Queue, AForeignOneOnOurKeyIsNeitherUsedNorRemoved) {
  const key_t key = KeyFor(3);
  const int id = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
  ASSERT_GE(id, 0);
  Letter letter;
  ASSERT_EQ(msgsnd(id, &letter, 8, 0), 0);
  const absl::Status own = sysv::Own(NoSeam(), key, "serve").status();
  EXPECT_EQ(own.code(), absl::StatusCode::kAlreadyExists) << own;
  EXPECT_NE(own.ToString().find("ipcs -q"), std::string::npos) << own;
  const absl::Status use = sysv::Use(NoSeam(), key, "connect").status();
  EXPECT_EQ(use.code(), absl::StatusCode::kFailedPrecondition) << use;
  EXPECT_FALSE(sysv::IsTrusted(id));
  EXPECT_FALSE(sysv::Look(id).has_value());
  msqid_ds there{};
  ASSERT_EQ(msgctl(id, IPC_STAT, &there), 0);
  EXPECT_EQ(there.msg_qnum, 1u) << "nobody has read it";
  msgctl(id, IPC_RMID, nullptr);
}

TEST(Queue, WhatADeadOwnerLeftIsReplacedAndItsMessagesAreGone) {
  const key_t key = KeyFor(4);
  Letter letter;
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<int> id = sysv::Own(NoSeam(), key, "own");
    _exit(id.ok() && sysv::Send(NoSeam(), *id, BytesOf(letter)) == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  const int left = msgget(key, 0);
  ASSERT_GE(left, 0);
  EXPECT_EQ(sysv::Look(left)->owner, sysv::Owner::kDead);
  EXPECT_EQ(sysv::Look(left)->owner_pid, child);
  EXPECT_EQ(sysv::Use(NoSeam(), key, "connect").status().code(), absl::StatusCode::kUnavailable)
      << "nobody is there to be talked to";
  const absl::StatusOr<int> next = sysv::Own(NoSeam(), key, "own");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_NE(*next, left);
  EXPECT_EQ(sysv::Receive(NoSeam(), *next, BytesOf(letter)), -EAGAIN);
  sysv::Remove(*next);
}

TEST(Queue, OneThatIsRemovedIsSaidToBeGone) {
  const int id = *sysv::Own(NoSeam(), KeyFor(5), "own");
  sysv::Remove(id);
  Letter letter;
  EXPECT_EQ(sysv::Send(NoSeam(), id, BytesOf(letter)), -EIDRM);
  EXPECT_EQ(sysv::Receive(NoSeam(), id, BytesOf(letter)), -EIDRM);
  EXPECT_EQ(sysv::Use(NoSeam(), KeyFor(5), "connect").status().code(),
            absl::StatusCode::kUnavailable);
}

// ---- The transport.

TEST(Sysv, AddressesThatMakeNoSenseAreRefused) {
  for (const std::string_view bad : {"sysv:kv?frame=100", "sysv:kv?frame=65KiB", "sysv:0",
                                     "sysv:kv?depth=2", "sysv:kv?colour=red"}) {
    const absl::StatusOr<Address> address = Sysv().Parse(bad);
    EXPECT_FALSE(address.ok() && Sysv().Describe(*address, Role::kServe).ok()) << bad;
  }
  EXPECT_FALSE(Sysv().Describe(*Sysv().Parse("sysv:"), Role::kConnect).ok());
  EXPECT_EQ(Sysv().Describe(*Sysv().Parse("sysv:kv?frame=4KiB"), Role::kServe)->frame_bytes_max,
            4096u - 16);
}

std::unique_ptr<Port> ServeEcho(Node& node, const std::string& address) {
  std::unique_ptr<Port> port = Port::Open(node, {address}).value();
  port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  EXPECT_TRUE(port->WaitServing().ok()) << port->failure();
  return port;
}

// A server in a process of its own, until it is killed.
pid_t ServeInChild(const std::string& address) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
    const std::unique_ptr<Port> port = ServeEcho(*node, address);
    if (!port->serving() || write(ready[1], "x", 1) != 1) _exit(1);
    node->Run();
    _exit(0);
  }
  close(ready[1]);
  char c;
  EXPECT_EQ(read(ready[0], &c, 1), 1);
  close(ready[0]);
  return pid;
}

void Kill(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

// Two messages fill a queue; a hundred requests of that size are under way at once.
TEST(Sysv, MoreThanTheQueuesHoldWaitsAndNothingIsLost) {
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, "sysv:");
  const std::unique_ptr<Channel> channel = Channel::Open(*node, port->addresses()[0]).value();
  ASSERT_TRUE(channel->WaitOpen().ok());
  constexpr int kCalls = 100;
  int right = 0, ended = 0;
  CallOptions patient;
  patient.timeout_us = 60'000'000;
  for (int i = 0; i < kCalls; ++i) {
    const std::string payload(7000, static_cast<char>('!' + i % 90));
    ASSERT_TRUE(channel
                    ->CallAsync(kEcho, Bytes(payload), patient,
                                [&, first = payload[0]](absl::StatusOr<Message> reply) {
                                  ++ended;
                                  right += reply.ok() && reply->payload().size() == 7000 &&
                                           reply->text() == std::string(7000, first);
                                })
                    .ok());
  }
  node->RunUntil([&] { return ended == kCalls; });
  EXPECT_EQ(right, kCalls);
}

TEST(Sysv, AQueueThatIsRemovedUnderItsServerEndsTheCallsAndIsSaidToTheServer) {
  const key_t key = KeyFor(6);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, AddressOf(key));
  const std::unique_ptr<Channel> channel = Channel::Open(*node, AddressOf(key)).value();
  ASSERT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok());
  sysv::Remove(msgget(key, 0));
  node->RunUntil([&] { return !channel->ended_why().ok() && !port->failure().ok(); });
  const absl::StatusOr<Message> reply = channel->Call(kEcho, Bytes("y")).Wait();
  EXPECT_FALSE(reply.ok());
  EXPECT_NE(port->failure().ToString().find("EIDRM"), std::string::npos) << port->failure();
}

TEST(Sysv, AClientWhoseQueueIsRemovedLosesItsLinkAndNoOtherDoes) {
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, "sysv:");
  const std::unique_ptr<Channel> first = Channel::Open(*node, port->addresses()[0]).value();
  ASSERT_TRUE(first->Call(kEcho, Bytes("x")).Wait().ok());
  // Whatever is there now and was not before is the second client's.
  const auto clients_queues = [] {
    std::vector<int> ids;
    std::ifstream table("/proc/sysvipc/msg");
    std::string line;
    while (std::getline(table, line)) {
      int key = 0, id = 0;
      if (std::sscanf(line.c_str(), "%d %d", &key, &id) == 2 && sysv::Look(id).has_value() &&
          sysv::Look(id)->owner_pid == getpid())
        ids.push_back(id);
    }
    return ids;
  };
  const std::vector<int> before = clients_queues();
  const std::unique_ptr<Channel> second = Channel::Open(*node, port->addresses()[0]).value();
  ASSERT_TRUE(second->Call(kEcho, Bytes("x")).Wait().ok());
  const std::vector<int> after = clients_queues();
  ASSERT_EQ(after.size(), before.size() + 1);
  for (const int id : after) {
    if (std::find(before.begin(), before.end(), id) == before.end()) sysv::Remove(id);
  }
  EXPECT_FALSE(second->Call(kEcho, Bytes("y")).Wait().ok());
  EXPECT_TRUE(first->Call(kEcho, Bytes("y")).Wait().ok());
}

TEST(Sysv, AfterTheServerIsKilledItsClientCleansUpAndASuccessorServes) {
  const key_t key = KeyFor(7);
  for (int round = 0; round < 3; ++round) {
    const pid_t server = ServeInChild(AddressOf(key));
    const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
    std::unique_ptr<Channel> channel = Channel::Open(*node, AddressOf(key)).value();
    ASSERT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok()) << round;
    Kill(server);
    EXPECT_FALSE(channel->Call(kEcho, Bytes("y")).Wait().ok());
    channel.reset();
    node->Turn(Node::kDoNotSleep);
  }
  EXPECT_FALSE(Exists(key));
}

TEST(Sysv, AKilledServersQueueIsTakenOverByTheNextThoughNobodyWasThereToCleanUp) {
  const key_t key = KeyFor(8);
  Kill(ServeInChild(AddressOf(key)));
  EXPECT_TRUE(Exists(key)) << "nobody could remove it";
  const pid_t second = ServeInChild(AddressOf(key));
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  std::unique_ptr<Channel> channel = Channel::Open(*node, AddressOf(key)).value();
  EXPECT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok());
  Kill(second);
  EXPECT_FALSE(channel->Call(kEcho, Bytes("y")).Wait().ok());
  channel.reset();
  node->Turn(Node::kDoNotSleep);
  EXPECT_FALSE(Exists(key));
}

// ---- What is listed and cleaned.

std::optional<Resource> Find(const Resources& resources, const std::string& place) {
  for (const Resource& resource : resources.List()) {
    if (resource.place == place) return resource;
  }
  return std::nullopt;
}
std::string PlaceOf(key_t key) { return Text(sysv::Hex(key), ", msqid ", msgget(key, 0)); }

TEST(SysvResources, TheLivingStayAndWhatADeadOwnerLeftIsRemoved) {
  const std::unique_ptr<Resources> resources = MakeSysvResources();
  const key_t key = KeyFor(10);
  const pid_t server = ServeInChild(AddressOf(key));
  const std::string place = PlaceOf(key);
  const std::optional<Resource> living = Find(*resources, place);
  ASSERT_TRUE(living.has_value()) << place;
  EXPECT_EQ(living->owner, Resource::Owner::kLives);
  EXPECT_EQ(living->pid, server);
  EXPECT_EQ(resources->Remove(*living).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Exists(key));
  Kill(server);
  const std::optional<Resource> dead = Find(*resources, place);
  ASSERT_TRUE(dead.has_value());
  EXPECT_EQ(dead->owner, Resource::Owner::kDead);
  EXPECT_EQ(dead->pid, server);
  EXPECT_TRUE(resources->Remove(*dead).ok());
  EXPECT_FALSE(Exists(key));
  EXPECT_EQ(resources->Remove(*dead).code(), absl::StatusCode::kFailedPrecondition) << "gone";
}

TEST(SysvResources, WhatIsNotTheBussIsNeitherListedNorRemoved) {
  const std::unique_ptr<Resources> resources = MakeSysvResources();
  const key_t key = KeyFor(11);
  const int id = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
  ASSERT_GE(id, 0);
  EXPECT_FALSE(Find(*resources, PlaceOf(key)).has_value());
  Resource claimed{.place = PlaceOf(key), .owner = Resource::Owner::kDead};
  EXPECT_EQ(resources->Remove(claimed).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Exists(key));
  msgctl(id, IPC_RMID, nullptr);
}

TEST(Sysv, AKeyIsTheSameHoweverItsNumberIsWritten) {
  const key_t key = KeyFor(9);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, AddressOf(key));
  const std::unique_ptr<Channel> channel =
      Channel::Open(*node, Text("sysv:", sysv::Hex(key))).value();
  EXPECT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok());
}

TEST(Sysv, TwoNamesOfOneKeyAreToldApart) {
  const std::string name = Text("test.", getpid());
  const key_t key = sysv::kServerKeys | (MessageType(name) & sysv::kKeyBits);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, AddressOf(key));
  ChannelOptions options;
  options.connect_us = 100'000;
  const std::unique_ptr<Channel> channel =
      Channel::Open(*node, Text("sysv:", name), options).value();
  const absl::Status refused = channel->WaitOpen();
  EXPECT_NE(refused.ToString().find("has the same key"), std::string::npos) << refused;
}

}  // namespace
}  // namespace jackfield
