// One way as fast as it goes: small messages gathered into large writes, large reads.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "tools/bench/floor_lines.h"
#include "tools/bench/floor_loops.h"

namespace jackfield::bench {
namespace {

constexpr size_t kWriteBytes = 64 << 10;  // a message of more is a write of its own
constexpr size_t kReadBytes = 256 << 10;

bool WriteWhole(int fd, const std::byte* from, size_t bytes) {
  while (bytes > 0) {
    const ssize_t put = write(fd, from, bytes);
    if (put < 0 && errno != EINTR) return false;
    if (put <= 0) continue;
    from += put;
    bytes -= static_cast<size_t>(put);
  }
  return true;
}

absl::Status TakePackets(Context& context, int fd) {
  const size_t size = context.options.size_bytes;
  std::vector<std::byte> room(
      std::max(size, std::min(kReadBytes, size * PacketBatch::kPacketsMax)));
  PacketBatch batch(size, room.size());
  TakeMeter meter(context);
  while (true) {
    const int64_t got = batch.Receive(fd, room.data(), true);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::DataLossError("a packet of another size");
    if (got == 0) break;
    if (!meter.Take(room.data(), static_cast<size_t>(got))) return WrongEcho();
  }
  meter.End();
  return absl::OkStatus();
}

absl::Status TakeStream(Context& context, int fd) {
  const size_t size = context.options.size_bytes;
  std::vector<std::byte> room(kReadBytes + size);
  TakeMeter meter(context);
  size_t have = 0;
  while (true) {
    const ssize_t got = read(fd, room.data() + have, room.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<size_t>(got);
    const size_t whole = have - have % size;
    if (whole == 0) continue;
    if (!meter.Take(room.data(), whole)) return WrongEcho();
    std::memmove(room.data(), room.data() + whole, have - whole);
    have -= whole;
  }
  meter.End();
  return absl::OkStatus();
}

}  // namespace

absl::Status TakeThroughputFloor(Context& context, Lines& lines) {
  const int fd = lines.of(Side::kServer)[0].read_fd;
  return lines.packets() ? TakePackets(context, fd) : TakeStream(context, fd);
}

absl::Status SendThroughputFloor(Context& context, Lines& lines) {
  const int fd = lines.of(Side::kClient)[0].write_fd;
  const size_t size = context.options.size_bytes;
  const size_t gathered_max =
      lines.packets() ? std::clamp<size_t>(kWriteBytes / size, 1, PacketBatch::kPacketsMax) * size
                      : std::max(size, kWriteBytes / size * size);
  const Content content(size);
  std::vector<std::byte> message = content.MakeMessage();
  std::vector<std::byte> gathered = message;  // of a large one; it is sent from where it lies
  gathered.resize(std::max(size, gathered_max));
  PacketBatch batch(size, gathered_max);
  size_t used = 0;
  const auto flush = [&] {
    const bool sent = lines.packets() ? batch.Send(fd, gathered.data(), used)
                                      : WriteWhole(fd, gathered.data(), used);
    used = 0;
    return sent;
  };
  return SendLoop(
      context,
      [&](uint64_t sequence) {
        if (size < gathered_max) {  // small ones are copied together, as a program would
          content.Put(sequence, message.data());
          std::memcpy(gathered.data() + used, message.data(), size);
        } else {
          content.Put(sequence, gathered.data());
        }
        used += size;
        return used < gathered_max || flush();
      },
      flush);
}

}  // namespace jackfield::bench
