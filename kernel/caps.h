// What an address can do: one struct to declare (Transport::Describe), to require (a channel) and
// to prove (tests/conformance). The kernel asks these questions; it never asks which scheme it is.
#ifndef JACKFIELD_KERNEL_CAPS_H_
#define JACKFIELD_KERNEL_CAPS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

struct Caps {
  bool send = false;         // frames can go out
  bool receive = false;      // frames can come in
  bool reply = false;        // a received frame can be answered to its sender
  bool ordered = false;      // frames of one peer arrive in the order sent
  bool reliable = false;     // while the link lives, every frame arrives, once and unchanged
  bool peer_loss = false;    // the end of a peer is noticed without a timer
  bool fan_out = false;      // one frame reaches every receiver
  bool multi_host = false;   // the peer may be on another machine
  bool fds = false;          // descriptors travel with a frame
  bool credentials = false;  // the system tells who the peer is
  bool encrypted = false;    // who carries the frames can neither read nor change them
  bool durable = false;      // frames outlive both ends
  bool inherited = false;    // the ends are descriptors that a parent hands to its children
  bool one_process = false;  // both ends must be in one process
  bool one_thread = false;   // and driven by one thread
  uint8_t priority_levels =
      1;  // that the medium itself keeps apart; the bus adds its own 4 everywhere
  uint32_t frame_bytes_max = 0;  // header, extension and payload
  uint32_t depth_frames = 0;     // that the link queues in each direction before it pushes back

  friend bool operator==(const Caps&, const Caps&) = default;
};

// A yes-or-no field of Caps, for tables and messages.
struct CapsField {
  std::string_view name;
  bool Caps::*field;
};
std::span<const CapsField> CapsFields();

// Messages up to this size are carried over every medium: where its frames are smaller, in parts.
inline constexpr uint32_t kMessageBytesDefault = 1 << 20;

// Every need that `has` does not meet, one sentence each; empty if all are met. A number in `needs`
// is a minimum.
std::vector<std::string> MissingNeeds(const Caps& has, const Caps& needs);

// What a call needs of a link: both ways, answers, order, nothing lost.
Caps CallNeeds();
// What one-way messages need: of the channel that sends them, of the port that receives them. For a
// log, a multicast group, a signal.
Caps SendNeeds();
Caps ReceiveNeeds();

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CAPS_H_
