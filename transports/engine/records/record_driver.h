// The receiving end of a file that is written to: its records become frames.
//
// The source is told (Commit) when the link's owner has taken what it was given; what was not taken
// when the link ends was not committed. What the source had to leave out is told to the link
// (Link::NoteLost).
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_DRIVER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_DRIVER_H_

#include <memory>
#include <vector>

#include "kernel/link.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/loop.h"
#include "kernel/loop/timers.h"
#include "transports/engine/fd_wait.h"
#include "transports/engine/records/record_source.h"

namespace jackfield {

class RecordDriver final : public LinkDriver {
 public:
  static constexpr uint32_t kBatchBytes = 1 << 20;   // read at once, or one record
  static constexpr uint32_t kBlockBytes = 64 << 10;  // of the pool, for small records

  // wake_fd: readable when the source may have grown (engine/file_watch.h).
  RecordDriver(Loop& loop, std::unique_ptr<RecordSource> source, OwnedFd wake_fd);

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  void Read(Link& link);
  bool Push(Link& link, std::span<const std::byte> record);
  void Finish(Link& link, absl::Status why);

  Loop& loop_;
  std::unique_ptr<RecordSource> source_;
  std::unique_ptr<FdWait> wake_;  // until the end
  Link* link_ = nullptr;
  std::vector<Block> blocks_;
  uint32_t used_ = 0;                // of the last block
  uint32_t batch_bytes_ = 0;         // of all
  uint64_t lost_told_ = 0;           // of source_->lost()
  std::span<const std::byte> held_;  // read, and there was no memory for it
  bool uncommitted_ = false, closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_DRIVER_H_
