// A program of the simulated world: a node with a port that serves every style of call, channels to
// the other programs, and clients that use them. What it does and when, its seed decides.
#ifndef JACKFIELD_TESTS_SIM_PROGRAM_H_
#define JACKFIELD_TESTS_SIM_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/node.h"
#include "tests/sim/journal.h"
#include "transports/sim/sim_world.h"

namespace jackfield::sim_test {

// What all programs of a run have in common.
struct Scene {
  SimWorld& world;
  Journal& journal;
  const Registry& registry;
  std::string address_params;  // "?delay=…&depth=…"
  PortOptions port;
  ChannelOptions channel;
  bool short_deadlines = false;
  bool may_close = false;  // clients close channels under each other
  bool closed_any = false;
  int programs = 0;
  int clients_running = 0;
  uint64_t next_key = 1;
  uint64_t channels_made = 0;
};

class Program {
 public:
  Program(Scene& scene, int place, uint64_t seed);
  ~Program();  // closes nothing: the caller has the medium lose it first, or lets go in peace
  Program(const Program&) = delete;

  void StartClient(int operations);
  // Faults from within.
  void CloseChannel();
  void CloseThis(Channel& channel);
  void ReopenPort();

  // After each turn: what it has breaks no rule of its own.
  void CheckInvariants();
  // At rest, everything done: checks what must then be so.
  void CheckAtRest();
  // Lets go of ports and channels, then checks that nothing is left.
  void TearDown();
  void CheckGone();

  Node& node() const { return node_; }
  Scene& scene() { return scene_; }
  Random& random() { return random_; }
  bool gone() const { return gone_; }
  bool may_close() const { return scene_.may_close; }
  uint64_t ports_opened() const { return ports_opened_; }
  Channel* ChannelTo(int place);  // opened when there is none that lives; nullptr if it cannot be
  int AnyPlace() { return static_cast<int>(random_.Below(static_cast<uint64_t>(scene_.programs))); }
  int64_t TimeoutUs();
  // The moment from which a call that is made now counts its time: in a turn, the turn's beginning.
  int64_t NowNs() const { return node_.in_turn() ? node_.now_ns() : scene_.world.now_ns(); }
  // Destroys the channels that have ended: they keep what they could not send until then.
  void DropEnded();

 private:
  void OpenPort();

  Scene& scene_;
  const int place_;
  Random random_;
  Node& node_;
  std::unique_ptr<Port> port_;
  std::vector<std::unique_ptr<Channel>> channels_;  // by place of the server
  std::vector<std::unique_ptr<Channel>> ended_channels_;
  uint64_t ports_opened_ = 0;
  bool gone_ = false;
};

}  // namespace jackfield::sim_test

#endif  // JACKFIELD_TESTS_SIM_PROGRAM_H_
