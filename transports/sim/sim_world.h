// A world of nodes on one virtual clock: the test steps it, time passes only between steps, and a
// seed decides everything.
//
//   SimWorld world(7);
//   Registry registry;
//   registry.Add(world.MakeTransport());
//   Node& server = world.AddNode("server", registry);
//   …Port::Open(server, {"sim:kv"}), Channel::Open(client, "sim:kv"), client.Spawn(Work(…))…
//   world.RunUntil([&] { return done; });
//   world.medium().trace_hash()     the same for the same seed
//
// One step: the clock goes to the next moment at which something will happen, a node's timer or
// what was planned with At(); then every node that is not paused turns until nothing happens
// anywhere.
//
// Blocking calls (Wait, Close with a time) do not work inside a world: the clock would never reach
// their end.
//
// Thread: one. Owns: the clock, the medium, the nodes. Channels and ports on a node go before it
// does.
#ifndef JACKFIELD_TRANSPORTS_SIM_SIM_WORLD_H_
#define JACKFIELD_TRANSPORTS_SIM_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/clock.h"
#include "kernel/node.h"
#include "transports/sim/sim.h"
#include "transports/sim/sim_medium.h"

namespace jackfield {

// A clock on which looking takes time: each look moves it by tick_ns, as the real one moves while
// code runs.
class SimClock final : public Clock {
 public:
  explicit SimClock(int64_t tick_ns) : tick_ns_(tick_ns) {}
  int64_t NowNs() override { return now_ns_ += tick_ns_; }
  int64_t last_ns() const { return now_ns_; }
  void AdvanceToNs(int64_t now_ns) {
    if (now_ns > now_ns_) now_ns_ = now_ns;
  }

 private:
  const int64_t tick_ns_;
  int64_t now_ns_ = 1'000'000'000;
};

class SimWorld {
 public:
  // A world that is still busy after so many rounds of turns at one moment goes in circles.
  static constexpr int kRoundsMax = 10'000;

  // tick_ns: how far the clock moves each time somebody looks at it; 0: only between steps.
  explicit SimWorld(uint64_t seed, int64_t tick_ns = 0);
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;

  std::unique_ptr<Transport> MakeTransport() { return MakeSimTransport(medium_); }
  // With an epoch from the seed. The reference lives until RemoveNode or the world's end. Errors
  // die: a test's.
  Node& AddNode(const std::string& name, const Registry& registry,
                uint64_t memory_bytes_max = 256 << 20);
  // Requires: its channels and ports are gone.
  void RemoveNode(Node& node);
  // Until then its thread does not run; frames and timers wait for it.
  void Pause(const Node& node, int64_t until_ns);

  // Plans `f` for that moment, between the turns of nodes; of equal moments in the order planned.
  void At(int64_t at_ns, std::function<void()> f) { plans_.emplace(at_ns, std::move(f)); }

  // `f` is called after each turn in which something happened.
  void AfterTurn(std::function<void(const Node& node)> f) { after_turn_ = std::move(f); }

  // False: nothing will ever happen again, or it goes in circles (stuck()).
  bool Step();
  // Steps until done() or the moment `until_ns`. Returns done().
  template <class Done>
  bool RunUntil(Done done, int64_t until_ns = Timers::kNever) {
    if (!Settle()) return done();
    while (!done()) {
      if (now_ns() >= until_ns || !Step()) return done();
    }
    return true;
  }
  // Turns until nothing happens; no time passes. False: it goes in circles.
  bool Settle();
  // Lets every node rest as before a sleep, so that links give back memory they do not need.
  void Rest();

  int64_t now_ns() const { return clock_.last_ns(); }
  bool stuck() const { return stuck_; }
  SimMedium& medium() { return medium_; }
  Random& random() { return random_; }

 private:
  struct Inhabitant {
    std::unique_ptr<Node> node;
    int64_t paused_until_ns = 0;
  };
  Random random_;
  SimClock clock_;
  SimMedium medium_;
  std::vector<Inhabitant> nodes_;
  std::multimap<int64_t, std::function<void()>> plans_;
  std::function<void(const Node&)> after_turn_;
  bool stuck_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIM_SIM_WORLD_H_
