// The plainest ping-pong: write a message, read one of the same size.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "tools/bench/floor_lines.h"
#include "tools/bench/floor_loops.h"

namespace jackfield::bench {
namespace {

// Blocks, or with O_NONBLOCK spins, until all of it is there. False: the other side has gone.
bool ReadWhole(int fd, std::byte* to, size_t bytes) {
  while (bytes > 0) {
    const ssize_t got = read(fd, to, bytes);
    if (got == 0) return false;
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return false;
    }
    to += got;
    bytes -= static_cast<size_t>(got);
  }
  return true;
}

bool WriteWhole(int fd, const std::byte* from, size_t bytes) {
  while (bytes > 0) {
    const ssize_t put = write(fd, from, bytes);
    if (put < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return false;
    }
    from += put;
    bytes -= static_cast<size_t>(put);
  }
  return true;
}

}  // namespace

absl::Status ServeLatencyFloor(Context& context, Lines& lines, Waiting waiting) {
  if (waiting == Waiting::kSpin) lines.SetNonBlocking(Side::kServer);
  const LineEnds ends = lines.of(Side::kServer)[0];
  const Content content(context.options.size_bytes);
  std::vector<std::byte> message(context.options.size_bytes);
  for (uint64_t next = 0; ReadWhole(ends.read_fd, message.data(), message.size()); ++next) {
    if (!content.IsRight(next, message.data())) return WrongEcho();
    if (!WriteWhole(ends.write_fd, message.data(), message.size())) return OtherSideGone();
  }
  return absl::OkStatus();  // the client has ended
}

absl::Status MeasureLatencyFloor(Context& context, Lines& lines, Waiting waiting) {
  if (waiting == Waiting::kSpin) lines.SetNonBlocking(Side::kClient);
  const LineEnds ends = lines.of(Side::kClient)[0];
  const Content content(context.options.size_bytes);
  std::vector<std::byte> message = content.MakeMessage(), answer(message.size());
  return LatencyLoop(context, [&](uint64_t sequence) {
    content.Put(sequence, message.data());
    return WriteWhole(ends.write_fd, message.data(), message.size()) &&
           ReadWhole(ends.read_fd, answer.data(), answer.size()) &&
           content.IsRight(sequence, answer.data());
  });
}

}  // namespace jackfield::bench
