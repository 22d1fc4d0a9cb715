// A peer that does with a bell what it can: an eventfd is one open file for both ends, its count
// and its O_NONBLOCK too.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/loop/fault_seam.h"
#include "transports/shm/shm_settings.h"
#include "transports/shm/shm_test_world.h"

namespace jackfield {
namespace {

// Empties a bell between the moment when the system says that it can be read and the read: the one
// in which a hostile peer must hit.
class EmptiesABell final : public FaultSeam {
 public:
  Fault Decide(Site site, int) override {
    pollfd rung{bell_fd, POLLIN, 0};
    if (site == Site::kRead && bell_fd >= 0 && poll(&rung, 1, 0) == 1) {
      eventfd_t count = 0;
      emptied += eventfd_read(bell_fd, &count) == 0 ? 1 : 0;
    }
    return {};
  }
  int bell_fd = -1;
  int emptied = 0;
};

TEST(ShmBellTest, ABellThatItsRingerMakesBlockingAndEmptiesDoesNotStopTheServer) {
  alarm(120);  // a watchdog: who fails here is asleep in a system call
  EmptiesABell seam;
  ShmWorld world("shm:", &seam);
  const auto bystander = world.Connect();
  ASSERT_TRUE(bystander.ok()) << bystander.status();
  PlainClient client(world.address());
  client.Prepare();
  client.Send();
  ASSERT_TRUE(client.Answer(world).ok());
  const int server_bell_fd = client.fds[2];
  ASSERT_EQ(fcntl(server_bell_fd, F_SETFL, 0), 0);
  seam.bell_fd = server_bell_fd;
  for (int i = 0; i < 100; ++i) {
    const int before = seam.emptied;
    ASSERT_EQ(eventfd_write(server_bell_fd, 1), 0);
    // The server looks at the bell when it is about to sleep.
    ASSERT_TRUE(world.Drive([&] { return seam.emptied > before; }));
    ASSERT_EQ(Echoed(**bystander, "well"), "well");
  }
  alarm(0);
}

TEST(ShmBellTest, AServerThatSaysSocketIsRungByNothingElse) {
  ShmWorld world("shm:?bell=socket");
  PlainClient client(world.address());
  client.Prepare();
  client.Send();
  const absl::Status refused = client.Answer(world);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
  EXPECT_NE(std::string(refused.message()).find("?bell=socket"), std::string::npos) << refused;

  PlainClient other(world.address());
  other.Prepare();
  while (other.fds.size() > 1) {
    close(other.fds.back());
    other.fds.pop_back();
  }
  other.hello.bell = static_cast<uint32_t>(BellKind::kSocket);
  other.hello.fd_count = 1;
  other.Send();
  EXPECT_TRUE(other.Answer(world).ok());
  // Who has the address that the server tells knows it already.
  const auto channel = world.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_EQ(Echoed(**channel, "well"), "well");
}

// The socket is the bell and tells of the hang-up: an end that is awake leaves it alone for a
// while, and notices all the same.
TEST(ShmBellTest, AnEndThatNeverSleepsNoticesThatTheOtherHangsUp) {
  ShmWorld world("shm:?bell=socket&spin=always");
  {
    PlainClient client(world.address());
    client.Prepare();
    while (client.fds.size() > 1) {
      close(client.fds.back());
      client.fds.pop_back();
    }
    client.hello.bell = static_cast<uint32_t>(BellKind::kSocket);
    client.hello.fd_count = 1;
    client.Send();
    ASSERT_TRUE(client.Answer(world).ok());
    ASSERT_EQ(write(client.socket_fd, "bbb", 3), 3);
    const LaneWriterWords<>& in = *client.segment.lane(1).writer_words;
    ASSERT_EQ(shutdown(client.socket_fd, SHUT_RDWR), 0);
    EXPECT_TRUE(world.Drive([&] { return in.closed.load() != 0; }));
  }
  const auto channel = world.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_EQ(Echoed(**channel, "well"), "well");
}

}  // namespace
}  // namespace jackfield
