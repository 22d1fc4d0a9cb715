// Where the queues of one machine put a message together before it is sent: what the queue itself
// wants in front (a type, or nothing), the envelope, the body.
//
// Thread: the node's. Owns: room for the largest message.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_OUTBOX_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_OUTBOX_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/link.h"
#include "transports/engine/hub/envelope.h"

namespace jackfield {

class HubOutbox {
 public:
  // message_bytes: the most that follows the front.
  HubOutbox(uint32_t front_bytes, uint32_t message_bytes)
      : front_bytes_(front_bytes), staging_(front_bytes + message_bytes) {}

  // send(std::span<std::byte>): 0 or -errno; it gets the message, whose front is its to fill in.
  // Returns what it said; -EMSGSIZE: the body is too large.
  template <class Send>
  int Word(HubEnvelope::Kind kind, uint64_t key, std::span<const std::byte> body, Send send,
           uint8_t reason = 0) {
    HubEnvelope envelope;
    envelope.kind = kind;
    envelope.reason = reason;
    envelope.key = key;
    const size_t head_bytes = front_bytes_ + sizeof envelope;
    if (head_bytes + body.size() > staging_.size()) return -EMSGSIZE;
    std::memcpy(staging_.data() + front_bytes_, &envelope, sizeof envelope);
    if (!body.empty()) std::memcpy(staging_.data() + head_bytes, body.data(), body.size());
    return send(std::span(staging_).first(head_bytes + body.size()));
  }

  // To a client that is not admitted. why: at most kRefusalBytesMax of it are sent.
  static constexpr size_t kRefusalBytesMax = 400;
  template <class Send>
  int Refuse(uint64_t key, const absl::Status& why, Send send) {
    const std::string_view text(why.message().data(), why.message().size());
    return Word(HubEnvelope::kRefusal, key,
                std::as_bytes(std::span(text.substr(0, kRefusalBytesMax))), send,
                static_cast<uint8_t>(ReasonOf(why)));
  }

  // Frames from the front of link's queue, each popped when it has been sent. As HubMedium::Send.
  template <class Send>
  int Frames(uint64_t key, Link& link, Send send) {
    while (link.has_tx()) {
      const FrameRef& frame = link.NextTx();
      const int sent = Word(HubEnvelope::kFrame, key, {frame.data, frame.bytes}, send);
      if (sent < 0) return sent;
      link.PopTx(1);
    }
    return 0;
  }

 private:
  const uint32_t front_bytes_;
  std::vector<std::byte> staging_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_OUTBOX_H_
