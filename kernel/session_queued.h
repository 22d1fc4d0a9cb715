// A frame in the outbox of a Session. Private to session_send.cc and session_hand_over.cc.
#ifndef JACKFIELD_KERNEL_SESSION_QUEUED_H_
#define JACKFIELD_KERNEL_SESSION_QUEUED_H_

#include "kernel/session.h"

namespace jackfield {

// Lies at the beginning of its block; the frame follows.
struct Session::Queued {
  static constexpr uint32_t kBytes = 128;
  Block self;
  Queued* next = nullptr;
  Outgoing outgoing;
  uint32_t frame_offset = 0;
  uint32_t frame_bytes = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_SESSION_QUEUED_H_
