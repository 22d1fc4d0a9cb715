// Where an AppendDriver puts the frames of a link: a log, a recording.
//
// Thread: its owner's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_TARGET_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_TARGET_H_

#include <cstdint>

#include "absl/status/status.h"
#include "kernel/link.h"

namespace jackfield {

class RecordTarget {
 public:
  virtual ~RecordTarget() = default;

  struct Appended {
    uint32_t frames = 0;    // these are written: they survive the death of this program
    uint32_t in_doubt = 0;  // so many behind them were perhaps written; never without an error
    absl::Status status;  // why no more were: the link ends when what was appended has its promise
  };
  // Appends what waits in the link's queue, from its frame number `first` on; it stays queued.
  virtual Appended Append(Link& link, uint32_t first) = 0;

  // To be synced (fdatasync), on a thread of its own, between the following two.
  virtual int fd() const = 0;
  virtual absl::Status BeginSync() = 0;
  // error: what came of it, 0 or an errno. Errors: nobody knows what is on the disk.
  virtual absl::Status EndSync(int error) = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_TARGET_H_
