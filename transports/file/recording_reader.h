// Reads a recording, from its beginning or from where it ends now, and follows it.
//
// Bytes that are no whole record are either one that is still being written, or what was torn: a
// write that a full disk or a crash cut short. As records are appended whole, one after the other,
// it is torn as soon as a whole record lies behind it: it is skipped then, and counted. Until then
// the reader waits; so a torn end of a file counts when somebody has gone on behind it, and
// unfinished_bytes() says meanwhile that it is there.
//
// A file that another program empties or cuts under the reader counts as one place more where
// something is lost: it goes on with what is written from then on, in a recording made anew too.
// One that is removed ends when it is read to its end.
//
// Thread: its owner's. Memory: the largest record, or 256 KiB.
#ifndef JACKFIELD_TRANSPORTS_FILE_RECORDING_READER_H_
#define JACKFIELD_TRANSPORTS_FILE_RECORDING_READER_H_

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernel/loop/sys.h"
#include "transports/engine/file_watch.h"
#include "transports/engine/records/record_source.h"
#include "transports/file/recording.h"

namespace jackfield {

class RecordingReader final : public RecordSource {
 public:
  enum class From { kStart, kEnd };
  static constexpr size_t kReadBytes = 256 << 10;

  // sys: for the fault seam; outlives the reader.
  // Errors: as Recording::Open.
  static absl::StatusOr<std::unique_ptr<RecordingReader>> Open(const Sys& sys,
                                                               const std::string& path, From from);
  RecordingReader(const RecordingReader&) = delete;

  // The next frame. Errors: DATA_LOSS (the file was removed, or is something else by now); FAILED
  // (EIO …).
  absl::StatusOr<std::optional<std::span<const std::byte>>> Next() override;
  absl::Status Commit() override { return absl::OkStatus(); }
  void ClearWake() const override { ClearFileWatch(wake_fd_); }
  std::string WhichRecord() const override;
  // Places where something is missing: torn, or cut away under the reader.
  uint64_t lost() const override { return torn_; }

  // A descriptor for RecordDriver, which takes it over. Errors: as WatchFile.
  absl::StatusOr<OwnedFd> Watch();

  uint64_t records() const { return records_; }  // read so far
  uint64_t torn_bytes() const { return torn_bytes_; }
  // What lies at the end and is no whole record; 0 after a Next() that returned nullopt means that
  // the recording ends with a whole one.
  uint64_t unfinished_bytes() const { return end_ - at_; }
  const Recording& recording() const { return recording_; }

 private:
  struct Cut {
    enum class Is { kWhole, kShort, kNone } is = Is::kNone;
    uint64_t bytes = 0;  // of the record; kShort: that must be there to judge it
    std::span<const std::byte> frame;
    uint32_t mask = 0;  // on the frame
  };
  RecordingReader(const Sys& sys, Recording recording)
      : sys_(sys), recording_(std::move(recording)) {}
  // What lies `offset` bytes behind at_, as far as it is in the buffer?
  Cut CutAt(size_t offset) const;
  size_t FindMarker(size_t offset) const;
  absl::StatusOr<bool> ReadMore(size_t bytes);
  absl::StatusOr<bool> SkipTorn();
  absl::StatusOr<bool> GoOnAfterCut(uint64_t id_before);
  void Drop(size_t bytes);

  const Sys& sys_;
  Recording recording_;
  int wake_fd_ = -1;
  std::vector<std::byte> buffer_;
  size_t at_ = 0, end_ = 0;   // in the buffer: what is read and not returned
  uint64_t file_offset_ = 0;  // of at_
  size_t searched_ = 1;       // no record begins before it, counted from at_
  bool joining_ = false;      // it began within somebody's record, perhaps
  bool in_torn_ = false;      // bytes of it were dropped already
  bool unmade_ = false;       // emptied under the reader, and not made anew yet
  uint64_t records_ = 0, torn_ = 0, torn_bytes_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FILE_RECORDING_READER_H_
