// The limits of the system, each reached: a clear error that names it and what helps; and what dead
// owners leave. That calls work is the conformance suite's to show.
#include "transports/mq/mq.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/namespaces.h"
#include "transports/mq/mq_resources.h"
#include "transports/mq/queue.h"
#include "transports/mq/test_queues.h"

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;

const Registry& Mq() {
  static const Registry* const registry = [] {
    auto* built = new Registry;
    built->Add(MakeMqTransport());
    return built;
  }();
  return *registry;
}

// As a queue of a dead owner, once the system has let go of it.
bool RemovedInTime(const std::string& name) {
  int tries = 5000;
  while (!Queue::RemoveDead(name).ok() && --tries > 0) usleep(1000);
  return tries > 0;
}

TEST(Mq, AddressesThatMakeNoSenseAreRefused) {
  for (const std::string_view bad :
       {"mq:/a/b", "mq:/kv?depth=0", "mq:/kv?depth=65537", "mq:/kv?frame=100", "mq:/kv?frame=17MiB",
        "mq:/kv?priority=4", "mq:/kv?colour=red"}) {
    const absl::StatusOr<Address> address = Mq().Parse(bad);
    EXPECT_FALSE(address.ok() && Mq().Describe(*address, Role::kServe).ok()) << bad;
  }
  EXPECT_FALSE(Mq().Describe(*Mq().Parse("mq:"), Role::kConnect).ok());
  EXPECT_EQ(Mq().Describe(*Mq().Parse("mq:/kv?frame=4KiB"), Role::kServe)->frame_bytes_max,
            4096u - 16);
}

// Until it is killed. Says so when it serves.
int ServeEcho(const std::string& address, int ready_fd) {
  const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
  const std::unique_ptr<Port> port = Port::Open(*node, {address}).value();
  port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  if (!port->WaitServing().ok() || write(ready_fd, "x", 1) != 1) return 1;
  node->Run().IgnoreError();
  return 0;
}

// A server in a process of its own.
pid_t ServeInChild(const std::string& address) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) _exit(ServeEcho(address, ready[1]));
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

TEST(Mq, AClientWithMessagesOfAnotherSizeIsToldWhichToAskFor) {
  const std::string address = Text("mq:/test.", getpid(), ".sizes?depth=2&frame=");
  const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
  const std::unique_ptr<Port> port = Port::Open(*node, {address + "2KiB"}).value();
  ASSERT_TRUE(port->WaitServing().ok());
  ChannelOptions options;
  options.connect_timeout = 100ms;
  for (const char* size : {"1KiB", "4KiB"}) {
    absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(*node, address + size, options);
    const absl::Status refused = channel.ok() ? (*channel)->WaitOpen() : channel.status();
    EXPECT_NE(refused.ToString().find("?frame=2048"), std::string::npos) << refused;
  }
}

TEST(Mq, AfterTheServerIsKilledItsClientCleansUpAndASuccessorServes) {
  const std::string name = Text("test.", getpid(), ".kill");
  const std::string address = Text("mq:/", name, "?depth=2&frame=1KiB");
  for (int round = 0; round < 3; ++round) {
    const pid_t server = ServeInChild(address);
    const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
    std::unique_ptr<Channel> channel = Channel::Open(*node, address).value();
    ASSERT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok()) << round;
    Kill(server);
    const absl::StatusOr<Message> reply = channel->Call(kEcho, Bytes("y")).Wait();
    EXPECT_FALSE(reply.ok());
    channel.reset();
    node->Turn(Node::kDoNotSleep);
  }
  EXPECT_FALSE(Exists(Text("/jackfield.", name)));
}

TEST(Mq, AKilledServersQueueIsTakenOverByTheNextThoughNobodyWasThereToCleanUp) {
  const std::string address = Text("mq:/test.", getpid(), ".next?depth=2&frame=1KiB");
  Kill(ServeInChild(address));
  const pid_t second = ServeInChild(address);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
  std::unique_ptr<Channel> channel = Channel::Open(*node, address).value();
  EXPECT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok());
  Kill(second);
  EXPECT_FALSE(channel->Call(kEcho, Bytes("y")).Wait().ok());
}

std::optional<Resource> Find(const Resources& resources, const std::string& place) {
  for (const Resource& resource : resources.List()) {
    if (resource.place == place) return resource;
  }
  return std::nullopt;
}

TEST(MqResources, TheLivingStayAndWhatADeadOwnerLeftIsRemoved) {
  const std::unique_ptr<Resources> resources = MakeMqResources();
  const std::string name = Name("listed");
  const pid_t server = ServeInChild(Text("mq:/test.", getpid(), ".listed?depth=2&frame=1KiB"));
  const std::optional<Resource> living = Find(*resources, name);
  ASSERT_TRUE(living.has_value());
  EXPECT_EQ(living->owner, Resource::Owner::kLives);
  EXPECT_EQ(living->pid, server);
  EXPECT_EQ(resources->Remove(*living).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Exists(name));
  Kill(server);
  std::optional<Resource> dead;
  do {  // the dead one's io_uring may hold the lock a little longer
    dead = Find(*resources, name);
    ASSERT_TRUE(dead.has_value());
  } while (dead->owner != Resource::Owner::kDead);
  EXPECT_EQ(dead->pid, server);
  EXPECT_TRUE(resources->Remove(*dead).ok());
  EXPECT_FALSE(Exists(name));
  EXPECT_FALSE(Find(*resources, name).has_value());
}

TEST(MqResources, WhatIsNotTheBussIsNeitherListedNorRemoved) {
  const std::unique_ptr<Resources> resources = MakeMqResources();
  const std::string foreign = Text("/other.", getpid());
  mq_attr attributes{};
  attributes.mq_maxmsg = 1;
  attributes.mq_msgsize = 8;
  const int fd = mq_open(foreign.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
  ASSERT_GE(fd, 0);
  EXPECT_FALSE(Find(*resources, foreign).has_value());
  EXPECT_EQ(
      resources->Remove({.what = "", .place = foreign, .owner = Resource::Owner::kDead}).code(),
      absl::StatusCode::kFailedPrecondition);
  close(fd);
  EXPECT_TRUE(Exists(foreign));
  mq_unlink(foreign.c_str());
}

TEST(MqResources, TheNoteOfAQueueThatIsGoneIsRemovedAlone) {
  const std::unique_ptr<Resources> resources = MakeMqResources();
  const pid_t server = ServeInChild(Text("mq:/test.", getpid(), ".noted?depth=2&frame=1KiB"));
  Kill(server);
  mq_unlink(Name("noted").c_str());
  size_t removed = 0;
  for (const Resource& resource : resources->List()) {
    if (resource.pid != server) continue;  // other programs of this user may have left some, too
    EXPECT_EQ(resource.owner, Resource::Owner::kDead);
    EXPECT_EQ(resource.what, "record of a queue that is gone");
    removed += resources->Remove(resource).ok() ? 1 : 0;
  }
  EXPECT_EQ(removed, 1u);
}

// Whoever looks from another IPC namespace sees the notes of this one, and none of its queues.
TEST(MqResources, TheNoteOfALivingQueueStaysWhoeverLooksFromAnotherNamespace) {
  const pid_t server = ServeInChild(Text("mq:/test.", getpid(), ".elsewhere?depth=2&frame=1KiB"));
  const auto looks = [&] {
    if (unshare(CLONE_NEWIPC) != 0) return 2;
    const std::unique_ptr<Resources> resources = MakeMqResources();
    for (const Resource& resource : resources->List()) {
      if (resource.pid != server) continue;
      if (resource.owner != Resource::Owner::kLives) return 3;  // its process is to be seen
      return resources->Remove(resource).code() == absl::StatusCode::kFailedPrecondition ? 0 : 4;
    }
    return 5;
  };
  const pid_t child = fork();
  if (child == 0) _exit(looks());
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  const std::unique_ptr<Resources> resources = MakeMqResources();
  const std::optional<Resource> still = Find(*resources, Name("elsewhere"));
  EXPECT_TRUE(still.has_value() && still->pid == server) << "by its note";
  Kill(server);
  for (const Resource& resource : resources->List()) {
    if (resource.pid == server && resource.place == Name("elsewhere"))
      mq_unlink(resource.place.c_str());
  }
  for (const Resource& resource : resources->List()) {
    if (resource.pid != server) continue;
    EXPECT_TRUE(resources->Remove(resource).ok()) << resource.place;
  }
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, 0);
}

// Turns `node` until `done`, which no event of it need tell.
template <class Done>
void DriveUntil(Node& node, Done done) {
  while (!done()) node.Turn(node.clock().NowNs() + 1'000'000);
}

// Has another process said something there?
bool Said(int fd) {
  pollfd ready{fd, POLLIN, 0};
  char c;
  return poll(&ready, 1, 0) == 1 && read(fd, &c, 1) >= 0;
}

// A client's queue, as one leaves it that is killed together with its server, or before that has
// heard of it.
std::string LeaveClientsQueue(const std::string& server) {
  const std::string name = Text(server, ".1.2.3");
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<Queue> queue = Queue::Own(NoSeam(), name, kSmall);
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(Exists(name));
  return name;
}

TEST(Mq, WhatAClientLeftThatWasKilledWithItsServerTheNextServerTakesAway) {
  const std::string name = LeaveClientsQueue(Name("both"));
  const std::string other = LeaveClientsQueue(Name("another"));
  const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
  std::unique_ptr<Port> port =
      Port::Open(*node, {Text("mq:/test.", getpid(), ".both?depth=2&frame=1KiB")}).value();
  ASSERT_TRUE(port->WaitServing().ok());
  EXPECT_FALSE(Exists(name));
  EXPECT_TRUE(Exists(other)) << "not its own";
  const std::string during = LeaveClientsQueue(Name("both"));
  port.reset();
  DriveUntil(*node, [&] { return !Exists(during); });  // as well when it ends
  EXPECT_TRUE(Queue::RemoveDead(other).ok());
}

// What the dead have left uses up what a user may have.
TEST(Mq, ACreateThatIsRefusedForALimitFirstReclaimsWhatIsDead) {
  constexpr char kFull[] = "depth=2&frame=8KiB";  // some 16 KiB a queue
  std::vector<std::string> left;
  for (int i = 0; i < 4; ++i) {
    const pid_t server = ServeInChild(Text("mq:/test.", getpid(), ".dead", i, "?", kFull));
    Kill(server);
    left.push_back(Name(Text("dead", i)));
  }
  // Their io_urings may hold the locks a little longer.
  const std::unique_ptr<Resources> resources = MakeMqResources();
  for (const std::string& name : left) {
    while (Find(*resources, name)->owner != Resource::Owner::kDead) usleep(1000);
  }
  const pid_t lives = ServeInChild(Text("mq:/test.", getpid(), ".lives?", kFull));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_MSGQUEUE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 60'000;
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &few), 0);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
  testing::internal::CaptureStderr();
  const std::unique_ptr<Port> port = Port::Open(*node, {Text("mq:?", kFull)}).value();
  const absl::Status serves = port->WaitServing();
  const std::string said = testing::internal::GetCapturedStderr();
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &before), 0);
  EXPECT_TRUE(serves.ok()) << serves;
  EXPECT_NE(said.find("removed 4 that dead owners left"), std::string::npos) << said;
  for (const std::string& name : left) EXPECT_FALSE(Exists(name));
  EXPECT_TRUE(Exists(Name("lives")));
  Kill(lives);
  EXPECT_TRUE(RemovedInTime(Name("lives")));
}

// Two containers that share the queues: neither sees the other's processes, and the lock on its
// queue tells that the other lives.
TEST(Mq, EndsInTwoPidNamespacesCallEachOtherAndEachNoticesTheOthersDeath) {
  struct Case {
    int flags;
    Proc proc;
  };
  for (const Case& where : {Case{CLONE_NEWPID, Proc::kOwn}, Case{CLONE_NEWPID, Proc::kOutside},
                            Case{CLONE_NEWTIME, Proc::kOwn}, Case{0, Proc::kNone}}) {
    const std::string address = Text("mq:/test.", getpid(), ".there?depth=2&frame=1KiB");
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const Elsewhere server =
        StartElsewhere(where.flags, where.proc, [&] { return ServeEcho(address, ready[1]); });
    if (server.pid == 0) {
      server.Wait();
      GTEST_SKIP() << kNoNamespacesWords;
    }
    char c;
    ASSERT_EQ(read(ready[0], &c, 1), 1);
    const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
    std::unique_ptr<Channel> channel = Channel::Open(*node, address, {.reconnect = false}).value();
    ASSERT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
    EXPECT_EQ(channel->Call(kEcho, Bytes("here")).Wait().value().text(), "here");
    server.Kill();
    EXPECT_EQ(ReasonOf(channel->Call(kEcho, Bytes("x")).Wait().status()), Reason::kPeerDied);
    channel.reset();
    node->Turn(Node::kDoNotSleep);
    // Who survives takes it away, unless the system still holds what the killed one had open.
    EXPECT_TRUE(!Exists(Name("there")) || RemovedInTime(Name("there")));

    const std::unique_ptr<Port> port = Port::Open(*node, {address}).value();
    port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    ASSERT_TRUE(port->WaitServing().ok()) << port->failure();
    const Elsewhere client = StartElsewhere(where.flags, where.proc, [&] {
      const std::unique_ptr<Node> there = Node::Create({.registry = &Mq()}).value();
      const std::unique_ptr<Channel> calls = Channel::Open(*there, address).value();
      if (!calls->Call(kEcho, Bytes("x")).Wait().ok() || write(ready[1], "y", 1) != 1) return 1;
      there->Run().IgnoreError();
      return 0;
    });
    DriveUntil(*node, [&] { return Said(ready[0]); });
    EXPECT_EQ(port->clients(), 1u);
    client.Kill();
    DriveUntil(*node, [&] { return port->clients() == 0; });
    close(ready[0]);
    close(ready[1]);
  }
}

TEST(Mq, ClientsUntilTheQueuesAreUsedUpAndThenOneMoreIsToldWhy) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_MSGQUEUE, &before), 0);
  const std::unique_ptr<Node> node = Node::Create({.registry = &Mq()}).value();
  const std::unique_ptr<Port> port = Port::Open(*node, {"mq:?depth=2&frame=8KiB"}).value();
  port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  ASSERT_TRUE(port->WaitServing().ok());
  std::vector<std::unique_ptr<Channel>> channels;
  absl::Status refused;
  rlimit few = before;
  few.rlim_cur = 100'000;  // of this user; others of the same user may have some already
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &few), 0);
  ChannelOptions options;
  options.connect_timeout = 60s;
  while (refused.ok() && channels.size() < 20) {
    channels.push_back(Channel::Open(*node, port->addresses()[0], options).value());
    refused = channels.back()->WaitOpen();
  }
  ASSERT_EQ(setrlimit(RLIMIT_MSGQUEUE, &before), 0);
  EXPECT_NE(refused.ToString().find("RLIMIT_MSGQUEUE"), std::string::npos) << refused;
  channels.pop_back();
  for (const auto& channel : channels)
    EXPECT_TRUE(channel->Call(kEcho, Bytes("well")).Wait().ok()) << "the others are not disturbed";
}

}  // namespace
}  // namespace jackfield

int main(int argc, char** argv) { return jackfield::RunTestsInAPlaceOfTheirOwn(argc, argv); }
