// A record of a log, as it lies in a file: a head, the payload, zeros up to a multiple of 8 bytes.
//
//   | magic 4 | payload bytes 4 | checksum 4 | 0 4 | sequence 8 | time 8 | payload … | zeros |
//
// Numbers are in the byte order of the machine. The checksum is of all that stands behind it, so
// that a record of which only a part was written is no record.
//
// Thread: one.
#ifndef JACKFIELD_SERVICES_JOURNAL_RECORD_H_
#define JACKFIELD_SERVICES_JOURNAL_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace jackfield::journal {

inline constexpr size_t kRecordPayloadMax = 1 << 20;  // bytes

struct Record {
  uint64_t sequence = 0;  // 1, 2, …
  int64_t time_us = 0;    // of the wall clock, when it was appended
  std::span<const std::byte> payload = {};
};

struct RecordHead {
  uint32_t magic = 0;
  uint32_t payload_bytes = 0;
  uint32_t checksum = 0;
  uint32_t zero = 0;
  uint64_t sequence = 0;
  int64_t time_us = 0;
};
static_assert(sizeof(RecordHead) == 32);

constexpr size_t RecordBytes(size_t payload_bytes) {  // in the file
  return sizeof(RecordHead) + (payload_bytes + 7) / 8 * 8;
}
RecordHead HeadOf(const Record& record);

// Reads the records of a file, one behind the other.
class RecordReader {
 public:
  // fd: stays its owner's, and open. sequence: of the record at `offset`.
  RecordReader(int fd, uint64_t offset, uint64_t sequence)
      : fd_(fd), offset_(offset), sequence_(sequence) {}

  // Its payload is valid until the next call. nullopt: why() tells; after kEnd it may be asked
  // again when the file has grown.
  std::optional<Record> Next();
  enum class Why {
    kEnd,     // there is nothing more
    kBroken,  // what follows is not the next record
    kError,   // it cannot be read: errno
  };
  Why why() const { return why_; }
  uint64_t offset() const { return offset_; }  // behind the last record

 private:
  bool Fill(size_t bytes);  // that are wanted from offset_ on
  const int fd_;
  uint64_t offset_;
  uint64_t sequence_;
  std::vector<std::byte> buffer_;  // what begins at offset_ begins at begin_
  size_t begin_ = 0;
  Why why_ = Why::kEnd;
};

}  // namespace jackfield::journal

#endif  // JACKFIELD_SERVICES_JOURNAL_RECORD_H_
