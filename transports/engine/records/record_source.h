// Where the records come from that a RecordDriver makes frames of: a log, a recording.
//
// Thread: its owner's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_SOURCE_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {

class RecordSource {
 public:
  virtual ~RecordSource() = default;

  // The next record's payload, good until the next call; nullopt: none is there yet.
  // Errors: UNAVAILABLE (none until something is repaired, which wakes); any other ends the link.
  virtual absl::StatusOr<std::optional<std::span<const std::byte>>> Next() = 0;
  // Records before the last one that will never be returned: torn, or overwritten before they were
  // read. Only grows.
  virtual uint64_t lost() const = 0;
  // What was returned so far has been taken. Errors: end the link.
  virtual absl::Status Commit() = 0;
  // Reads empty what wakes, before the source is read: what comes from now on wakes again.
  virtual void ClearWake() const = 0;
  // Which record was the last one, for errors: "record 17".
  virtual std::string WhichRecord() const = 0;
};

// That a source's file could not be read, whatever the errno: SysError makes UNAVAILABLE of some
// (ETIMEDOUT, of a file on another machine), which here would mean that a repair is to be awaited.
inline absl::Status CannotRead(int error, std::string_view what) {
  const char* name = strerrorname_np(error);
  return MakeStatus(
      Outcome::kFailed, Reason::kResource,
      Text("read ", what, ": ", strerror(error), " (", name == nullptr ? "?" : name, ")"));
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RECORDS_RECORD_SOURCE_H_
