// What the living hold is left alone by whoever cleans up, from wherever that looks: from another
// pid, IPC and mount namespace that shares the runtime directory alone, from one without /proc, and
// from another time namespace. Then they are killed, and all is removed.
#include "transports/resources.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/builtin.h"
#include "transports/engine/namespaces.h"

namespace jackfield {
namespace {

class ResourcesTest : public testing::Test {
 protected:
  void SetUp() override {
    char runtime[] = "/tmp/jf-run-XXXXXX", places[] = "/tmp/jf-places-XXXXXX";
    ASSERT_NE(mkdtemp(runtime), nullptr);
    ASSERT_NE(mkdtemp(places), nullptr);
    runtime_ = runtime;
    places_ = places;
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    for (const auto& resources : BuiltinResources()) {
      for (const Resource& resource : resources->List()) others_.insert(Name(resource));
    }
    holder_ = Hold();
    ASSERT_GT(holder_, 0);
  }
  void TearDown() override {
    if (holder_ > 0) KillAndClean();
    std::filesystem::remove_all(places_);
    std::filesystem::remove_all(runtime_);
  }

  // A process that has something of each kind, at a place of its own and at one that was chosen.
  pid_t Hold() {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    const pid_t pid = fork();
    if (pid != 0) {
      close(ready[1]);
      char c;
      const bool holds = read(ready[0], &c, 1) == 1;
      close(ready[0]);
      if (!holds) waitpid(pid, nullptr, 0);
      return holds ? pid : 0;
    }
    close(ready[0]);
    Registry registry;
    AddBuiltinTransports(registry);
    const std::unique_ptr<Node> node = Node::Create({.registry = &registry}).value();
    std::vector<std::unique_ptr<Port>> ports;
    std::vector<std::unique_ptr<Channel>> channels;
    for (const std::string& address :
         {Text("unix:", places_, "/socket"), Text("unix:", places_, "/dgram?type=dgram"),
          Text("shm:?path=", places_, "/shm"), Text("fifo:", places_, "/fifo"),
          std::string("fifo:"), Text("mq:/test.", getpid(), "?depth=2&frame=1KiB"),
          std::string("sysv:"), std::string("mmap:"), std::string("file:")}) {
      PortOptions options;
      if (address == "mmap:" || address == "file:") options.needs = ReceiveNeeds();
      auto port = Port::Open(*node, {address}, options);
      if (!port.ok() || !(*port)->WaitServing().ok()) _exit(1);
      ports.push_back(*std::move(port));
    }
    for (const std::string_view scheme : {"mmap", "file"}) {
      ChannelOptions options;
      options.needs = SendNeeds();
      auto channel = Channel::Open(*node, Text(scheme, ":", places_, "/", scheme), options);
      if (!channel.ok() || !(*channel)->WaitOpen().ok()) _exit(1);
      channels.push_back(*std::move(channel));
    }
    if (write(ready[1], "x", 1) != 1) _exit(1);
    node->Run().IgnoreError();
    _exit(0);
  }
  static std::string Name(const Resource& resource) {
    return Text(resource.what, " ", resource.place);
  }
  // In another pid namespace somebody may have had the same number, and left something here that
  // nobody can say is dead.
  bool IsHolders(const Resource& resource) const {
    return resource.pid == holder_ && !others_.contains(Name(resource));
  }

  // Until nothing is left but data: the dead one's io_uring may hold its locks a little longer.
  void KillAndClean() {
    kill(holder_, SIGKILL);
    waitpid(holder_, nullptr, 0);
    const auto left = [&] {
      int count = 0;
      for (const auto& resources : BuiltinResources()) {
        for (const Resource& resource : resources->List())
          count += IsHolders(resource) && !resource.keeps ? 1 : 0;
      }
      return count;
    };
    while (left() > 0) Clean();
    holder_ = 0;
  }

  // Of what the holder has. Others of this user may have something, too.
  std::vector<std::string> Held() const {
    std::vector<std::string> held;
    for (const auto& resources : BuiltinResources()) {
      for (const Resource& resource : resources->List()) {
        if (IsHolders(resource)) held.push_back(Name(resource));
      }
    }
    std::sort(held.begin(), held.end());
    return held;
  }

  // As `jackfield clean` does. Returns how many it has removed of what the holder has.
  int Clean() const {
    int removed = 0;
    for (const auto& resources : BuiltinResources()) {
      for (const Resource& resource : resources->List()) {
        if (!IsHolders(resource) || resource.keeps) continue;
        // Whatever the list says of it: a racing owner, too, must be found out.
        if (resources->Remove(resource).ok()) ++removed;
      }
    }
    return removed;
  }

  // There the chosen places are not.
  int CleanElsewhere(int flags, Proc proc) const {
    return RunElsewhere(flags, proc, [&]() -> int {
      if (mount("none", places_.c_str(), "tmpfs", 0, "mode=0700") != 0) return kNoNamespaces;
      for (const auto& resources : BuiltinResources()) {
        for (const Resource& resource : resources->List()) {
          if (IsHolders(resource) && resource.owner == Resource::Owner::kDead) return 50;
        }
      }
      return Clean();
    });
  }

  std::string runtime_, places_;
  std::set<std::string> others_;  // that were here before
  pid_t holder_ = 0;
};

TEST_F(ResourcesTest, WhoeverCleansUpFromAnotherNamespaceRemovesNothingOfTheLiving) {
  const std::vector<std::string> held = Held();
  EXPECT_GE(held.size(), 11u) << "each is listed";
  struct Case {
    const char* where;
    int flags;
    Proc proc;
  };
  for (const Case& from :
       {Case{"pid and IPC", CLONE_NEWPID | CLONE_NEWIPC, Proc::kOwn},
        Case{"pid and IPC, with the host's /proc", CLONE_NEWPID | CLONE_NEWIPC, Proc::kOutside},
        Case{"pid", CLONE_NEWPID, Proc::kOwn}, Case{"IPC", CLONE_NEWIPC, Proc::kOutside},
        Case{"time", CLONE_NEWTIME, Proc::kOwn}, Case{"no /proc", 0, Proc::kNone}}) {
    const int removed = CleanElsewhere(from.flags, from.proc);
    if (removed == kNoNamespaces) GTEST_SKIP() << kNoNamespacesWords;
    EXPECT_EQ(removed, 0) << from.where;
    EXPECT_EQ(Held(), held) << from.where;
  }
}

TEST_F(ResourcesTest, WhatTheDeadHaveLeftIsRemovedAndWhatHoldsDataIsKept) {
  EXPECT_EQ(Clean(), 0) << "it lives";
  KillAndClean();
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(places_))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"file", "mmap"}));
}

}  // namespace
}  // namespace jackfield
