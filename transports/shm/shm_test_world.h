// What the tests of shm: share: a server on this thread's node, a plain client that follows the
// rendezvous by hand, and children.
//
// Thread: the test's.
#ifndef JACKFIELD_TRANSPORTS_SHM_SHM_TEST_WORLD_H_
#define JACKFIELD_TRANSPORTS_SHM_SHM_TEST_WORLD_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/shm/segment.h"
#include "transports/shm/shm_records.h"

namespace jackfield {

inline constexpr uint32_t kEcho = 1;
inline constexpr uint32_t kNote = 2;
inline constexpr int64_t kWatchdogNs = 30'000'000'000;

// Of shm: only.
const Registry& ShmRegistry();
std::unique_ptr<Node> ShmNode(FaultSeam* seam = nullptr);

// A node that serves: kEcho answers with the payload, kNote is remembered.
class ShmWorld {
 public:
  explicit ShmWorld(std::string_view address = "shm:", FaultSeam* seam = nullptr);
  Node& node() { return *node_; }
  Port& port() { return *port_; }
  std::string address() const;
  const std::vector<std::string>& notes() const { return notes_; }
  absl::StatusOr<std::unique_ptr<Channel>> Connect(std::string_view query = "");
  // Turns until `done`. False: the watchdog.
  [[nodiscard]] bool Drive(const std::function<bool()>& done);

 private:
  const std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::vector<std::string> notes_;
};

// The echo of `text`, or why not.
std::string Echoed(Channel& channel, std::string_view text);

// A client that does the rendezvous itself, so that it may do it wrong.
class PlainClient {
 public:
  explicit PlainClient(std::string_view address);
  ~PlainClient();
  // A segment and bells as they should be, and a hello that says so.
  void Prepare(uint64_t lane_bytes = 64 << 10);
  void Send();
  // The server's word; UNAVAILABLE if it closes without one.
  absl::Status Answer(ShmWorld& world);

  ShmHello hello;
  Segment segment;
  std::vector<int> fds;  // owned
  int socket_fd = -1;
};

// A child process that runs `body` and exits; killed and reaped when it goes.
class Child {
 public:
  explicit Child(const std::function<void()>& body);
  ~Child();
  pid_t pid() const { return pid_; }
  void Kill();        // SIGKILL, and waits
  void Wait();        // until it has ended
  void Stop() const;  // SIGSTOP, and waits until it has stopped
  void Continue() const;

 private:
  pid_t pid_;
};

// What could be left behind: how many descriptors this process has, the names in /dev/shm, and the
// sockets of shm: in this network namespace whose names begin with `name`.
std::string Leftovers(std::string_view name);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SHM_TEST_WORLD_H_
