#include "tools/bench/floor_posts.h"

#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tools/bench/floor_loops.h"

namespace jackfield::bench {
namespace {

constexpr uint64_t kQueueBytesMax = 8192;          // fs.mqueue.msgsize_max, kernel.msgmax
constexpr uint64_t kUdpBytesMax = 65'507;          // udp(7)
constexpr uint64_t kDatagramBytesMax = 128 << 10;  // as our own; net.core.wmem_default holds it
constexpr uint64_t kNoMore = UINT64_MAX;           // the sequence of the last message

absl::Status Failed(std::string_view what) {
  return absl::ResourceExhaustedError(Text(what, ": ", std::strerror(errno)));
}

// Where one side's messages go and come from, made by the parent for both. Blocks, or with kSpin
// tries again and again.
class Post {
 public:
  virtual ~Post() = default;
  virtual bool Send(const std::byte* message, size_t bytes) = 0;
  virtual bool Receive(std::byte* message, size_t bytes) = 0;
};
using Posts = std::array<std::unique_ptr<Post>, 2>;  // by Side

bool Again() { return errno == EAGAIN || errno == EINTR || errno == ENOMSG; }

class SocketPost final : public Post {
 public:
  SocketPost(int fd, Waiting waiting)
      : fd_(fd), flags_(waiting == Waiting::kSpin ? MSG_DONTWAIT : 0) {}
  ~SocketPost() override { close(fd_); }
  bool Send(const std::byte* message, size_t bytes) override {
    ssize_t sent;
    do sent = send(fd_, message, bytes, flags_ | MSG_NOSIGNAL);
    while (sent < 0 && Again());
    return sent == static_cast<ssize_t>(bytes);
  }
  bool Receive(std::byte* message, size_t bytes) override {
    ssize_t got;
    do got = recv(fd_, message, bytes, flags_);
    while (got < 0 && Again());
    return got == static_cast<ssize_t>(bytes);
  }

 private:
  const int fd_;
  const int flags_;
};

class PosixPost final : public Post {
 public:
  PosixPost(int out, int in) : out_(out), in_(in) {}
  ~PosixPost() override { close(in_); }  // each side's own queue
  bool Send(const std::byte* message, size_t bytes) override {
    int sent;
    do sent = mq_send(out_, reinterpret_cast<const char*>(message), bytes, 0);
    while (sent < 0 && Again());
    return sent == 0;
  }
  bool Receive(std::byte* message, size_t bytes) override {
    ssize_t got;
    do got = mq_receive(in_, reinterpret_cast<char*>(message), bytes, nullptr);
    while (got < 0 && Again());
    return got == static_cast<ssize_t>(bytes);
  }

 private:
  const int out_, in_;
};

class SysvPost final : public Post {
 public:
  SysvPost(int out, int in, size_t bytes, Waiting waiting, pid_t owner)
      : out_(out),
        in_(in),
        flags_(waiting == Waiting::kSpin ? IPC_NOWAIT : 0),
        owner_(owner),
        letter_(sizeof(long) + bytes) {
    const long type = 1;
    std::memcpy(letter_.data(), &type, sizeof type);
  }
  ~SysvPost() override {
    if (getpid() == owner_) msgctl(in_, IPC_RMID, nullptr);  // each side's own queue
  }
  bool Send(const std::byte* message, size_t bytes) override {
    std::memcpy(letter_.data() + sizeof(long), message, bytes);
    int sent;
    do sent = msgsnd(out_, letter_.data(), bytes, flags_);
    while (sent < 0 && Again());
    return sent == 0;
  }
  bool Receive(std::byte* message, size_t bytes) override {
    ssize_t got;
    do got = msgrcv(in_, letter_.data(), bytes, 0, flags_);
    while (got < 0 && Again());
    std::memcpy(message, letter_.data() + sizeof(long), bytes);
    return got == static_cast<ssize_t>(bytes);
  }

 private:
  const int out_, in_, flags_;
  const pid_t owner_;  // the parent, which outlives both sides
  std::vector<std::byte> letter_;
};

int UdpSocket(sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  if (fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) == 0)
    return fd;
  if (fd >= 0) close(fd);
  return -1;
}

bool UdpPair(int both[2]) {
  sockaddr_in names[2];
  for (int i = 0; i < 2; ++i) both[i] = UdpSocket(names[i]);
  for (int i = 0; i < 2; ++i) {
    if (both[i] < 0 ||
        connect(both[i], reinterpret_cast<const sockaddr*>(&names[1 - i]), sizeof names[0]) != 0)
      return false;
  }
  return true;
}

// Has a name for as long as it takes to open it.
int MakePosixQueue(size_t bytes, Waiting waiting, int which) {
  const std::string name = Text("/jackfield-bench.", getpid(), ".", which);
  mq_attr attributes{};
  attributes.mq_maxmsg = 2;
  attributes.mq_msgsize = static_cast<long>(bytes);
  const int flags = waiting == Waiting::kSpin ? O_NONBLOCK : 0;
  const int fd =
      mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | flags, 0600, &attributes);
  if (fd >= 0) mq_unlink(name.c_str());
  return fd;
}

absl::StatusOr<Posts> MakePosts(Medium medium, size_t bytes, Waiting waiting) {
  int both[2] = {-1, -1};
  Posts posts;
  switch (medium) {
    case Medium::kUdp:
    case Medium::kUnixDatagrams: {
      const bool made = medium == Medium::kUdp
                            ? UdpPair(both)
                            : socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, both) == 0;
      if (!made) return Failed("a pair of datagram sockets");
      for (size_t i = 0; i < 2; ++i) posts[i] = std::make_unique<SocketPost>(both[i], waiting);
      return posts;
    }
    case Medium::kPosixQueue:
      for (int i = 0; i < 2; ++i) {
        if ((both[i] = MakePosixQueue(bytes, waiting, i)) < 0) return Failed("mq_open");
      }
      for (size_t i = 0; i < 2; ++i) posts[i] = std::make_unique<PosixPost>(both[1 - i], both[i]);
      return posts;
    default:
      // With the mark of the bus's queues (transports/sysv), so that jackfield clean finds them
      // should this be killed.
      for (int& id : both) {
        if ((id = msgget(IPC_PRIVATE, 0611)) >= 0) continue;
        const absl::Status why = Failed("msgget (kernel.msgmni)");
        if (both[0] >= 0) msgctl(both[0], IPC_RMID, nullptr);
        return why;
      }
      for (size_t i = 0; i < 2; ++i)
        posts[i] = std::make_unique<SysvPost>(both[1 - i], both[i], bytes, waiting, getpid());
      return posts;
  }
}

absl::Status ServePosts(Context& context, Post& post) {
  const Content content(context.options.size_bytes);
  std::vector<std::byte> message(context.options.size_bytes);
  for (uint64_t next = 0;; ++next) {
    if (!post.Receive(message.data(), message.size())) return OtherSideGone();
    if (Content::SequenceOf(message.data()) == kNoMore) return absl::OkStatus();
    if (!content.IsRight(next, message.data())) return WrongEcho();
    if (!post.Send(message.data(), message.size())) return OtherSideGone();
  }
}

absl::Status MeasurePosts(Context& context, Post& post) {
  const Content content(context.options.size_bytes);
  std::vector<std::byte> message = content.MakeMessage(), answer(message.size());
  const absl::Status measured = LatencyLoop(context, [&](uint64_t sequence) {
    content.Put(sequence, message.data());
    return post.Send(message.data(), message.size()) &&
           post.Receive(answer.data(), answer.size()) && content.IsRight(sequence, answer.data());
  });
  content.Put(kNoMore, message.data());
  post.Send(message.data(), message.size());
  return measured;
}

}  // namespace

bool IsPosts(Medium medium) {
  return medium == Medium::kUnixDatagrams || medium == Medium::kUdp ||
         medium == Medium::kPosixQueue || medium == Medium::kSysvQueue;
}

uint64_t PostBytesMax(Medium medium) {
  return medium == Medium::kUdp             ? kUdpBytesMax
         : medium == Medium::kUnixDatagrams ? kDatagramBytesMax
                                            : kQueueBytesMax;
}

absl::Status MeasurePostsFloor(const Options& options, const Floor& floor, Run& run) {
  absl::StatusOr<Posts> posts = MakePosts(floor.medium, options.size_bytes, floor.waiting);
  if (!posts.ok()) return posts.status();
  const auto post = [&](Side side) -> Post& { return *(*posts)[static_cast<size_t>(side)]; };
  Sides sides;
  sides.server = [&](Context& context) {
    context.PinThread();
    return ServePosts(context, post(Side::kServer));
  };
  sides.client = [&](Context& context) {
    context.PinThread();
    return MeasurePosts(context, post(Side::kClient));
  };
  return RunProcesses(options, sides, run);
}

}  // namespace jackfield::bench
