#include "tools/bench/floor_lines.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernel/base/text.h"

namespace jackfield::bench {
namespace {

constexpr int kPipeBytes = 256 << 10;  // as the pipe transport asks for: the same medium

absl::Status Failed(std::string_view what) {
  return absl::ResourceExhaustedError(Text(what, ": ", std::strerror(errno)));
}

int ListenOnLoopback() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      listen(fd, 1) == 0)
    return fd;
  close(fd);
  return -1;
}

bool TcpPair(int listener, int both[2]) {
  sockaddr_in address{};
  socklen_t bytes = sizeof address;
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return false;
  both[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (both[0] < 0 || connect(both[0], reinterpret_cast<const sockaddr*>(&address), bytes) != 0)
    return false;
  both[1] = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (both[1] < 0) return false;
  const int on = 1;
  for (int i = 0; i < 2; ++i) setsockopt(both[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return true;
}

bool MakePipe(int both[2]) { return pipe2(both, O_CLOEXEC) == 0; }

// Has a name for as long as it takes to open its two ends.
bool MakeFifo(int both[2]) {
  char directory[] = "/tmp/jackfield-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) return false;
  const std::string name = Text(directory, "/fifo");
  bool made = mkfifo(name.c_str(), 0600) == 0;
  if (made) {
    both[0] = open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    both[1] = open(name.c_str(), O_WRONLY | O_CLOEXEC);
    made = both[0] >= 0 && both[1] >= 0 &&
           fcntl(both[0], F_SETFL, fcntl(both[0], F_GETFL) & ~O_NONBLOCK) == 0;
    unlink(name.c_str());
  }
  rmdir(directory);
  return made;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Lines>> Lines::Make(Medium medium, uint32_t count) {
  std::unique_ptr<Lines> lines(new Lines(medium == Medium::kUnixPackets));
  const int listener = medium == Medium::kTcp ? ListenOnLoopback() : -1;
  if (medium == Medium::kTcp && listener < 0) return Failed("listen on 127.0.0.1");
  absl::Status status;
  for (uint32_t i = 0; i < count && status.ok(); ++i) status = lines->Add(medium, listener);
  if (listener >= 0) close(listener);
  if (!status.ok()) return status;
  return lines;
}

absl::Status Lines::Add(Medium medium, int listener) {
  LineEnds& client = ends_[static_cast<size_t>(Side::kClient)].emplace_back();
  LineEnds& server = ends_[static_cast<size_t>(Side::kServer)].emplace_back();
  if (medium == Medium::kPipe || medium == Medium::kFifo) {
    const auto make = medium == Medium::kPipe ? MakePipe : MakeFifo;
    int requests[2], answers[2];
    if (!make(requests)) return Failed("pipe");
    server.read_fd = requests[0];
    client.write_fd = requests[1];
    if (!make(answers)) return Failed("pipe");
    client.read_fd = answers[0];
    server.write_fd = answers[1];
    for (const int fd : {client.write_fd, server.write_fd})
      fcntl(fd, F_SETPIPE_SZ, kPipeBytes);  // less also works
    return absl::OkStatus();
  }
  int both[2] = {-1, -1};
  const bool made =
      medium == Medium::kTcp
          ? TcpPair(listener, both)
          : socketpair(AF_UNIX, (packets_ ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0,
                       both) == 0;
  client = {both[0], both[0]};
  server = {both[1], both[1]};
  return made ? absl::OkStatus()
              : Failed(medium == Medium::kTcp ? "connect over loopback" : "socketpair");
}

void Lines::Close(Side side) {
  for (LineEnds& ends : ends_[static_cast<size_t>(side)]) {
    if (ends.read_fd >= 0) close(ends.read_fd);
    if (ends.write_fd >= 0 && ends.write_fd != ends.read_fd) close(ends.write_fd);
    ends = LineEnds();
  }
}

void Lines::CloseAll() {
  Close(Side::kClient);
  Close(Side::kServer);
}

void Lines::CloseOther(Side side) { Close(side == Side::kClient ? Side::kServer : Side::kClient); }

void Lines::SetNonBlocking(Side side) const {
  for (const LineEnds& ends : of(side)) {
    for (const int fd : {ends.read_fd, ends.write_fd})
      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
}

struct PacketBatch::Vectors {
  iovec parts[kPacketsMax];
  mmsghdr messages[kPacketsMax];
};

PacketBatch::PacketBatch(size_t packet_bytes, size_t room_bytes)
    : packet_bytes_(packet_bytes),
      packets_(
          static_cast<uint32_t>(std::clamp<size_t>(room_bytes / packet_bytes, 1, kPacketsMax))),
      vectors_(new Vectors{}) {
  for (uint32_t i = 0; i < kPacketsMax; ++i) {
    vectors_->parts[i].iov_len = packet_bytes_;
    vectors_->messages[i].msg_hdr.msg_iov = &vectors_->parts[i];
    vectors_->messages[i].msg_hdr.msg_iovlen = 1;
  }
}

PacketBatch::~PacketBatch() = default;

int64_t PacketBatch::Receive(int fd, std::byte* to, bool wait) {
  for (uint32_t i = 0; i < packets_; ++i) vectors_->parts[i].iov_base = to + i * packet_bytes_;
  const int got =
      recvmmsg(fd, vectors_->messages, packets_, wait ? MSG_WAITFORONE : MSG_DONTWAIT, nullptr);
  if (got <= 0) return got;
  for (int i = 0; i < got; ++i) {
    if (vectors_->messages[i].msg_len == packet_bytes_) continue;
    if (vectors_->messages[i].msg_len == 0)
      return i * static_cast<int64_t>(packet_bytes_);  // the end, after what came before
    errno = EBADMSG;
    return -1;
  }
  return got * static_cast<int64_t>(packet_bytes_);
}

bool PacketBatch::Send(int fd, const std::byte* from, size_t bytes) {
  while (bytes > 0) {
    const auto count = static_cast<uint32_t>(std::min<size_t>(bytes / packet_bytes_, kPacketsMax));
    for (uint32_t i = 0; i < count; ++i)
      vectors_->parts[i].iov_base = const_cast<std::byte*>(from) + i * packet_bytes_;
    const int sent = sendmmsg(fd, vectors_->messages, count, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent <= 0) {
      pollfd room{fd, POLLOUT, 0};
      poll(&room, 1, -1);
      continue;
    }
    from += static_cast<size_t>(sent) * packet_bytes_;
    bytes -= static_cast<size_t>(sent) * packet_bytes_;
  }
  return true;
}

}  // namespace jackfield::bench
