// What the sessions of a node have sent and received last, in memory that its maker may share with
// other processes: they watch a service while it runs, and read what it did last when it has died
// (services/watch). A node without one tests a pointer for each frame.
//
// A record is 64 bytes: the frame's header, with when and with whom. The newest takes the place of
// the oldest. There is one writer, and readers disturb nobody: a record whose number is the same
// before and after it was copied was not being written meanwhile (a seqlock: H.-J. Boehm, "Can
// seqlocks get along with programming language memory models?", 2012).
//
// Thread: the node's. Ownership: its maker's, who takes it off (Loop::SetFrameLog) before it goes.
#ifndef JACKFIELD_KERNEL_FRAME_LOG_H_
#define JACKFIELD_KERNEL_FRAME_LOG_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "absl/status/status.h"
#include "kernel/frame.h"

namespace jackfield {

class Session;

// What was sent bears the magic of its header, which lies there.
enum class FrameWay : uint8_t { kReceived = 0, kSent = kMagic };

struct alignas(64) FrameRecord {
  std::atomic<uint64_t> number;  // of all of this log, from 1; 0: it is being written, or never was
  int64_t time_ns;               // of the node's clock, when its turn began
  FrameWay way;
  std::byte version;  // from here on as in the header
  FrameKind kind;     // None: a session ended
  uint8_t flags;
  uint32_t frame_bytes;
  uint8_t priority, extension_words, code, fd_count;
  uint32_t message_type;
  uint64_t call_id;
  uint64_t peer_epoch;  // whoever is at the other end; in the header it is the receiver's
  uint32_t sequence, ack, budget_us, grant;
};
static_assert(sizeof(FrameRecord) == 64 && offsetof(FrameRecord, peer_epoch) == 16 + 24);
static_assert(std::endian::native == std::endian::little, "a record is read as it was sent");

class FrameLog {
 public:
  static constexpr size_t kRecords = 1024;
  // Requires: all zeros.
  explicit FrameLog(FrameRecord (&records)[kRecords]) : records_(records) {}
  FrameLog(const FrameLog&) = delete;

  // Messages, and what else belongs to a call or a stream.
  static bool Notes(FrameKind kind) {
    return kind >= FrameKind::Request && kind <= FrameKind::Cancel;
  }
  // For Session: as it leaves, or has come. The header of what is sent bears the peer's epoch.
  void Add(FrameWay way, const void* header, uint64_t peer_epoch, int64_t now_ns) {
    const uint64_t number = ++number_;
    FrameRecord& record = records_[number % kRecords];
    record.number.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    std::memcpy(&record.way, header, kHeaderBytes);
    if (way == FrameWay::kReceived) {
      record.way = way;
      record.peer_epoch = peer_epoch;
    }
    record.time_ns = now_ns;
    record.number.store(number, std::memory_order_release);
  }
  // Does somebody want whole messages? Then each is told by OnMessage.
  bool wants_messages() const { return wants_messages_; }

  // From inside a send or a delivery: they copy what they want, and neither send nor end anything.
  virtual void OnOpen(const Session& session) = 0;
  virtual void OnEnd(const Session& session, const absl::Status& why) = 0;
  virtual void OnMessage(const Session& session, FrameWay way, const FrameHeader& header,
                         std::span<const std::byte> payload) = 0;

 protected:
  ~FrameLog() = default;
  void WantMessages(bool wanted) { wants_messages_ = wanted; }

 private:
  FrameRecord* const records_;
  uint64_t number_ = 0;
  bool wants_messages_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_FRAME_LOG_H_
