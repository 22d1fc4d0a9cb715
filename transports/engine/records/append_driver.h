// The sending end of mmap: — frames become records of a log.
//
// A frame leaves the link's queue when its promise holds: written, at once; synced, when the
// fdatasync after it has ended, one for all that came meanwhile (group commit). A full disk closes
// the link with the reason, after what was appended before has had its sync; what is then still
// queued has not been sent.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_MMAP_LOG_WRITER_DRIVER_H_
#define JACKFIELD_TRANSPORTS_MMAP_LOG_WRITER_DRIVER_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "kernel/link.h"
#include "kernel/node.h"
#include "transports/engine/fd_wait.h"
#include "transports/mmap/log_writer.h"
#include "transports/mmap/sync_thread.h"

namespace jackfield {

class LogWriterDriver final : public LinkDriver {
 public:
  // sync: null for ?ack=written. after: called when the log is closed.
  LogWriterDriver(Node& node, std::unique_ptr<LogWriter> log, std::unique_ptr<SyncThread> sync,
                  std::function<void()> after);
  ~LogWriterDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  void Append(Link& link);
  void StartSync(Link& link);
  void OnSynced();
  void PopSynced(Link& link);
  void Finish(Link& link, absl::Status why);

  Node& node_;
  std::unique_ptr<LogWriter> log_;
  std::unique_ptr<SyncThread> sync_;
  const std::function<void()> after_;
  std::unique_ptr<FdWait> wait_;  // for the sync under way
  Link* link_ = nullptr;
  uint32_t appended_ = 0;  // queued frames that are in the log already
  uint32_t syncing_ = 0;   // of those, the ones that the sync under way covers
  uint32_t synced_ = 0;    // of those, the ones whose sync has ended, to be popped
  bool sync_runs_ = false;
  LogWriter::SyncTarget target_;
  absl::Status why_;  // of the end, while a sync is still under way
  bool closing_ = false, closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MMAP_LOG_WRITER_DRIVER_H_
