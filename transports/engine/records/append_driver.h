// The sending end of a file that is written to: frames become its records (record_target.h).
//
// A frame leaves the link's queue when its promise holds: written, at once; synced, when the
// fdatasync after it has ended, one for all that came meanwhile (group commit). When the target
// takes no more (a full disk) the link ends with the reason, after what was appended before has had
// its sync; what is then still queued has not been sent.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RECORDS_APPEND_DRIVER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RECORDS_APPEND_DRIVER_H_

#include <functional>
#include <memory>

#include "kernel/link.h"
#include "kernel/loop/loop.h"
#include "transports/engine/fd_wait.h"
#include "transports/engine/records/record_target.h"
#include "transports/engine/sync_thread.h"

namespace jackfield {

// When a message counts as delivered: the ?ack= of an address.
enum class Ack { kWritten, kSynced };

// Errors: RESOURCE_EXHAUSTED (kSynced: descriptors, threads).
// after: called when the target is closed; after a failure, too.
absl::StatusOr<std::unique_ptr<LinkDriver>> MakeAppendDriver(Loop& loop,
                                                             std::unique_ptr<RecordTarget> target,
                                                             Ack ack, std::function<void()> after);

// Reads "written" or "synced" into `ack`. False: it is neither.
bool ParseAck(std::string_view text, Ack& ack);

// Implementation.
class AppendDriver final : public LinkDriver {
 public:
  // sync: null for kWritten; else synced_fd is a descriptor of its own of what sync makes readable.
  AppendDriver(Loop& loop, std::unique_ptr<RecordTarget> target, std::unique_ptr<SyncThread> sync,
               OwnedFd synced_fd, std::function<void()> after);
  ~AppendDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  void Append(Link& link);
  void StartSync(Link& link);
  void OnSynced();
  void PopSynced(Link& link);
  void Finish(Link& link, absl::Status why);

  Loop& loop_;
  std::unique_ptr<RecordTarget> target_;
  std::unique_ptr<SyncThread> sync_;
  const std::function<void()> after_;
  std::unique_ptr<FdWait> wait_;  // for the sync under way
  Link* link_ = nullptr;
  uint32_t appended_ = 0;  // queued frames that are in the file already
  uint32_t syncing_ = 0;   // of those, the ones that the sync under way covers
  uint32_t synced_ = 0;    // of those, the ones whose sync has ended, to be popped
  bool sync_runs_ = false;
  absl::Status why_;  // of the end, while a sync is still under way
  bool closing_ = false, closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RECORDS_APPEND_DRIVER_H_
