#include "transports/mmap/log_writer_driver.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "kernel/outcome.h"
#include "kernel/text.h"

namespace jackfield {

LogWriterDriver::LogWriterDriver(Node& node, std::unique_ptr<LogWriter> log,
                                 std::unique_ptr<SyncThread> sync, std::function<void()> after)
    : node_(node), log_(std::move(log)), sync_(std::move(sync)), after_(std::move(after)) {
  if (sync_ == nullptr) return;
  wait_ = std::make_unique<FdWait>(
      node_, OwnedFd(fcntl(sync_->done_fd(), F_DUPFD_CLOEXEC, 0)),
      [](void* user, int32_t) { static_cast<LogWriterDriver*>(user)->OnSynced(); }, this);
}

LogWriterDriver::~LogWriterDriver() {
  wait_.reset();
  sync_.reset();
  log_.reset();
  after_();
}

// In a pump, where it counts as progress: who waits for the last frame's promise is told before the
// node sleeps again.
void LogWriterDriver::PopSynced(Link& link) {
  appended_ -= synced_;
  link.PopTx(std::exchange(synced_, 0));
}

void LogWriterDriver::Pump(Link& link) {
  link_ = &link;
  if (closing_) return;
  if (synced_ > 0) PopSynced(link);
  if (appended_ < link.tx_frames()) Append(link);
  if (!why_.ok() && appended_ == 0) return Finish(link, why_);
  if (sync_ != nullptr && !sync_runs_ && appended_ > 0) StartSync(link);
}

void LogWriterDriver::Append(Link& link) {
  const uint32_t before = appended_;
  while (why_.ok() && appended_ < link.tx_frames()) {
    const FrameRef& frame = link.NextTx(appended_);
    why_ = log_->Append({frame.data, frame.bytes});
    if (why_.ok()) ++appended_;
  }
  if (appended_ == before) return;
  if (absl::Status status = log_->Publish(); !status.ok() && why_.ok()) why_ = status;
  link.NoteProgress();
  if (sync_ == nullptr) link.PopTx(std::exchange(appended_, 0));
}

void LogWriterDriver::StartSync(Link& link) {
  const absl::StatusOr<LogWriter::SyncTarget> target = log_->BeginSync();
  if (!target.ok()) return Finish(link, target.status());
  target_ = *target;
  syncing_ = appended_;
  sync_runs_ = true;
  sync_->Start();
  wait_->Start(POLLIN);
}

void LogWriterDriver::OnSynced() {
  uint64_t count = 0;
  if (read(sync_->done_fd(), &count, sizeof count) < 0) return wait_->Start(POLLIN);
  sync_runs_ = false;
  const absl::Status status = log_->EndSync(target_, sync_->Take());
  if (status.ok()) {
    synced_ = syncing_;
  } else if (why_.ok()) {
    why_ = status;
  }
  syncing_ = 0;
  if (closing_ || !status.ok()) {
    PopSynced(*link_);
    return Finish(*link_, why_);
  }
  link_->Wake();
}

void LogWriterDriver::Finish(Link& link, absl::Status why) {
  closing_ = true;
  why_ = std::move(why);
  if (sync_runs_ || closed_) return;
  closed_ = true;
  wait_.reset();
  link.Closed(why_);
}

void LogWriterDriver::Close(Link& link) {
  link_ = &link;
  if (closed_) return;
  Finish(link, MakeStatus(Outcome::kRefused, Reason::kClosed,
                          Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
