// A log as what frames of a link are appended to (engine/records).
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_MMAP_LOG_TARGET_H_
#define JACKFIELD_TRANSPORTS_MMAP_LOG_TARGET_H_

#include <memory>
#include <utility>

#include "transports/engine/records/record_target.h"
#include "transports/mmap/log_writer.h"

namespace jackfield {

class LogTarget final : public RecordTarget {
 public:
  explicit LogTarget(std::unique_ptr<LogWriter> log) : log_(std::move(log)) {}

  Appended Append(Link& link, uint32_t first) override;
  int fd() const override { return log_->fd(); }
  absl::Status BeginSync() override;
  absl::Status EndSync(int error) override { return log_->EndSync(covers_, error); }

 private:
  std::unique_ptr<LogWriter> log_;
  LogWriter::SyncTarget covers_;  // the sync under way
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_LOG_TARGET_H_
