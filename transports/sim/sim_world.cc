#include "transports/sim/sim_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace jackfield {

SimWorld::SimWorld(uint64_t seed, int64_t tick_ns)
    : random_(seed), clock_(tick_ns), medium_(random_.Next()) {}

SimWorld::~SimWorld() {
  while (!nodes_.empty()) nodes_.pop_back();
}

Node& SimWorld::AddNode(const std::string& name, const Registry& registry,
                        uint64_t memory_bytes_max) {
  NodeOptions options;
  options.name = name;
  options.registry = &registry;
  options.wait = NodeOptions::Wait::kEpoll;  // never waits for anything, and is quick to make
  options.spin_ns = 0;
  options.memory_bytes_max = memory_bytes_max;
  options.clock = &clock_;
  options.epoch = random_.Next() | 1;
  absl::StatusOr<std::unique_ptr<Node>> node = Node::Create(std::move(options));
  if (!node.ok()) {
    std::fprintf(stderr, "a node for the simulation: %s\n",
                 std::string(node.status().message()).c_str());
    std::abort();
  }
  nodes_.push_back({*std::move(node), 0});
  return *nodes_.back().node;
}

void SimWorld::RemoveNode(Node& node) {
  std::erase_if(nodes_,
                [&](const Inhabitant& inhabitant) { return inhabitant.node.get() == &node; });
}

void SimWorld::Pause(const Node& node, int64_t until_ns) {
  for (Inhabitant& inhabitant : nodes_) {
    if (inhabitant.node.get() == &node)
      inhabitant.paused_until_ns = std::max(inhabitant.paused_until_ns, until_ns);
  }
}

bool SimWorld::Settle() {
  for (int round = 0; round < kRoundsMax; ++round) {
    bool progress = false;
    // Nobody is always first: who turns before whom is a matter of chance, too.
    const size_t first = nodes_.empty() ? 0 : random_.Below(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) {
      Inhabitant& inhabitant = nodes_[(first + i) % nodes_.size()];
      if (inhabitant.paused_until_ns > clock_.last_ns()) continue;
      if (!inhabitant.node->Turn(Node::kDoNotSleep)) continue;
      progress = true;
      if (after_turn_) after_turn_(*inhabitant.node);
    }
    if (!progress) return true;
  }
  stuck_ = true;
  return false;
}

bool SimWorld::Step() {
  int64_t next_ns = plans_.empty() ? Timers::kNever : plans_.begin()->first;
  for (const Inhabitant& inhabitant : nodes_) {
    const int64_t due_ns = inhabitant.node->timers().next_ns();
    // A paused node may have work that no timer tells of; it is looked at when its pause is over.
    const bool paused = inhabitant.paused_until_ns > clock_.last_ns();
    next_ns = std::min(next_ns, paused ? inhabitant.paused_until_ns : due_ns);
  }
  if (next_ns == Timers::kNever) return false;
  clock_.AdvanceToNs(next_ns);
  while (!plans_.empty() && plans_.begin()->first <= clock_.last_ns()) {
    const std::function<void()> plan = std::move(plans_.begin()->second);
    plans_.erase(plans_.begin());
    plan();
  }
  return Settle();
}

void SimWorld::Rest() {
  for (int round = 0; round < 4; ++round) {
    for (Inhabitant& inhabitant : nodes_) inhabitant.node->Turn(clock_.last_ns() + 1'000);
  }
}

}  // namespace jackfield
