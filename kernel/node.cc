#include "kernel/node.h"

#include "kernel/transport.h"

namespace jackfield {
namespace {

constexpr int kReadyQueues = 8;  // of links: two are in use on each that is busy

}  // namespace

absl::StatusOr<std::unique_ptr<Node>> Node::Create(NodeOptions options) {
  if (options.registry == nullptr)
    return absl::InvalidArgumentError("a node needs a registry of transports");
  const NodeOptions::Wait wait = options.wait;
  std::unique_ptr<Node> node(new Node(std::move(options)));
  {  // The queues of the first links are there before the first burst.
    Block queues[kReadyQueues];
    for (Block& queue : queues) queue = node->blocks().Get(FrameQueue::kBlockBytes);
  }
  if (absl::Status status = node->Init(wait); !status.ok()) return status;
  return node;
}

Node::Node(NodeOptions options)
    : Loop({.name = std::move(options.name),
            .spin_ns = options.spin_ns,
            .memory_bytes_max = options.memory_bytes_max,
            .clock = options.clock,
            .seam = options.seam,
            .epoch = options.epoch}),
      registry_(options.registry) {}

Node::~Node() {
  EndSpawned();
  EndLingering();
  Drain();
}

void Node::EndLingering() {
  while (Lingering* lingering = lingering_.front()) delete lingering;
}

void Node::EndOpening(std::unique_ptr<Opening> opening) {
  if (forked()) static_cast<void>(opening.release());
}

}  // namespace jackfield
