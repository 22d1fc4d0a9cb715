// The receiving end of mmap: — records of a log become frames.
//
// The cursor moves when the link's owner has taken what it was given: after a crash that comes
// again.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_MMAP_LOG_READER_DRIVER_H_
#define JACKFIELD_TRANSPORTS_MMAP_LOG_READER_DRIVER_H_

#include <memory>
#include <vector>

#include "kernel/block_pool.h"
#include "kernel/link.h"
#include "kernel/node.h"
#include "transports/engine/fd_wait.h"
#include "transports/mmap/log_reader.h"

namespace jackfield {

class LogReaderDriver final : public LinkDriver {
 public:
  static constexpr uint32_t kBatchBytes = 1 << 20;   // read at once, or one record
  static constexpr uint32_t kBlockBytes = 64 << 10;  // of the pool, for small records

  // wake_fd: a duplicate of the reader's WakeFd.
  LogReaderDriver(Node& node, std::unique_ptr<LogReader> reader, OwnedFd wake_fd);

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  void Read(Link& link);
  bool Push(Link& link, std::span<const std::byte> record);
  void Finish(Link& link, absl::Status why);

  Node& node_;
  std::unique_ptr<LogReader> reader_;
  std::unique_ptr<FdWait> wake_;  // until the end
  Link* link_ = nullptr;
  std::vector<Block> blocks_;
  uint32_t used_ = 0;                // of the last block
  uint32_t batch_bytes_ = 0;         // of all
  std::span<const std::byte> held_;  // read, and there was no memory for it
  bool uncommitted_ = false, closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_LOG_READER_DRIVER_H_
