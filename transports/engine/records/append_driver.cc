#include "transports/engine/records/append_driver.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {

AppendDriver::AppendDriver(Loop& loop, std::unique_ptr<RecordTarget> target,
                           std::unique_ptr<SyncThread> sync, OwnedFd synced_fd,
                           std::function<void()> after)
    : loop_(loop), target_(std::move(target)), sync_(std::move(sync)), after_(std::move(after)) {
  if (sync_ == nullptr) return;
  wait_ = std::make_unique<FdWait>(
      loop_, std::move(synced_fd),
      [](void* user, int32_t) { static_cast<AppendDriver*>(user)->OnSynced(); }, this);
}

AppendDriver::~AppendDriver() {
  wait_.reset();
  sync_.reset();
  target_.reset();
  after_();
}

// In a pump, where it counts as progress: who waits for the last frame's promise is told before the
// node sleeps again.
void AppendDriver::PopSynced(Link& link) {
  appended_ -= synced_;
  link.PopTx(std::exchange(synced_, 0));
}

void AppendDriver::Pump(Link& link) {
  link_ = &link;
  if (closing_) return;
  if (synced_ > 0) PopSynced(link);
  if (appended_ < link.tx_frames()) Append(link);
  if (!why_.ok() && appended_ == 0) return Finish(link, why_);
  if (sync_ != nullptr && !sync_runs_ && appended_ > 0) StartSync(link);
}

void AppendDriver::Append(Link& link) {
  const uint32_t before = appended_;
  uint32_t in_doubt = 0;
  while (why_.ok() && appended_ < link.tx_frames()) {
    RecordTarget::Appended appended = target_->Append(link, appended_);
    appended_ += appended.frames;
    in_doubt = appended.in_doubt;
    why_ = std::move(appended.status);
  }
  if (appended_ == before && in_doubt == 0) return;
  link.NoteProgress();
  if (sync_ == nullptr) link.PopTx(std::exchange(appended_, 0));
  if (sync_ != nullptr || in_doubt > 0)
    link.NoteGiven(appended_ + in_doubt);  // readers see it already
}

void AppendDriver::StartSync(Link& link) {
  if (absl::Status status = target_->BeginSync(); !status.ok())
    return Finish(link, std::move(status));
  syncing_ = appended_;
  sync_runs_ = true;
  sync_->Start();
  wait_->Start(POLLIN);
}

void AppendDriver::OnSynced() {
  uint64_t count = 0;
  if (read(sync_->done_fd(), &count, sizeof count) < 0) return wait_->Start(POLLIN);
  sync_runs_ = false;
  const absl::Status status = target_->EndSync(sync_->Take());
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

void AppendDriver::Finish(Link& link, absl::Status why) {
  closing_ = true;
  why_ = std::move(why);
  if (sync_runs_ || closed_) return;
  closed_ = true;
  wait_.reset();
  // Now, not when the link is destroyed in a later turn: whoever closes a channel may open the next
  // one on the same file at once.
  sync_.reset();
  target_.reset();
  link.Closed(why_);
}

void AppendDriver::Close(Link& link) {
  link_ = &link;
  if (closed_) return;
  Finish(link, MakeStatus(Outcome::kRefused, Reason::kClosed,
                          Text(link.traits().description, ": closed")));
}

absl::StatusOr<std::unique_ptr<LinkDriver>> MakeAppendDriver(Loop& loop,
                                                             std::unique_ptr<RecordTarget> target,
                                                             Ack ack, std::function<void()> after) {
  std::unique_ptr<SyncThread> sync;
  OwnedFd synced_fd;
  if (ack == Ack::kSynced) {
    absl::StatusOr<std::unique_ptr<SyncThread>> made = SyncThread::Make(target->fd());
    absl::Status status = made.status();
    if (status.ok()) {
      sync = *std::move(made);
      synced_fd = OwnedFd(fcntl(sync->done_fd(), F_DUPFD_CLOEXEC, 0));
      if (!synced_fd.ok()) status = SysError(errno, "a descriptor to wait for the syncs of a file");
    }
    if (!status.ok()) {
      sync.reset();
      target.reset();
      after();
      return status;
    }
  }
  return std::make_unique<AppendDriver>(loop, std::move(target), std::move(sync),
                                        std::move(synced_fd), std::move(after));
}

bool ParseAck(std::string_view text, Ack& ack) {
  ack = text == "synced" ? Ack::kSynced : Ack::kWritten;
  return text == "synced" || text == "written";
}

}  // namespace jackfield
