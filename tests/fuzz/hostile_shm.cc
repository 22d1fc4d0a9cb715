#include "tests/fuzz/hostile_shm.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "transports/shm/shm_settings.h"

namespace jackfield::hostile {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

OwnedFd Memfd(uint64_t bytes, int seals, bool reserve = true) {
  OwnedFd fd(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) return fd;
  if (reserve && fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes)) != 0) return fd;
  if (seals != 0) fcntl(fd.get(), F_ADD_SEALS, seals);
  return fd;
}

OwnedFd ReadEndOfAPipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) return OwnedFd();
  close(fds[1]);
  return OwnedFd(fds[0]);
}

OwnedFd EventFd(unsigned value, int flags) { return OwnedFd(eventfd(value, EFD_CLOEXEC | flags)); }

void SendSome(int socket_fd, std::span<const std::byte> bytes, std::span<const OwnedFd> fds) {
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(fds.size() * sizeof(int)));
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    for (size_t i = 0; i < fds.size(); ++i) {
      const int fd = fds[i].get();
      std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  sendmsg(socket_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);  // it may have been cut off
}

}  // namespace

OwnedFd MakeMemory(Input& input) {
  switch (input.Byte() % 12) {
    case 1:
      return Memfd(kSegmentBytes, F_SEAL_GROW | F_SEAL_SEAL);
    case 2:
      return Memfd(kSegmentBytes, F_SEAL_SHRINK | F_SEAL_SEAL);
    case 3:
      return Memfd(kSegmentBytes, F_SEAL_SHRINK | F_SEAL_GROW);
    case 4:
      return Memfd(input.Number(3), kSeals);
    case 5:
      return Memfd(kSegmentBytes, kSeals, false);
    case 6:
      return Memfd(kSegmentBytes, kSeals | F_SEAL_WRITE);
    case 7:
      return Memfd(kSegmentBytes, kSeals | F_SEAL_FUTURE_WRITE);
    case 8:
      return ReadEndOfAPipe();
    case 9:
      return EventFd(0, EFD_NONBLOCK);
    case 10:
      return OwnedFd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    case 11:
      return OwnedFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    default:
      return Memfd(kSegmentBytes, kSeals);
  }
}

OwnedFd MakeBell(Input& input) {
  switch (input.Byte() % 8) {
    case 1:
      return EventFd(0, 0);
    case 2:
      return EventFd(1000, EFD_NONBLOCK | EFD_SEMAPHORE);
    case 3: {  // rung as often as can be
      OwnedFd full = EventFd(0, EFD_NONBLOCK);
      const uint64_t most = UINT64_MAX - 1;
      if (write(full.get(), &most, sizeof most) < 0) full.Close();
      return full;
    }
    case 4:
      return ReadEndOfAPipe();
    case 5:
      return OwnedFd(open("/dev/null", O_RDWR | O_CLOEXEC));
    case 6:
      return Memfd(4096, kSeals);
    case 7:
      return OwnedFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    default:
      return EventFd(0, EFD_NONBLOCK);
  }
}

bool IsSealedMemory(int fd, uint64_t bytes) {
  struct stat file {};
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & kSeals) == kSeals && fstat(fd, &file) == 0 &&
         static_cast<uint64_t>(file.st_size) == bytes &&
         static_cast<uint64_t>(file.st_blocks) * 512 >= bytes;
}

bool IsBell(int fd) {
  char target[64];
  const ssize_t bytes = readlink(Text("/proc/self/fd/", fd).c_str(), target, sizeof target);
  return bytes > 0 &&
         std::string_view(target, static_cast<size_t>(bytes)) == "anon_inode:[eventfd]" &&
         (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

ShmHello TrueHello() {
  ShmHello hello;
  hello.lane_bytes = kLaneBytes;
  hello.data_offset = kDataOffset;
  hello.bell = static_cast<uint32_t>(BellKind::kEventFd);
  hello.fd_count = 3;
  return hello;
}

void TellLies(Input& input, std::span<std::byte> record) {
  for (int lies = input.Byte() % 8; lies > 0; --lies) {
    const size_t at = input.Byte() % (record.size() / 4) * 4;
    const auto word = static_cast<uint32_t>(input.Number(4));
    std::memcpy(record.data() + at, &word, sizeof word);
  }
}

bool SendInPieces(Input& input, int socket_fd, std::span<const std::byte> record,
                  std::span<const OwnedFd> fds, const std::function<void()>& between) {
  const size_t piece_bytes = input.Byte();
  if (piece_bytes == 0) {
    SendSome(socket_fd, record, fds);
    return true;
  }
  const uint8_t with_fds = input.Byte();  // a piece's number; from 128: in every piece
  const size_t bytes = std::min<size_t>(input.Byte() * 2, record.size());
  for (size_t at = 0, piece = 0; at < bytes; at += piece_bytes, ++piece) {
    const bool carries = with_fds >= 128 || piece == with_fds;
    SendSome(socket_fd, record.subspan(at, std::min(piece_bytes, bytes - at)),
             carries ? fds : std::span<const OwnedFd>());
    between();
  }
  return false;
}

void Disturb(Input& input, int socket_fd, int bell_fd, std::span<std::byte> memory,
             const std::function<void()>& between) {
  while (!input.empty()) {
    switch (input.Byte() % 6) {
      case 0:
        between();
        break;
      case 1: {  // one of the positions and flags at the beginning of each end's words
        const size_t at = input.Byte() % 4 * 128 + input.Byte() % 2 * 4096 + input.Byte() % 2 * 8;
        const uint64_t value = input.Number();
        if (at + sizeof value <= memory.size())
          std::memcpy(memory.data() + at, &value, sizeof value);
        break;
      }
      case 2: {  // anywhere
        const size_t at = input.Number(2) * 8;
        const uint64_t value = input.Number();
        if (at + sizeof value <= memory.size())
          std::memcpy(memory.data() + at, &value, sizeof value);
        break;
      }
      case 3: {
        const uint64_t count = input.Number();
        if (bell_fd >= 0 && write(bell_fd, &count, sizeof count) < 0) break;
        break;
      }
      case 4: {
        const std::vector<std::byte> bytes(input.Byte() + 1);
        std::vector<OwnedFd> fds;
        for (int left = input.Byte() % 4; left > 0; --left) fds.push_back(MakeBell(input));
        SendSome(socket_fd, bytes, fds);
        break;
      }
      default:
        shutdown(socket_fd, input.Byte() % 2 == 0 ? SHUT_WR : SHUT_RD);
        break;
    }
  }
}

}  // namespace jackfield::hostile
