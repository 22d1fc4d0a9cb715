// Meeting: names, paths, permissions, limits; and clients that do it wrong, by a plain client that
// follows the rendezvous by hand.
#include "transports/shm/shm.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/shm/shm_settings.h"
#include "transports/shm/shm_test_world.h"

namespace jackfield {
namespace {

std::string SettingsError(std::string_view address, Role role = Role::kServe) {
  const auto read = ShmSettings::Read(Address::Parse(address).value(), role);
  return read.ok() ? "" : std::string(read.status().message());
}

TEST(ShmTest, WhatAnAddressMayNotSayIsRefusedInASentence) {
  EXPECT_EQ(SettingsError("shm:kv?size=1MiB&bell=socket&huge=2M"),
            "shm:kv?size=1MiB&bell=socket&huge=2M: huge=2M needs size=2MiB or more");
  const std::pair<const char*, const char*> kWrong[] = {
      {"shm:kv?size=3MiB", "power of two"},
      {"shm:kv?size=2GiB", "power of two"},
      {"shm:kv?size=1KiB", "power of two"},
      {"shm:kv?bell=futex", "neither epoll nor"},
      {"shm:kv?bell=semaphore", "wait for a semaphore"},
      {"shm:kv?bell=whistle", "bell is"},
      {"shm:kv?mode=0660", "needs a path"},
      {"shm:kv?path=/run/x", "not both"},
      {"shm:/run/x", "shm:?path=/run/x"},
      {"shm:?path=/run/x&mode=99", "octal"},
      {"shm:kv?uid=root", "uid is"},
      {"shm:kv?quta=1GiB", "did you mean"},
      {"shm:kv?huge=1G", "huge is 2M"},
      {"shm:kv?lock=2", "switch"},
  };
  for (const auto& [address, word] : kWrong) {
    EXPECT_NE(SettingsError(address).find(word), std::string::npos)
        << address << ": " << SettingsError(address);
  }
  EXPECT_NE(SettingsError(Text("shm:", std::string(200, 'n'))).find("longer"), std::string::npos);
  EXPECT_NE(SettingsError("shm:", Role::kConnect).find("shm:NAME"), std::string::npos);
  EXPECT_EQ(SettingsError("shm:"), "");
}

TEST(ShmTest, AMessageOfAMegabyteFitsIntoTheDefaultLane) {
  ShmWorld world;
  const auto channel = world.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
  const std::string large(1 << 20, 'm');
  EXPECT_TRUE(Echoed(**channel, large) == large);
}

TEST(ShmTest, AServerThatChoosesANameTellsItAndTwoDoNotShareOne) {
  ShmWorld one, other;
  EXPECT_NE(one.address(), other.address());
  const auto channel = one.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_EQ(Echoed(**channel, "hello"), "hello");
}

TEST(ShmTest, ANameThatIsServedIsRefusedToASecondServer) {
  ShmWorld world;
  const auto second = Port::Open(world.node(), {world.address()});
  const absl::Status status = second.ok() ? (*second)->WaitServing() : second.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
}

TEST(ShmTest, APathHasItsModeAndIsGoneAfterwards) {
  char folder[] = "/tmp/shm_test_XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string path = Text(folder, "/kv.sock");
  {
    ShmWorld world(Text("shm:?path=", path, "&mode=0660"));
    struct stat file {};
    ASSERT_EQ(stat(path.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0660u);
    const auto channel = world.Connect();
    ASSERT_TRUE(channel.ok()) << channel.status();
    EXPECT_EQ(Echoed(**channel, "by path"), "by path");
  }
  EXPECT_EQ(rmdir(folder), 0) << "something is left in it";
}

TEST(ShmTest, OptionsThatChangeTheMemoryChangeNothingElse) {
  for (const char* query : {"huge=2M", "bell=socket", "size=64KiB", "size=16MiB&huge=2M"}) {
    ShmWorld world(Text("shm:?", query));
    const auto channel = world.Connect();
    ASSERT_TRUE(channel.ok()) << query << ": " << channel.status();
    const std::string text(20'000, 'x');
    EXPECT_TRUE(Echoed(**channel, text) == text) << query;
  }
}

TEST(ShmTest, AClientThatIsGoneGivesItsQuotaBackAndOneMoreIsRefusedWithTheNumbers) {
  ShmWorld world("shm:?size=64KiB&quota=300KiB");  // two connections of 136 KiB
  auto one = world.Connect();
  const auto two = world.Connect();
  ASSERT_TRUE(one.ok() && two.ok()) << one.status() << two.status();
  const absl::Status refused = world.Connect().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  const std::string text(refused.message());
  for (const char* word : {"272 KiB", "136 KiB", "300 KiB", "?quota="})
    EXPECT_NE(text.find(word), std::string::npos) << text;
  one->reset();
  EXPECT_TRUE(world.Drive([&] { return world.port().clients() == 1; }));
  EXPECT_TRUE(world.Drive([&] { return world.Connect().ok(); }));
}

TEST(ShmTest, OneConnectionMoreThanAUidMayHaveIsRefusedWithTheOption) {
  ShmWorld world("shm:?size=64KiB&lanes=1");
  auto one = world.Connect();
  ASSERT_TRUE(one.ok()) << one.status();
  const absl::Status refused = world.Connect().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_NE(std::string(refused.message()).find("?lanes="), std::string::npos) << refused;
  one->reset();
  EXPECT_TRUE(world.Drive([&] { return world.Connect().ok(); }));
}

TEST(ShmTest, APlainClientIsWelcome) {
  ShmWorld world;
  PlainClient client(world.address());
  client.Prepare();
  client.Send();
  EXPECT_TRUE(client.Answer(world).ok());
}

TEST(ShmTest, EachWrongHelloIsAnsweredWithItsReasonAndTheServerLives) {
  ShmWorld world;
  const auto refusal = [&](auto change) {
    PlainClient client(world.address());
    client.Prepare();
    change(client);
    client.Send();
    return std::string(client.Answer(world).message());
  };
  const auto expect = [&](const char* word, auto change) {
    const std::string text = refusal(change);
    EXPECT_NE(text.find(word), std::string::npos) << text;
  };
  expect("version 2", [](PlainClient& client) { client.hello.version = 2; });
  expect("not of Jackfield", [](PlainClient& client) { client.hello.magic = 0x2020202020544547; });
  expect("descriptors", [](PlainClient& client) {
    close(client.fds.back());
    client.fds.pop_back();
  });
  expect("lanes of", [](PlainClient& client) { client.hello.lane_bytes = 1000; });
  expect("bytes", [](PlainClient& client) { client.hello.lane_bytes *= 2; });
  expect("no eventfd", [](PlainClient& client) { dup2(client.fds[0], client.fds[1]); });
  expect("no eventfd", [](PlainClient& client) { fcntl(client.fds[2], F_SETFL, 0); });
  expect("no memfd", [](PlainClient& client) { dup2(client.fds[1], client.fds[0]); });
  expect("not sealed", [](PlainClient& client) {
    const int bare = memfd_create("bare", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    EXPECT_EQ(ftruncate(bare, static_cast<off_t>(client.segment.shape().bytes())), 0);
    dup2(bare, client.fds[0]);
    close(bare);
  });
  const auto channel = world.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_EQ(Echoed(**channel, "well"), "well");
}

TEST(ShmTest, WhoeverSaysNothingOrHalfAWordIsLetGo) {
  ShmWorld world;
  PlainClient silent(world.address()), half(world.address());
  half.Prepare();
  ASSERT_EQ(send(half.socket_fd, &half.hello, 20, 0), 20);
  EXPECT_EQ(silent.Answer(world).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(half.Answer(world).code(), absl::StatusCode::kDeadlineExceeded);
  const auto channel = world.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
}

TEST(ShmTest, PositionsThatNoEndCanHaveCloseTheLinkAndNothingElse) {
  ShmWorld world;
  const auto channel = world.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
  for (const uint64_t tail :
       {uint64_t{4}, uint64_t{(64 << 10) + 8}, uint64_t{1} << 32, ~uint64_t{7}}) {
    PlainClient client(world.address());
    client.Prepare();
    client.Send();
    ASSERT_TRUE(client.Answer(world).ok());
    const RingLane out = client.segment.lane(0);
    out.writer_words->tail.store(tail);
    eventfd_write(client.fds[2], 1);
    const LaneWriterWords<>& in = *client.segment.lane(1).writer_words;
    EXPECT_TRUE(world.Drive([&] { return in.closed.load() != 0; })) << tail;
  }
  // And a length that leaves the lane.
  PlainClient client(world.address());
  client.Prepare();
  client.Send();
  ASSERT_TRUE(client.Answer(world).ok());
  const uint32_t start[2] = {0x0401014a, 0xfffffff8};
  std::memcpy(client.segment.lane(0).data, start, sizeof start);
  client.segment.lane(0).writer_words->tail.store(64);
  eventfd_write(client.fds[2], 1);
  EXPECT_TRUE(world.Drive([&] { return client.segment.lane(1).writer_words->closed.load() != 0; }));
  EXPECT_EQ(Echoed(**channel, "well"), "well");
}

}  // namespace
}  // namespace jackfield
