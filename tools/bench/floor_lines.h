// Floors over descriptors: sockets and pipes, made by a parent for two children.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_LINES_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_LINES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/bench/floor.h"

namespace jackfield::bench {

// One side's ends of one line. Reads and writes of a socket's two directions are the same
// descriptor.
struct LineEnds {
  int read_fd = -1;
  int write_fd = -1;
};

// Lines between client and server, all of one medium.
class Lines {
 public:
  // Errors: RESOURCE_EXHAUSTED (descriptors), UNAVAILABLE (no loopback).
  static absl::StatusOr<std::unique_ptr<Lines>> Make(Medium medium, uint32_t count);
  ~Lines() { CloseAll(); }
  Lines(const Lines&) = delete;

  const std::vector<LineEnds>& of(Side side) const { return ends_[static_cast<size_t>(side)]; }
  bool packets() const { return packets_; }
  void CloseAll();
  void CloseOther(Side side);  // all that is not of `side`
  void SetNonBlocking(Side side) const;

 private:
  explicit Lines(bool packets) : packets_(packets) {}
  absl::Status Add(Medium medium, int listener);
  void Close(Side side);

  const bool packets_;
  std::vector<LineEnds> ends_[2];
};

absl::Status ServeLatencyFloor(Context& context, Lines& lines, Waiting waiting);
absl::Status MeasureLatencyFloor(Context& context, Lines& lines, Waiting waiting);
absl::Status TakeThroughputFloor(Context& context, Lines& lines);
absl::Status SendThroughputFloor(Context& context, Lines& lines);
absl::Status ServeFaninFloor(Context& context, Lines& lines);
absl::Status MeasureFaninFloor(Context& context, Lines& lines);

// Many packets of one size in one system call, to and from memory in which they follow each other.
class PacketBatch {
 public:
  static constexpr uint32_t kPacketsMax = 64;
  // What fits into `room_bytes`, up to kPacketsMax.
  PacketBatch(size_t packet_bytes, size_t room_bytes);
  ~PacketBatch();
  // Bytes received; 0: the other side has gone; -1: errno says why (EAGAIN; EBADMSG: a packet of
  // another size). wait: for at least one packet.
  int64_t Receive(int fd, std::byte* to, bool wait);
  // Returns whether all of them went. Requires: bytes is a multiple of packet_bytes. Blocks: while
  // there is no room.
  bool Send(int fd, const std::byte* from, size_t bytes);

 private:
  struct Vectors;
  const size_t packet_bytes_;
  const uint32_t packets_;
  const std::unique_ptr<Vectors> vectors_;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_LINES_H_
