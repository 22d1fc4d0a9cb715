// The sending end of file: — frames are appended to a recording, as many as wait by one write.
//
// A frame leaves the link's queue when the write that holds it has returned: it survives the death
// of this program then. What a full disk cuts short is no record: it has not been sent, readers
// skip it, and the link ends with the reason.
//
// The write goes to the page cache; where that is full of what the disk has not taken yet, the
// system makes the writer wait, and with it the node.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_FILE_RECORDING_WRITER_DRIVER_H_
#define JACKFIELD_TRANSPORTS_FILE_RECORDING_WRITER_DRIVER_H_

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <functional>

#include "kernel/link.h"
#include "kernel/node.h"
#include "transports/file/recording.h"
#include "transports/file/recording_format.h"

namespace jackfield {

class RecordingWriterDriver final : public LinkDriver {
 public:
  static constexpr uint32_t kBatchFrames = 128;
  static constexpr uint64_t kBatchBytes = 4 << 20;  // or one frame

  // after: called when the recording is closed.
  RecordingWriterDriver(Node& node, Recording recording, std::function<void()> after)
      : node_(node), recording_(std::move(recording)), after_(std::move(after)) {}
  ~RecordingWriterDriver() override { after_(); }

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  bool AppendBatch(Link& link);
  int64_t Append(int parts);
  absl::Status CutShort(int error, uint64_t cut_bytes) const;
  void Finish(Link& link, absl::Status why);

  Node& node_;
  Recording recording_;
  const std::function<void()> after_;
  std::array<RecordingHeader, kBatchFrames> headers_;
  std::array<iovec, 2 * kBatchFrames> parts_;
  uint64_t cut_bytes_ = 0;  // of a record that the last write did not take whole
  bool closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_RECORDING_WRITER_DRIVER_H_
