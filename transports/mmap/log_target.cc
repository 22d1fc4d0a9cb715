#include "transports/mmap/log_target.h"

namespace jackfield {

RecordTarget::Appended LogTarget::Append(Link& link, uint32_t first) {
  const uint64_t before = log_->published_sequence();
  Appended appended;
  for (uint32_t at = first; appended.status.ok() && at < link.tx_frames(); ++at) {
    const FrameRef& frame = link.NextTx(at);
    appended.status = log_->Append({frame.data, frame.bytes});
  }
  if (absl::Status status = log_->Publish(); appended.status.ok())
    appended.status = std::move(status);
  appended.frames = static_cast<uint32_t>(log_->published_sequence() - before);
  appended.in_doubt = static_cast<uint32_t>(log_->sequence() - log_->published_sequence());
  return appended;
}

absl::Status LogTarget::BeginSync() {
  const absl::StatusOr<LogWriter::SyncTarget> covers = log_->BeginSync();
  if (covers.ok()) covers_ = *covers;
  return covers.status();
}

}  // namespace jackfield
