// A recording as what frames of a link are appended to (engine/records): as many as wait by one
// write.
//
// What a full disk cuts short is no record: it has not been sent, readers skip it, and the link
// ends with the reason. So it does when another program has emptied, cut or removed the file:
// before each write it is looked at, and after it, whether it went where it should; what did not is
// in doubt.
//
// The write goes to the page cache; where that is full of what the disk has not taken yet, the
// system makes the writer wait, and with it the node.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_FILE_RECORDING_TARGET_H_
#define JACKFIELD_TRANSPORTS_FILE_RECORDING_TARGET_H_

#include <sys/uio.h>

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "kernel/loop/sys.h"
#include "transports/engine/records/record_target.h"
#include "transports/file/recording.h"
#include "transports/file/recording_format.h"

namespace jackfield {

class RecordingTarget final : public RecordTarget {
 public:
  static constexpr uint32_t kBatchFrames = 128;
  static constexpr uint64_t kBatchBytes = 4 << 20;  // or one frame

  // sys: for the fault seam; outlives it.
  RecordingTarget(const Sys& sys, Recording recording);

  Appended Append(Link& link, uint32_t first) override;
  int fd() const override { return recording_.fd(); }
  absl::Status BeginSync() override { return broken_; }
  absl::Status EndSync(int error) override;

 private:
  std::span<const std::byte> Stored(const FrameRef& frame, uint32_t& mask);
  int64_t Write(int parts);
  bool WentWhereItShould(uint64_t bytes);
  absl::Status CutShort(int error, uint64_t cut_bytes) const;

  const Sys& sys_;
  Recording recording_;
  std::array<RecordingHeader, kBatchFrames> headers_;
  std::array<iovec, 2 * kBatchFrames> parts_;
  std::vector<std::vector<std::byte>> masked_;  // of the batch; hardly ever any
  uint64_t end_ = 0;                            // of what is in the file for certain
  uint64_t cut_bytes_ = 0;  // of a record that the last write did not take whole
  absl::Status broken_;     // after a failed sync
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_RECORDING_TARGET_H_
