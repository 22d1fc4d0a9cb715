// Any bytes that come over a stream are cut into the same frames however they are split, or the
// stream is refused; a refused one delivers nothing after its refusal.
//
// Input: how large the pieces are (one byte: its bits choose), then the bytes.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/base/text.h"
#include "kernel/node.h"
#include "kernel/registry.h"
#include "transports/engine/stream/stream_driver.h"

namespace {

using namespace jackfield;

constexpr uint32_t kFrameBytesMax = 64 << 10;
constexpr size_t kInputBytesMax = 100'000;  // fits into the socket's buffer, so no write waits

struct Taken {
  std::string frames;  // their sizes and a sum over their bytes
  bool ended = false;
  friend bool operator==(const Taken&, const Taken&) = default;
};

class Taker final : public LinkOwner {
 public:
  explicit Taker(Taken& taken) : taken_(taken) {}

 private:
  void OnFrames(Link& link) override {
    if (taken_.ended) std::abort();
    while (link.has_rx()) {
      const FrameRef frame = link.NextRx();
      if (frame.bytes < kHeaderBytes || frame.bytes > kFrameBytesMax) std::abort();
      uint32_t sum = 0;
      for (uint32_t i = 0; i < frame.bytes; ++i)
        sum = sum * 31 + static_cast<uint8_t>(frame.data[i]);
      taken_.frames += Text(frame.bytes, ":", sum, " ");
      link.PopRx();
    }
  }
  void OnRoom(Link&) override {}
  void OnLost(Link&, uint64_t) override {}
  void OnClosed(Link&, const absl::Status& why) override {
    if (why.ok()) std::abort();  // an end has a reason
    taken_.ended = true;
  }
  Taken& taken_;
};

Node& TheNode() {
  static const Registry registry;
  static const std::unique_ptr<Node> node =
      Node::Create(
          {.name = "fuzz", .registry = &registry, .wait = NodeOptions::Wait::kEpoll, .epoch = 2})
          .value();
  return *node;
}

Taken Feed(std::string_view bytes, size_t piece) {
  Node& node = TheNode();
  const uint64_t in_use = node.blocks().bytes_in_use();
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) std::abort();
  Taken taken;
  Taker taker(taken);
  LinkTraits traits;
  traits.caps.frame_bytes_max = kFrameBytesMax;
  traits.description = "fuzz";
  Link& link =
      Link::Add(node,
                std::make_unique<StreamDriver>(node, StreamEnds{.read_fd = fds[0],
                                                                .write_fd = fds[0],
                                                                .socket = true,
                                                                .frame_bytes_max = kFrameBytesMax}),
                std::move(traits), &taker);
  while (!bytes.empty()) {
    const std::string_view now = bytes.substr(0, piece);
    bytes.remove_prefix(now.size());
    // A link that has refused what came before may have hung up.
    if (send(fds[1], now.data(), now.size(), MSG_NOSIGNAL) < 0) break;
    node.Turn(Node::kDoNotSleep);
  }
  close(fds[1]);
  for (int i = 0; i < 100'000 && !taken.ended; ++i) node.Turn(Node::kDoNotSleep);
  if (!taken.ended) std::abort();
  node.Remove(link);
  for (int i = 0; i < 4; ++i) node.Turn(Node::kDoNotSleep);
  if (node.blocks().bytes_in_use() != in_use) std::abort();
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > kInputBytesMax) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Not so small that an input takes a second.
  const size_t piece = std::max<size_t>(size_t{1} << (data[0] % 12), bytes.size() / 2000 + 1);
  if (!(Feed(bytes, bytes.size()) == Feed(bytes, piece))) std::abort();
  return 0;
}
