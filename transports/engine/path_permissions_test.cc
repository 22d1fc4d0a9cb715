// ?mode= and ?gid=: what they say, and whom they let in. Users are made by setresuid in children,
// for which the test must be root.
#include "transports/engine/path_permissions.h"

#include <grp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/shm/shm.h"
#include "transports/unix/unix.h"

namespace jackfield {
namespace {

constexpr uid_t kServer = 54321, kMember = 54322, kStranger = 54323;
constexpr gid_t kGroup = 54399;

class PathPermissionsTest : public testing::Test {
 protected:
  PathPermissionsTest() {
    char name[] = "/tmp/jf-perm-XXXXXX";
    directory_ = mkdtemp(name);
    chmod(name, 0777);
    unsetenv("XDG_RUNTIME_DIR");
    registry_.Add(MakeUnixTransport());
    registry_.Add(MakeShmTransport());
  }
  ~PathPermissionsTest() override { std::filesystem::remove_all(directory_); }
  static PathPermissions Read(const std::string& address) {
    return ReadPathPermissions(Address::Parse(address).value(), Place::kPath).value();
  }
  static std::string Refusal(const std::string& address, Place place = Place::kPath) {
    return ReadPathPermissions(Address::Parse(address).value(), place).status().ToString();
  }
  static bool Become(uid_t uid, bool member) {
    const gid_t group = kGroup;
    return setgroups(member ? 1 : 0, &group) == 0 && setresgid(uid, uid, uid) == 0 &&
           setresuid(uid, uid, uid) == 0;
  }
  // Runs `f` as that user; returns what it says.
  template <class F>
  static std::string As(uid_t uid, bool member, F f) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      const std::string said = Become(uid, member) ? f() : "no such user can be had";
      _exit(write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
    }
    close(ends[1]);
    std::string said;
    char bytes[512];
    for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
      said.append(bytes, static_cast<size_t>(got));
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return said;
  }
  std::string Serve(const std::string& address) const {
    const std::unique_ptr<Node> node = Node::Create({.registry = &registry_}).value();
    const auto port = Port::Open(*node, {address});
    if (!port.ok()) return port.status().ToString();
    const absl::Status serving = (*port)->WaitServing();
    return serving.ok() ? "served" : (*port)->failure().ToString();
  }
  std::string Call(const std::string& address) const {
    const std::unique_ptr<Node> node = Node::Create({.registry = &registry_}).value();
    ChannelOptions options;
    options.timeout = 60s;
    const auto channel = Channel::Open(*node, address, std::move(options));
    if (!channel.ok()) return channel.status().ToString();
    const absl::StatusOr<Message> reply = (*channel)->Call(1, Bytes("x")).Wait();
    return reply.ok() ? "answered" : reply.status().ToString();
  }

  std::string directory_;
  Registry registry_;
};

bool Has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

TEST_F(PathPermissionsTest, AreReadFromTheAddress) {
  EXPECT_EQ(Read("unix:/x").mode, 0600u);
  EXPECT_EQ(Read("unix:/x?mode=0666").mode, 0666u);
  EXPECT_EQ(Read("unix:/x?gid=kv").mode, 0660u);
  EXPECT_EQ(Read("unix:/x?gid=kv&mode=0640").mode, 0640u);
  EXPECT_EQ(Read("unix:/x?gid=kv").group, "kv");
  EXPECT_TRUE(Has(Refusal("unix:/x?mode=rw"), "octal"));
  EXPECT_TRUE(Has(Refusal("unix:/x?mode=9"), "octal"));
  EXPECT_TRUE(Has(Refusal("unix:/x?mode=07777"), "octal"));
  EXPECT_TRUE(Has(Refusal("unix:/x?mode=-1"), "octal"));
  EXPECT_TRUE(Has(Refusal("unix:/x?gid="), "name or the number"));
  EXPECT_TRUE(Has(Refusal("unix:@x?gid=kv", Place::kElsewhere), "needs a path"));
  EXPECT_TRUE(Has(Refusal("unix:@x?mode=0600", Place::kElsewhere), "needs a path"));
}

TEST_F(PathPermissionsTest, AGroupThatIsNotThereIsRefused) {
  const std::string said = Serve(Text("unix:", directory_, "/s?gid=no-such-group"));
  EXPECT_TRUE(Has(said, "there is no group \"no-such-group\" (getent group")) << said;
  EXPECT_TRUE(std::filesystem::is_empty(directory_)) << "neither socket nor lock is left";
}

TEST_F(PathPermissionsTest, AGroupThatTheServerIsNotInIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const std::string said = As(kServer, /*member=*/false,
                              [&] { return Serve(Text("unix:", directory_, "/s?gid=", kGroup)); });
  if (Has(said, "no such user")) GTEST_SKIP() << said;
  EXPECT_TRUE(Has(said, "is not in the group")) << said;
  EXPECT_TRUE(Has(said, "usermod -aG")) << said;
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(PathPermissionsTest, MembersOfTheGroupComeInAndStrangersDoNot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  for (const std::string& address :
       {Text("unix:", directory_, "/s?mode=0660&gid=", kGroup),
        Text("unix:", directory_, "/s?type=seqpacket&gid=", kGroup),
        Text("shm:?path=", directory_, "/s&size=64KiB&gid=", kGroup)}) {
    int ready[2], stop[2];
    ASSERT_EQ(pipe(ready) + pipe(stop), 0);
    const pid_t server = fork();
    if (server == 0) {
      close(stop[1]);
      if (!Become(kServer, /*member=*/true)) _exit(77);
      std::unique_ptr<Node> node = Node::Create({.registry = &registry_}).value();
      auto port = Port::Open(*node, {address});
      if (!port.ok()) _exit(1);
      (*port)->Handle(1, [](ServerCall& call) { call.Reply(Bytes("y")).IgnoreError(); });
      if (!(*port)->WaitServing().ok() || write(ready[1], "x", 1) != 1) _exit(1);
      pollfd over{stop[0], POLLIN, 0};
      while (poll(&over, 1, 0) == 0)
        node->RunUntil([] { return false; }, node->clock().NowNs() + 5'000'000);
      port->reset();
      node.reset();
      _exit(0);
    }
    close(ready[1]);
    close(stop[0]);
    char c;
    const bool serves = read(ready[0], &c, 1) == 1;
    if (serves) {
      EXPECT_EQ(As(kMember, true, [&] { return Call(address); }), "answered") << address;
      EXPECT_TRUE(Has(As(kStranger, false, [&] { return Call(address); }), "Permission denied"))
          << address;
      const std::string same = address + "&uid=same";  // the client's word: it wants no other
      EXPECT_NE(As(kMember, true, [&] { return Call(same); }), "answered") << address;
    }
    close(ready[0]);
    close(stop[1]);
    int status = 0;
    ASSERT_EQ(waitpid(server, &status, 0), server);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "there is one user here";
    EXPECT_TRUE(serves) << address;
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace jackfield
