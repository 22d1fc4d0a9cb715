// Who sent a pulse: told apart by process and channel, checked as far as the system allows.
//
// What the system vouches for is little: a signal with data reaches a process only from its own
// user or from root (kill(2)). The pid and uid in it are the sender's own word (rt_sigqueueinfo(2)
// forbids only to pretend to be the kernel). So they are compared with the process that has that
// pid now: another user's, and the pulse is forged; a later process of the same pid is another
// sender, by its start time. A sender that has ended since is believed: its user is ours anyway.
//
// The number of a channel comes again: after Pulse::kChannels of them, from another transport of
// the same process, from the program that a process runs in place of the one before it (execve). As
// nothing is repeated or overtaken on the way, a sequence that does not go on is a new sender's.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SIGNAL_PULSE_SENDERS_H_
#define JACKFIELD_TRANSPORTS_SIGNAL_PULSE_SENDERS_H_

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "transports/engine/process.h"

namespace jackfield {

class PulseSenders {
 public:
  static constexpr size_t kCount = 32;  // as many as the session remembers (kernel/session.h)

  struct Sender {
    ProcessName process;
    uint32_t channel = 0;
    uint32_t begun_anew = 0;  // times
    uint64_t epoch = 0;       // 0: nobody
    uint32_t sequence = 0;
    uint64_t looked_at = 0;  // the batch in which the process was looked at
  };

  // A new batch of pulses begins: each sender in it is looked at once.
  void BeginBatch() { ++batch_; }
  // nullptr: forged. Valid until the next call.
  Sender* Find(uint32_t pid, uint32_t uid, uint32_t channel);
  // The sequence of its next pulse, whose low half is `low`; gives it another epoch if it is a new
  // sender's.
  static uint32_t NextSequence(Sender& sender, uint16_t low);

 private:
  const uint32_t uid_ = geteuid();
  std::array<Sender, kCount> senders_;
  size_t next_ = 0;
  uint64_t batch_ = 1;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIGNAL_PULSE_SENDERS_H_
