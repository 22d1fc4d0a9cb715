// What stands in the way of a FIFO and is left alone, what of a dead owner is reclaimed, and that
// nothing stays behind. (That calls work over it is the conformance suite's.)
#include "transports/fifo/fifo.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/fifo/fifo_resources.h"
#include "transports/fifo/meeting.h"

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;

class FifoTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/jf-fifo-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    // The records of this test's servers, apart from everybody else's.
    char runtime[] = "/tmp/jf-run-XXXXXX";
    ASSERT_NE(mkdtemp(runtime), nullptr);
    runtime_ = runtime;
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    path_ = directory_ + "/hello";
    registry_.Add(MakeFifoTransport());
    node_ = MakeNode();
  }
  void TearDown() override {
    node_.reset();
    for (const std::string& name : Names()) remove((directory_ + "/" + name).c_str());
    EXPECT_EQ(rmdir(directory_.c_str()), 0);
    EXPECT_EQ(rmdir(runtime_.c_str()), 0) << "no record is left";
  }

  std::unique_ptr<Node> MakeNode() { return Node::Create({.registry = &registry_}).value(); }
  std::unique_ptr<Port> Serve(Node& node) {
    std::unique_ptr<Port> port = Port::Open(node, {"fifo:" + path_}).value();
    port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    EXPECT_TRUE(port->WaitServing().ok()) << port->failure();
    return port;
  }
  // What a server is told. It tries again for a while if the place is taken.
  absl::Status ServeFails(const std::string& address) {
    absl::StatusOr<std::unique_ptr<Port>> port = Port::Open(*node_, {address});
    if (!port.ok()) return port.status();
    return (*port)->WaitServing();
  }
  absl::Status ConnectFails(int64_t connect_us) {
    ChannelOptions options;
    options.connect_timeout = std::chrono::microseconds(connect_us);
    absl::StatusOr<std::unique_ptr<Channel>> channel =
        Channel::Open(*node_, "fifo:" + path_, options);
    if (!channel.ok()) return channel.status();
    return (*channel)->WaitOpen();
  }
  void ExpectServes() {
    const std::unique_ptr<Port> port = Serve(*node_);
    const std::unique_ptr<Channel> channel = Channel::Open(*node_, "fifo:" + path_).value();
    ASSERT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
    EXPECT_EQ(channel->Call(kEcho, Bytes("x")).Wait().value().text(), "x");
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    DIR* directory = opendir(directory_.c_str());
    while (const dirent* entry = readdir(directory)) {
      if (entry->d_name[0] != '.' || std::strlen(entry->d_name) > 2) names.push_back(entry->d_name);
    }
    closedir(directory);
    return names;
  }

  std::string directory_, runtime_, path_;
  Registry registry_;
  std::unique_ptr<Node> node_;
};

void ExpectSays(const absl::Status& status, std::string_view words) {
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.ToString().find(words), std::string::npos) << status << "\nlacks: " << words;
}

TEST_F(FifoTest, AnAddressThatCannotWorkIsRefusedWithTheWayToWriteIt) {
  ExpectSays(ServeFails("fifo:hello"), "whole path");
  ExpectSays(ServeFails("fifo:/tmp/"), "without a name");
  ExpectSays(ServeFails("fifo:/tmp/" + std::string(256, 'x')), "255 bytes");
  ExpectSays(ServeFails("fifo:/tmp/x?type=stream"), "type");
  ExpectSays(Channel::Open(*node_, "fifo:").status(), "a client needs to know where");
}

TEST_F(FifoTest, ADirectoryInWhichOthersMayWriteIsRefusedWithTheRemedy) {
  for (const mode_t mode : {0770, 0775, 0777, 0702}) {
    ASSERT_EQ(chmod(directory_.c_str(), mode), 0);
    ExpectSays(ServeFails("fifo:" + path_), "chmod go-w " + directory_);
    ExpectSays(ConnectFails(1), "other users may write in the directory");
  }
  ASSERT_EQ(chmod(directory_.c_str(), 0700), 0);
  ExpectSays(ServeFails("fifo:" + directory_ + "/nowhere/hello"), "mkdir -m 700");
  ASSERT_EQ(symlink(directory_.c_str(), (directory_ + "/link").c_str()), 0);
  ExpectSays(ServeFails("fifo:" + directory_ + "/link/hello"), "not a directory, or a symlink");
}

// As mkdir makes them; and /tmp, where nobody swaps what is another's.
TEST_F(FifoTest, ADirectoryThatOthersMayOnlyEnterWillDoAndSoWillOneWithTheStickyBit) {
  for (const mode_t mode : {0711, 0750, 0755, 01777}) {
    ASSERT_EQ(chmod(directory_.c_str(), mode), 0);
    const std::unique_ptr<Port> port = Serve(*node_);
    const std::unique_ptr<Channel> channel = Channel::Open(*node_, "fifo:" + path_).value();
    ASSERT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
    EXPECT_EQ(channel->Call(kEcho, Bytes("x")).Wait().value().text(), "x");
    struct stat is {};
    ASSERT_EQ(stat(path_.c_str(), &is), 0);
    EXPECT_EQ(is.st_mode & 0777, 0600u) << "the FIFO itself is nobody else's";
  }
}

// In /tmp anybody may have been there first.
TEST_F(FifoTest, WhatAnotherUserHasPutIntoAnOpenDirectoryIsNeitherUsedNorRemoved) {
  ASSERT_EQ(chmod(directory_.c_str(), 01777), 0);
  ASSERT_EQ(mkfifo(path_.c_str(), 0666), 0);
  if (geteuid() != 0 || lchown(path_.c_str(), 12345, 12345) != 0)
    GTEST_SKIP() << "only root can give files away";
  ExpectSays(ServeFails("fifo:" + path_), "a FIFO of uid 12345");
  ExpectSays(ConnectFails(1), "a FIFO of uid 12345");
  EXPECT_EQ(Names(), std::vector<std::string>{"hello"});
}

TEST_F(FifoTest, ADirectoryOrAFifoOfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  if (chown(path_.c_str(), 12345, 12345) != 0) GTEST_SKIP() << "no CAP_CHOWN in this sandbox";
  ExpectSays(ServeFails("fifo:" + path_), "a FIFO of uid 12345");
  ExpectSays(ConnectFails(1), "a FIFO of uid 12345");
  ASSERT_EQ(chown(directory_.c_str(), 12345, 12345), 0);
  ExpectSays(ServeFails("fifo:" + path_), "belongs to uid 12345");
  ASSERT_EQ(chown(directory_.c_str(), 0, 0), 0);
}

// As after su or in a cron job.
TEST_F(FifoTest, ARuntimeDirectoryThatIsNotThereIsSaidWithTheVariableThatNamesIt) {
  const std::string before = getenv("XDG_RUNTIME_DIR");
  setenv("XDG_RUNTIME_DIR", (before + "/nothing").c_str(), 1);
  const std::string said = Port::Open(*node_, {"fifo:"}).status().ToString();
  setenv("XDG_RUNTIME_DIR", before.c_str(), 1);
  EXPECT_NE(said.find("which XDG_RUNTIME_DIR names, is not there"), std::string::npos) << said;
}

// The directory goes with the last name in it, and who is started again finds it gone.
TEST_F(FifoTest, APlaceInTheRuntimeDirectoryCanBeServedAgain) {
  std::unique_ptr<Port> port = Port::Open(*node_, {"fifo:"}).value();
  ASSERT_TRUE(port->WaitServing().ok()) << port->failure();
  const std::string address = port->addresses()[0].ToString();
  port = nullptr;
  ASSERT_NE(access((runtime_ + "/jackfield").c_str(), F_OK), 0);
  port = Port::Open(*node_, {address}).value();
  EXPECT_TRUE(port->WaitServing().ok()) << port->failure();
  EXPECT_EQ(port->addresses()[0].ToString(), address);
}

TEST_F(FifoTest, WhatIsNotAFifoIsLeftAlone) {
  const auto expect_left = [&](std::string_view is) {
    struct stat before {
    }, after{};
    ASSERT_EQ(lstat(path_.c_str(), &before), 0);
    ExpectSays(ServeFails("fifo:" + path_), is);
    ExpectSays(ConnectFails(1), is);
    ASSERT_EQ(lstat(path_.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
    EXPECT_EQ(before.st_size, after.st_size);
    ASSERT_EQ(remove(path_.c_str()), 0);
  };
  const int file = open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_EQ(write(file, "mine", 4), 4);
  close(file);
  expect_left("a file");
  // A symlink, even to a FIFO that would do.
  ASSERT_EQ(mkfifo((directory_ + "/other").c_str(), 0600), 0);
  ASSERT_EQ(symlink("other", path_.c_str()), 0);
  expect_left("a symlink");
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  expect_left("a directory");
  ASSERT_EQ(link((directory_ + "/other").c_str(), path_.c_str()), 0);
  expect_left("a FIFO with 2 names");
  const int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path_.c_str(), sizeof name.sun_path - 1);
  ASSERT_EQ(bind(socket_fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  expect_left("a socket");
  close(socket_fd);
}

TEST_F(FifoTest, ASecondServerIsRefusedAndToldWhoServes) {
  const std::unique_ptr<Port> port = Serve(*node_);
  ExpectSays(ServeFails("fifo:" + path_), Text("process ", getpid()));
}

TEST_F(FifoTest, TheFifoOfADeadServerIsReclaimed) {
  const pid_t child = fork();
  if (child == 0) {
    const std::unique_ptr<Node> node = MakeNode();
    const std::unique_ptr<Port> port = Serve(*node);
    kill(getpid(), SIGKILL);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(Names(), std::vector<std::string>{"hello"}) << "a crash leaves the one name";
  ExpectServes();
  EXPECT_TRUE(Names().empty());
}

TEST_F(FifoTest, PrivateFifosOfADeadClientAreRemovedByTheNextServer) {
  const std::string name = directory_ + "/.jackfield-fifo-00-up";
  ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
  ExpectServes();
  EXPECT_TRUE(Names().empty());
}

TEST_F(FifoTest, OnceBothEndsAreOpenOnlyTheWellKnownNameIsLeft) {
  const std::unique_ptr<Port> port = Serve(*node_);
  std::vector<std::unique_ptr<Channel>> channels;
  for (int i = 0; i < 100; ++i) channels.push_back(Channel::Open(*node_, "fifo:" + path_).value());
  for (const auto& channel : channels) {
    ASSERT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
    EXPECT_TRUE(channel->Call(kEcho, Bytes("x")).Wait().ok());
  }
  EXPECT_EQ(Names(), std::vector<std::string>{"hello"});
}

TEST_F(FifoTest, RubbishInTheWellKnownFifoDisturbsNobody) {
  const std::unique_ptr<Port> port = Serve(*node_);
  const int fd = open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  std::string rubbish(5000, 'J');
  rubbish.append(FifoHello::kMagic, sizeof FifoHello::kMagic);  // the beginning of a Hello, no more
  for (size_t bytes = 1; bytes < 64; ++bytes)
    ASSERT_EQ(write(fd, rubbish.data() + rubbish.size() - bytes, bytes),
              static_cast<ssize_t>(bytes));
  ASSERT_EQ(write(fd, rubbish.data(), rubbish.size()), static_cast<ssize_t>(rubbish.size()));
  // A Hello whose FIFOs are not there, or are something else.
  FifoHello hello{};
  std::memcpy(hello.magic, FifoHello::kMagic, sizeof hello.magic);
  hello.check = CheckOf(hello);
  ASSERT_EQ(write(fd, &hello, sizeof hello), static_cast<ssize_t>(sizeof hello));
  const std::unique_ptr<Channel> channel = Channel::Open(*node_, "fifo:" + path_).value();
  ASSERT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
  EXPECT_EQ(channel->Call(kEcho, Bytes("well")).Wait().value().text(), "well");
  close(fd);
}

TEST_F(FifoTest, WhoReadsTheFifoAndDoesNotAnswerIsNotTakenForAService) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  ExpectSays(ConnectFails(1), "nobody reads that FIFO");
  const int thief = open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(thief, 0);
  ExpectSays(ConnectFails(2'500'000), "no answer within");
  close(thief);
  EXPECT_EQ(Names(), std::vector<std::string>{"hello"}) << "the private names are gone";
}

TEST_F(FifoTest, AnAnswerWithAnErrorThatNobodyKnowsIsSaidAllTheSame) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int server = open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(server, 0);
  ChannelOptions options;
  options.connect_timeout = 1us;
  const auto channel = Channel::Open(*node_, "fifo:" + path_, options).value();
  FifoHello hello;
  ASSERT_TRUE(node_->RunUntil([&] { return read(server, &hello, sizeof hello) == sizeof hello; },
                              SystemClock().NowNs() + 20'000'000'000));
  FifoAnswer answer{};
  std::memcpy(answer.magic, FifoHello::kMagic, sizeof answer.magic);
  std::memcpy(answer.nonce, hello.nonce, sizeof answer.nonce);
  answer.error = 4000;
  const std::string down = directory_ + "/" + PrivateNamesOf(hello.nonce).down;
  const int to_client = open(down.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_EQ(write(to_client, &answer, sizeof answer), static_cast<ssize_t>(sizeof answer));
  ExpectSays(channel->WaitOpen(), "Unknown error 4000");
  close(to_client);
  close(server);
}

// What `jackfield ls --resources` and `clean` know of this scheme.
TEST_F(FifoTest, TheListNamesItsOwnerAndOnlyADeadOnesIsRemoved) {
  const std::unique_ptr<Resources> resources = MakeFifoResources();
  const auto find = [&](const std::string& place) -> std::optional<Resource> {
    for (const Resource& resource : resources->List()) {
      if (resource.place == place) return resource;
    }
    return std::nullopt;
  };
  {
    const std::unique_ptr<Port> port = Serve(*node_);
    const std::optional<Resource> living = find(path_);
    ASSERT_TRUE(living.has_value());
    EXPECT_EQ(living->owner, Resource::Owner::kLives);
    EXPECT_EQ(living->pid, getpid());
    EXPECT_GE(living->age_seconds, 0);
    EXPECT_EQ(resources->Remove(*living).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(Names(), std::vector<std::string>{"hello"});
  }
  EXPECT_FALSE(find(path_).has_value()) << "an orderly end leaves no record";

  const auto die_serving = [&] {
    const pid_t child = fork();
    if (child == 0) {
      const std::unique_ptr<Node> node = MakeNode();
      const std::unique_ptr<Port> port = Serve(*node);
      kill(getpid(), SIGKILL);
    }
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    return child;
  };
  const pid_t killed = die_serving();
  ASSERT_EQ(mkfifo((directory_ + "/.jackfield-fifo-00-up").c_str(), 0600), 0);
  const std::optional<Resource> dead = find(path_);
  ASSERT_TRUE(dead.has_value());
  EXPECT_EQ(dead->owner, Resource::Owner::kDead);
  EXPECT_EQ(dead->pid, killed);
  for (const Resource& resource : resources->List()) {
    if (resource.place.substr(0, directory_.size()) == directory_) {
      EXPECT_EQ(resource.owner, Resource::Owner::kDead) << resource.place;
      EXPECT_TRUE(resources->Remove(resource).ok()) << resource.place;
    }
  }
  EXPECT_TRUE(Names().empty());

  // The user removes the FIFO and makes one of his own there: it is nobody's business.
  die_serving();
  ASSERT_EQ(mkfifo((directory_ + "/mine").c_str(), 0600), 0);
  ASSERT_EQ(rename((directory_ + "/mine").c_str(), path_.c_str()), 0);
  EXPECT_FALSE(find(path_).has_value());
  for (const Resource& resource : resources->List()) {
    if (resource.what == "record of a FIFO that is gone") {
      EXPECT_TRUE(resources->Remove(resource).ok());
    }
  }
  EXPECT_EQ(Names(), std::vector<std::string>{"hello"});
}

// FAULTS C1. The server has every descriptor but one; the client is another process.
TEST_F(FifoTest, AServerWithoutDescriptorsSaysSoAndLives) {
  const std::unique_ptr<Port> port = Serve(*node_);
  int go[2], said[2];
  ASSERT_EQ(pipe2(go, O_CLOEXEC) + pipe2(said, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    char start;
    if (read(go[0], &start, 1) != 1) _exit(1);
    const std::unique_ptr<Node> node = MakeNode();
    ChannelOptions options;
    options.connect_timeout = 300ms;
    const auto channel = Channel::Open(*node, "fifo:" + path_, options).value();
    const std::string why = channel->WaitOpen().ToString();
    _exit(write(said[1], why.data(), why.size()) < 0 ? 1 : 0);
  }
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(next);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  ASSERT_EQ(write(go[1], "g", 1), 1);
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) node_->Turn(node_->clock().NowNs() + 5'000'000);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(status, 0);
  char words[1024] = "";
  EXPECT_GT(read(said[0], words, sizeof words - 1), 0);
  EXPECT_NE(std::string_view(words).find("no descriptors left"), std::string_view::npos) << words;
  const std::unique_ptr<Channel> channel = Channel::Open(*node_, "fifo:" + path_).value();
  EXPECT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
  for (const int fd : {go[0], go[1], said[0], said[1]}) close(fd);
}

}  // namespace
}  // namespace jackfield
