#include "transports/engine/records/record_driver.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {
RecordDriver::RecordDriver(Loop& loop, std::unique_ptr<RecordSource> source, OwnedFd wake_fd)
    : loop_(loop),
      source_(std::move(source)),
      wake_(std::make_unique<FdWait>(
          loop, std::move(wake_fd),
          [](void* user, int32_t) { static_cast<RecordDriver*>(user)->link_->Wake(); }, this)) {}

void RecordDriver::Pump(Link& link) {
  link_ = &link;
  if (closed_ || link.has_rx()) return;
  // What was pushed has been taken, so its memory is free, and the cursor may pass it.
  blocks_.clear();
  used_ = batch_bytes_ = 0;
  if (uncommitted_ && held_.empty()) {
    if (const absl::Status status = source_->Commit(); !status.ok()) return Finish(link, status);
    uncommitted_ = false;
  }
  // Before it reads: what is written from now on makes it readable again.
  if (!wake_->pending()) source_->ClearWake();
  Read(link);
  if (!link.resting() || closed_) return;
  if (link.has_rx()) return link.Wake();
  if (!wake_->pending()) wake_->Start(POLLIN);
}

void RecordDriver::Read(Link& link) {
  while (batch_bytes_ < kBatchBytes && link.rx_room() > 0) {
    std::span<const std::byte> record = std::exchange(held_, {});
    if (record.empty()) {
      const auto next = source_->Next();
      const uint64_t lost = source_->lost();
      link.NoteLost(lost - std::exchange(lost_told_, lost));
      // Torn at its end: the writer's next start repairs it, and wakes this.
      if (absl::IsUnavailable(next.status())) return;
      if (!next.ok()) {
        if (link.has_rx()) return;  // what came before is delivered first
        return Finish(link, next.status());
      }
      if (!next->has_value()) return;
      record = **next;
    }
    if (record.size() < kHeaderBytes || record.size() > link.caps().frame_bytes_max) {
      if (link.has_rx()) {
        held_ = record;
        return;
      }
      return Finish(
          link, MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                           Text(link.traits().description, ": ", source_->WhichRecord(), " has ",
                                record.size(), " bytes: it is not a frame of the bus")));
    }
    if (!Push(link, record)) return;
  }
}

// False: no memory now.
bool RecordDriver::Push(Link& link, std::span<const std::byte> record) {
  const auto bytes = static_cast<uint32_t>(record.size());
  const uint32_t filled = Align8(bytes);
  if (blocks_.empty() || blocks_.back().size() - used_ < filled) {
    Block block = link.memory().Get(std::max(filled, kBlockBytes));
    if (!block) block = link.GetBlock(filled);
    if (!block) {
      held_ = record;
      return false;
    }
    blocks_.push_back(std::move(block));
    used_ = 0;
  }
  std::byte* frame = blocks_.back().data() + used_;
  std::memcpy(frame, record.data(), bytes);
  used_ += filled;
  batch_bytes_ += filled;
  uncommitted_ = true;
  link.PushRx({frame, bytes});
  return true;
}

void RecordDriver::Finish(Link& link, absl::Status why) {
  if (std::exchange(closed_, true)) return;
  wake_.reset();
  link.Closed(std::move(why));
}

void RecordDriver::Close(Link& link) {
  // What is in the queue is not taken any more: it comes again.
  if (uncommitted_ && !link.has_rx() && held_.empty()) source_->Commit().IgnoreError();
  Finish(link, MakeStatus(Outcome::kRefused, Reason::kClosed,
                          Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
