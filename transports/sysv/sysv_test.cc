// What dead owners leave, what is listed and cleaned, and a queue that is removed under those who
// use it. That calls work is the conformance suite's to show; the limits are queue_test.cc's.
#include "transports/sysv/sysv.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/frame.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/namespaces.h"
#include "transports/sysv/queue.h"
#include "transports/sysv/sysv_resources.h"
#include "transports/sysv/test_keys.h"

namespace jackfield {
namespace {

using sysv::Exists;
using sysv::KeyFor;

constexpr uint32_t kEcho = 1;

const Registry& Sysv() {
  static const Registry* const registry = [] {
    auto* built = new Registry;
    built->Add(MakeSysvTransport());
    return built;
  }();
  return *registry;
}

std::string AddressOf(key_t key) { return Text("sysv:", key); }

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
    node->Run().IgnoreError();
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
  patient.timeout = 60s;
  for (int i = 0; i < kCalls; ++i) {
    const std::string payload(7000, static_cast<char>('!' + i % 90));
    ASSERT_TRUE(channel
                    ->CallAsync(kEcho, Bytes(payload), patient,
                                [&, first = payload[0]](Answer& reply) {
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
  const std::unique_ptr<Channel> channel =
      Channel::Open(*node, AddressOf(key), {.reconnect = false}).value();
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

// Turns `node` until `done`, which no event of it need tell.
template <class Done>
void DriveUntil(Node& node, Done done) {
  while (!done()) node.Turn(node.clock().NowNs() + 1'000'000);
}

const Sys& NoSeam() {
  static const Sys sys(nullptr);
  return sys;
}

// A client's queue, as one leaves it that is killed together with its server, or before that has
// heard of it.
key_t LeaveClientsQueue(int number) {
  const auto key = static_cast<key_t>(
      sysv::kClientKeys | ((static_cast<uint32_t>(getpid()) << 4 | number) & sysv::kKeyBits));
  const pid_t child = fork();
  if (child == 0) {
    sysv::Own(NoSeam(), key, "a client").IgnoreError();
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  return key;
}

TEST(Sysv, WhatADeadClientLeftGoesWithTheNextServerTheNextClientAndAServersEnd) {
  const key_t key = KeyFor(14);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  key_t left = LeaveClientsQueue(1);
  std::unique_ptr<Port> port = ServeEcho(*node, AddressOf(key));
  EXPECT_FALSE(Exists(left)) << "a server that begins";
  left = LeaveClientsQueue(2);
  std::unique_ptr<Channel> channel = Channel::Open(*node, AddressOf(key)).value();
  ASSERT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok());
  EXPECT_FALSE(Exists(left)) << "a client that begins";
  left = LeaveClientsQueue(3);
  channel.reset();
  port.reset();
  DriveUntil(*node, [&] { return !Exists(left); });  // a server that ends
}

// It has greeted, and its server hears of it when it is dead already.
TEST(Sysv, TheQueueOfAClientThatDiedInItsOpeningGoesWhenItsServerHearsOfIt) {
  const key_t key = KeyFor(15);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, AddressOf(key));
  const auto clients = [] {
    int count = 0;
    for (const int id : sysv::All()) {
      const std::optional<sysv::Seen> seen = sysv::Look(id);
      if (seen.has_value() &&
          (static_cast<uint32_t>(seen->key) & ~sysv::kKeyBits) == sysv::kClientKeys)
        ++count;
    }
    return count;
  };
  const int before = clients();
  const pid_t client = fork();
  if (client == 0) {
    const std::unique_ptr<Node> there = Node::Create({.registry = &Sysv()}).value();
    const std::unique_ptr<Channel> channel = Channel::Open(*there, AddressOf(key)).value();
    for (int i = 0; i < 10; ++i) there->Turn(Node::kDoNotSleep);
    kill(getpid(), SIGKILL);
  }
  waitpid(client, nullptr, 0);
  ASSERT_EQ(clients(), before + 1) << "it has greeted, and died";
  DriveUntil(*node, [&] { return clients() == before; });
}

// The system counts the processes of another pid namespace as nobody: nothing would tell that one
// has died.
TEST(Sysv, AnEndInAnotherPidNamespaceIsRefusedAtOnceAndToldWhatToUse) {
  const key_t key = KeyFor(5);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, AddressOf(key));
  const auto call = [&](bool works) -> int {
    const std::unique_ptr<Node> there = Node::Create({.registry = &Sysv()}).value();
    ChannelOptions options;
    options.connect_timeout = 10min;  // and it is not tried again
    const std::unique_ptr<Channel> channel = Channel::Open(*there, AddressOf(key), options).value();
    const absl::Status open = channel->WaitOpen();
    if (works) return open.ok() && channel->Call(kEcho, Bytes("x")).Wait().ok() ? 0 : 1;
    if (!absl::IsPermissionDenied(open)) return 2;
    return open.ToString().find("use unix:, shm: or mq:") != std::string::npos ? 0 : 3;
  };
  struct Case {
    int flags;
    Proc proc;
    bool works;
  };
  for (const Case& where :
       {Case{CLONE_NEWPID, Proc::kOwn, false}, Case{CLONE_NEWPID, Proc::kOutside, false},
        Case{0, Proc::kNone, false}, Case{CLONE_NEWTIME, Proc::kOwn, true}}) {
    int over[2];
    ASSERT_EQ(pipe2(over, O_NONBLOCK), 0);
    const Elsewhere client =
        StartElsewhere(where.flags, where.proc, [&] { return call(where.works); });
    close(over[1]);  // the other end is the client's until it ends
    char c;
    DriveUntil(*node, [&] { return client.pid == 0 || read(over[0], &c, 1) == 0; });
    close(over[0]);
    const int status = client.Wait();
    if (status == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
    EXPECT_EQ(status, 0) << where.flags << " " << static_cast<int>(where.proc);
  }
  EXPECT_EQ(port->clients(), 0u);
}

TEST(Sysv, AMessageThatIsTooLargeIsThrownAwayAndHoldsUpNobody) {
  const key_t key = KeyFor(12);
  const std::string address = Text(AddressOf(key), "?frame=1KiB");
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, address);
  const std::unique_ptr<Channel> channel = Channel::Open(*node, address).value();
  ASSERT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok());
  struct {
    long type = 1;
    char text[1025] = {};
  } large;
  ASSERT_EQ(msgsnd(msgget(key, 0), &large, sizeof large.text, IPC_NOWAIT), 0);
  EXPECT_TRUE(channel->Call(kEcho, Bytes("y")).Wait().ok());
  const std::unique_ptr<Channel> another = Channel::Open(*node, address).value();
  EXPECT_TRUE(another->Call(kEcho, Bytes("z")).Wait().ok());
}

TEST(Sysv, AClientWithMessagesOfAnotherSizeIsToldWhichToAskFor) {
  const key_t key = KeyFor(13);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Sysv()}).value();
  const std::unique_ptr<Port> port = ServeEcho(*node, Text(AddressOf(key), "?frame=2KiB"));
  ChannelOptions options;
  options.connect_timeout = 100ms;
  for (const char* size : {"1KiB", "4KiB"}) {
    const std::unique_ptr<Channel> channel =
        Channel::Open(*node, Text(AddressOf(key), "?frame=", size), options).value();
    const absl::Status refused = channel->WaitOpen();
    EXPECT_NE(refused.ToString().find("?frame=2048"), std::string::npos) << refused;
  }
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
  Resource claimed{.what = "", .place = PlaceOf(key), .owner = Resource::Owner::kDead};
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
  options.connect_timeout = 100ms;
  const std::unique_ptr<Channel> channel =
      Channel::Open(*node, Text("sysv:", name), options).value();
  const absl::Status refused = channel->WaitOpen();
  EXPECT_NE(refused.ToString().find("has the same key"), std::string::npos) << refused;
}

}  // namespace
}  // namespace jackfield

// Where it may be had, with queues of its own: whoever cleans up, or serves, at the same time
// removes what is dead here.
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  static_cast<void>(unshare(CLONE_NEWIPC));
  return RUN_ALL_TESTS();
}
