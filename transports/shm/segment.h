// The memory of one connection: both lanes in one memfd that has no name, so it goes with the last
// process that has it.
//
//   | the client's words | the server's words | … | data of lane 0 | data of lane 1 |
//   0                    4096                     data_offset      + lane_bytes     + 2 ×
//   lane_bytes
//
// Lane 0 carries from the client to the server. An end's words are LaneWriterWords of the lane that
// it writes, then LaneReaderWords of the one that it reads (engine/ring/lane.h). Each end stores
// into its own words and the data of its own lane, and has the rest mapped read-only. data_offset
// is 8,192, or with huge pages one page. All is zero at first.
//
// The memory is reserved and then sealed against shrinking, growing and further seals before
// anybody else sees it, so no access can fail (SIGBUS), whatever the other end does. (Holes can
// still be punched; memory for them comes anew, and of huge pages only within one uid.)
//
// Thread: one. Owns: its mapping and, until CloseFd, the descriptor.
#ifndef JACKFIELD_TRANSPORTS_SHM_SEGMENT_H_
#define JACKFIELD_TRANSPORTS_SHM_SEGMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "transports/engine/ring/ring_driver.h"
#include "transports/shm/memory_room.h"

namespace jackfield {

class Segment {
 public:
  static constexpr uint64_t kWordsBytes = 4096;  // of one end
  static constexpr uint32_t kDataOffset = 8192;
  static constexpr uint32_t kHugePageBytes = 2 << 20;

  struct Shape {
    uint64_t lane_bytes = 0;
    uint32_t data_offset = kDataOffset;
    uint64_t bytes() const { return data_offset + 2 * lane_bytes; }
  };
  struct Wishes {
    uint64_t lane_bytes = 0;
    bool huge = false;  // falls back to ordinary pages: see note()
    bool lock = false;  // in physical memory
    int end = 0;        // which one this is: 0 the client, 1 the server
  };

  // Makes one.
  // Errors: RESOURCE_EXHAUSTED (memory, with size, bound and what to do; RLIMIT_FSIZE,
  // RLIMIT_MEMLOCK, descriptors).
  static absl::StatusOr<Segment> Make(const Wishes& wishes, const MemoryRoom& room);

  // Maps what another process made and says to be of `shape`. Takes `fd` over.
  // same_uid: the other process is of this uid.
  // Errors: INVALID_ARGUMENT (no memfd, seals missing, another size, not reserved), as Make.
  static absl::StatusOr<Segment> Attach(int fd, const Shape& shape, const Wishes& wishes,
                                        bool same_uid);

  Segment() = default;
  Segment(Segment&& other) noexcept { *this = std::move(other); }
  Segment& operator=(Segment&& other) noexcept;
  ~Segment();

  RingLane lane(int number) const;  // 0 is written by the client
  const Shape& shape() const { return shape_; }
  int fd() const { return fd_; }
  void CloseFd();  // the mapping stays
  // What became of wishes that could not be met; empty if all were.
  const std::string& note() const { return note_; }

 private:
  absl::Status Reserve();
  absl::Status Map(const Wishes& wishes);
  bool Protect(const Wishes& wishes) const;
  std::byte* words(int end) const { return base_ + static_cast<uint64_t>(end) * kWordsBytes; }
  std::byte* data(int lane) const {
    return base_ + shape_.data_offset + static_cast<uint64_t>(lane) * shape_.lane_bytes;
  }

  Shape shape_;
  int fd_ = -1;
  std::byte* base_ = nullptr;
  std::string note_;
};

static_assert(sizeof(LaneWriterWords<>) + sizeof(LaneReaderWords<>) <= Segment::kWordsBytes);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SEGMENT_H_
