// The socket files of living and dead servers, and those of other programs.
#include "transports/engine/socket_resources.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kernel/base/owned_fd.h"
#include "transports/engine/place_record.h"
#include "transports/engine/socket_path.h"

namespace jackfield {
namespace {

OwnedFd Listening(const std::string& path) {
  OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(fd.get(), 1), 0);
  return fd;
}

class SocketResourcesTest : public testing::Test {
 protected:
  SocketResourcesTest() {
    char directory[] = "/tmp/jf-test-XXXXXX";  // short: a socket's path has 107 bytes
    directory_ = mkdtemp(directory);
    setenv("XDG_RUNTIME_DIR", directory_.c_str(), 1);
    path_ = directory_ + "/socket";
  }
  ~SocketResourcesTest() override {
    EXPECT_EQ(rmdir(directory_.c_str()), 0) << "something is left in " << directory_;
  }
  // Those of this test alone: other programs of this user may have some, too.
  std::vector<Resource> List() const {
    std::vector<Resource> own = resources_->List();
    std::erase_if(own, [&](const Resource& resource) {
      return std::string_view(resource.place).substr(0, directory_.size()) != directory_;
    });
    return own;
  }
  std::optional<Resource> Find(const std::string& place) const {
    for (const Resource& resource : List()) {
      if (resource.place == place) return resource;
    }
    return std::nullopt;
  }
  pid_t DieServing() const {
    const pid_t child = fork();
    if (child == 0) {
      const auto claimed = SocketPath::Claim(path_, "serve");
      if (!claimed.ok()) _exit(1);
      const OwnedFd fd = Listening(path_);
      EXPECT_TRUE((*claimed)->SetBound("unix", {}).ok());
      kill(getpid(), SIGKILL);
    }
    waitpid(child, nullptr, 0);
    return child;
  }
  bool Exists(const std::string& path) const { return access(path.c_str(), F_OK) == 0; }

  std::string directory_, path_;
  const std::unique_ptr<Resources> resources_ = MakeSocketResources("unix");
};

TEST_F(SocketResourcesTest, ALivingServersSocketIsListedAndStays) {
  {
    const auto claimed = SocketPath::Claim(path_, "serve");
    ASSERT_TRUE(claimed.ok()) << claimed.status();
    const OwnedFd fd = Listening(path_);
    EXPECT_TRUE((*claimed)->SetBound("unix", {}).ok());
    const std::optional<Resource> living = Find(path_);
    ASSERT_TRUE(living.has_value());
    EXPECT_EQ(living->owner, Resource::Owner::kLives);
    EXPECT_EQ(living->pid, getpid());
    EXPECT_EQ(resources_->Remove(*living).code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(Exists(path_));
    for (const Resource& other : MakeSocketResources("shm")->List())
      EXPECT_NE(other.place, path_) << "each scheme has its own";
  }
  EXPECT_FALSE(Find(path_).has_value()) << "an orderly end leaves nothing";
}

TEST_F(SocketResourcesTest, ADeadServersSocketIsListedAndRemovedWithItsLock) {
  const pid_t killed = DieServing();
  const std::optional<Resource> dead = Find(path_);
  ASSERT_TRUE(dead.has_value());
  EXPECT_EQ(dead->owner, Resource::Owner::kDead);
  EXPECT_EQ(dead->pid, killed);
  EXPECT_TRUE(resources_->Remove(*dead).ok());
  EXPECT_FALSE(Exists(path_));
  EXPECT_FALSE(Exists(SocketPath::LockOf(path_)));
  EXPECT_FALSE(Find(path_).has_value());
}

TEST_F(SocketResourcesTest, WhatASuccessorServesIsNotRemovedForItsDeadPredecessor) {
  DieServing();
  const std::optional<Resource> dead = Find(path_);
  ASSERT_TRUE(dead.has_value());
  const auto claimed = SocketPath::Claim(path_, "serve");
  ASSERT_TRUE(claimed.ok()) << claimed.status();
  const OwnedFd fd = Listening(path_);
  EXPECT_TRUE((*claimed)->SetBound("unix", {}).ok());
  EXPECT_EQ(resources_->Remove(*dead).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Exists(path_));
  for (const Resource& resource : List()) {
    if (resource.place != path_ && resource.owner == Resource::Owner::kDead) {
      EXPECT_TRUE(resources_->Remove(resource).ok()) << "the note of what is gone";
    }
  }
}

// The dead one's file was removed by hand, and another program has put something there.
TEST_F(SocketResourcesTest, AForeignFileAtTheSamePlaceIsNeverTouched) {
  DieServing();
  unlink(path_.c_str());
  std::ofstream(path_) << "mine";
  EXPECT_FALSE(Find(path_).has_value());
  for (const Resource& resource : List())
    EXPECT_TRUE(resources_->Remove(resource).ok()) << "the note of what is gone";
  EXPECT_TRUE(Exists(path_));
  EXPECT_FALSE(Exists(SocketPath::LockOf(path_))) << "the lock was the dead one's";
  unlink(path_.c_str());
}

TEST_F(SocketResourcesTest, AForeignSocketSomebodyListensOnIsNotTakenOverAndADeadOneIs) {
  OwnedFd foreign = Listening(path_);
  const auto refused = SocketPath::Claim(path_, "serve");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAlreadyExists) << refused.status();
  EXPECT_TRUE(Exists(path_));
  EXPECT_FALSE(Exists(SocketPath::LockOf(path_)));
  foreign.Close();
  EXPECT_TRUE(SocketPath::Claim(path_, "serve").ok());
  EXPECT_FALSE(Exists(path_));
}

// Of one that has died, or has not begun yet: whoever looks holds the lock for a moment.
TEST_F(SocketResourcesTest, ListingAndCleaningNeverKeepAServerFromItsPath) {
  std::atomic<bool> over{false};
  std::thread looker([&] {
    const std::unique_ptr<Resources> resources = MakeSocketResources("unix");
    while (!over) {
      {
        const OwnedFd lock(open(SocketPath::LockOf(path_).c_str(), O_RDONLY | O_CLOEXEC));
        if (lock.ok()) flock(lock.get(), LOCK_EX | LOCK_NB);
      }
      for (const Resource& resource : resources->List())
        if (resource.owner == Resource::Owner::kDead && resource.place == path_)
          resources->Remove(resource).IgnoreError();
    }
  });
  for (int i = 0; i < 3000; ++i) {
    const auto claimed = SocketPath::Claim(path_, "unix:test");
    EXPECT_TRUE(claimed.ok()) << i << ": " << claimed.status();
    if (!claimed.ok()) break;
    const OwnedFd socket = Listening(path_);
    EXPECT_TRUE((*claimed)->SetBound("unix", {}).ok());
  }
  over = true;
  looker.join();
}

}  // namespace
}  // namespace jackfield
