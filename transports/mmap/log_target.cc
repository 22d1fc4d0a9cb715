#include "transports/mmap/log_target.h"

namespace jackfield {

RecordTarget::Appended LogTarget::Append(Link& link, uint32_t first) {
  Appended appended;
  while (appended.status.ok() && first + appended.frames < link.tx_frames()) {
    const FrameRef& frame = link.NextTx(first + appended.frames);
    appended.status = log_->Append({frame.data, frame.bytes});
    if (appended.status.ok()) ++appended.frames;
  }
  if (appended.frames == 0) return appended;
  if (absl::Status status = log_->Publish(); appended.status.ok()) appended.status = status;
  return appended;
}

absl::Status LogTarget::BeginSync() {
  const absl::StatusOr<LogWriter::SyncTarget> covers = log_->BeginSync();
  if (covers.ok()) covers_ = *covers;
  return covers.status();
}

}  // namespace jackfield
