// A node: a loop with links on it, and the channels and ports that are opened on them.
//
//   absl::StatusOr<std::unique_ptr<Node>> node =
//       Node::Create({.name = "greeter", .registry = &registry});
//   (*node)->Run();   // until Stop()
//
// Thread: as Loop (loop/loop.h), and of the channels and ports on it too. What has no status to
// return (Close, Handle, a destructor) must not be called in another thread at all while the
// node's thread uses it.
#ifndef JACKFIELD_KERNEL_NODE_H_
#define JACKFIELD_KERNEL_NODE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "kernel/base/inline_function.h"
#include "kernel/base/list.h"
#include "kernel/link.h"
#include "kernel/loop/loop.h"

namespace jackfield {

class Channel;
class Opening;
class Port;
class Registry;
class ServerCall;
class Tracer;  // kernel/trace.h

// What goes on after its user has gone, for the node's grace at most: it ends by itself, or when it
// is destroyed.
struct LingerTag {};
class Lingering : public ListNode<LingerTag> {
 public:
  virtual ~Lingering() = default;
};
struct PortTag {};     // of the list of a node's ports
struct ChannelTag {};  // and of its channels

// A call that goes on: for those who look at a node (services/control).
struct CallUnderWay {
  uint32_t type = 0;
  int64_t begun_ns = 0;  // of the node's clock, at the beginning of that turn
};

struct NodeOptions {
  std::string name = "node";           // for people; at most 64 bytes
  const Registry* registry = nullptr;  // outlives the node
  using Wait = LoopOptions::Wait;
  Wait wait = Wait::kAny;
  int64_t spin_ns = Spin::kLearned;  // or Spin::kAlways, or a time; 0: sleep at once
  // Message memory: frames on their way in and out, messages that are kept, calls under way. 0:
  // what DefaultMemoryBytes finds (memory_limit.h): 256 MiB, or half of what a control group or
  // RLIMIT_AS allows. No peer gets all of it (memory_account.h); who is refused some is told which
  // limit it was.
  uint64_t memory_bytes_max = 0;
  Clock* clock = nullptr;     // tests; else CLOCK_MONOTONIC
  FaultSeam* seam = nullptr;  // tests
  uint64_t epoch = 0;         // tests; else random
};

class Node final : public Loop {
 public:
  // Errors: RESOURCE_EXHAUSTED (descriptors), INVALID_ARGUMENT (no registry).
  static absl::StatusOr<std::unique_ptr<Node>> Create(NodeOptions options);
  // Closes every link and waits until no operation refers to this node's memory.
  // Requires: its channels and ports are gone.
  ~Node() override;

  // ---- The end of what was sent one way, and nobody waits for.

  // From now on such messages of a channel that is destroyed have `grace_ns` to be handled. Of
  // those that are not, and of those that a port had received and not handled when it was
  // destroyed, `on_loss` is told in a sentence ("950 of 1024 messages to log were not handled: …"),
  // once for each channel and port. Who was told by Close is not told again.
  void SetGrace(nanoseconds grace, InlineFunction<void(const std::string& sentence)> on_loss) {
    grace_ns_ = grace.count();
    on_loss_ = std::move(on_loss);
  }
  int64_t grace_ns() const { return grace_ns_; }        // 0: there is none
  bool lingers() const { return !lingering_.empty(); }  // does anything go on without its user?
  void EndLingering();                                  // at once
  void TellLoss(const std::string& sentence) {
    if (on_loss_) on_loss_(sentence);
  }

  // ---- For the kernel.

  // Stops it; in a forked child, where it is the parent's, lets it be.
  void EndOpening(std::unique_ptr<Opening> opening);
  void Keep(Lingering& lingering) { lingering_.PushBack(lingering); }  // owns it
  List<Port, PortTag>& ports() { return ports_; }
  List<Channel, ChannelTag>& channels() { return channels_; }  // without what lingers
  const Registry& registry() const { return *registry_; }
  // Names a service in chains of callers: the epoch for the first port of the node, other numbers
  // for those after it.
  uint64_t NewServiceNumber() { return epoch() ^ (services_++ * 0x9e3779b97f4a7c15u); }

  // Who begins traces and keeps records of them (trace.h); null: nobody does. It outlives the
  // node's calls, or is taken away before.
  Tracer* tracer() const { return tracer_; }
  void SetTracer(Tracer* tracer) { tracer_ = tracer; }

  // The call that the running handler serves, so that a call it makes inherits deadline, priority
  // and chain.
  ServerCall* current_call() const { return static_cast<ServerCall*>(context()); }
  void SetCurrentCall(ServerCall* call) { SetContext(call); }

 private:
  explicit Node(NodeOptions options);

  const Registry* const registry_;
  List<Port, PortTag> ports_;
  List<Channel, ChannelTag> channels_;
  List<Lingering, LingerTag> lingering_;
  int64_t grace_ns_ = 0;
  Tracer* tracer_ = nullptr;
  InlineFunction<void(const std::string&)> on_loss_;
  uint64_t services_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_NODE_H_
