#include "transports/signal/pulse_senders.h"

#include <sys/stat.h>

#include "kernel/base/text.h"
#include "kernel/frame.h"
#include "transports/signal/pulse.h"

namespace jackfield {
namespace {

// Is the process that has that pid now somebody else's? If it has ended, nobody's.
bool IsAnothers(uint32_t pid, uint32_t uid) {
  struct stat is {};
  return stat(Text("/proc/", pid).c_str(), &is) == 0 && is.st_uid != uid;
}

uint64_t EpochOf(const ProcessName& process, uint32_t channel, uint32_t begun_anew) {
  uint64_t hash = 0x9e3779b97f4a7c15u;
  for (const uint64_t part : {static_cast<uint64_t>(process.pid), process.start_ticks,
                              uint64_t{begun_anew} << 32 | channel}) {
    hash = (hash ^ part) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace

PulseSenders::Sender* PulseSenders::Find(uint32_t pid, uint32_t uid, uint32_t channel) {
  if (uid != uid_ && uid != 0) return nullptr;
  Sender* known = nullptr;
  for (Sender& sender : senders_) {
    if (sender.epoch != 0 && sender.process.pid == pid && sender.channel == channel)
      known = &sender;
  }
  if (known != nullptr && known->looked_at == batch_) return known;
  if (IsAnothers(pid, uid)) return nullptr;
  const ProcessName now = ProcessWithPid(pid);
  // One that has ended (start_ticks 0) is the one that was known.
  if (known != nullptr && (now.start_ticks == 0 || known->process == now)) {
    known->looked_at = batch_;
    return known;
  }
  if (known == nullptr) known = &senders_[next_++ % kCount];
  *known = {.process = now,
            .channel = channel,
            .begun_anew = 0,
            .epoch = EpochOf(now, channel, 0),
            .sequence = 0,
            .looked_at = batch_};
  return known;
}

uint32_t PulseSenders::NextSequence(Sender& sender, uint16_t low) {
  const uint32_t next = NearestSequence(sender.sequence, low);
  if (After(next, sender.sequence)) return sender.sequence = next;
  sender.epoch = EpochOf(sender.process, sender.channel, ++sender.begun_anew);
  return sender.sequence = low;
}

}  // namespace jackfield
