// Many connections, one epoll loop on each side: read all there is, answer all of it, write once.
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "kernel/base/text.h"
#include "tools/bench/floor_lines.h"
#include "tools/bench/floor_loops.h"

namespace jackfield::bench {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr int kEvents = 64;

// The ends of one side, watched.
class Poller {
 public:
  Poller(const Lines& lines, Side side, size_t size_bytes)
      : ends_(lines.of(side)),
        packets_(lines.packets()),
        size_(size_bytes),
        batch_(size_bytes, kReadBytes),
        rest_(ends_.size()),
        epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) {
    lines.SetNonBlocking(side);
    for (size_t i = 0; i < ends_.size(); ++i) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, ends_[i].read_fd, &event);
    }
  }
  ~Poller() { close(epoll_fd_); }
  Poller(const Poller&) = delete;

  // Waits for some of them, and calls f(index) for each. False: none within ten seconds.
  template <class F>
  bool Wait(F f) {
    epoll_event events[kEvents];
    const int got = epoll_wait(epoll_fd_, events, kEvents, 10'000);
    for (int i = 0; i < got; ++i) f(static_cast<size_t>(events[i].data.u64));
    return got > 0 || (got < 0 && errno == EINTR);
  }

  // Reads what is there; `*messages` gets a multiple of the message size (what is over stays for
  // the next time). Returns its bytes; 0: nothing whole yet; -1: the other side has gone.
  int64_t Read(size_t index, std::byte* messages) {
    if (packets_) {
      const int64_t got = batch_.Receive(ends_[index].read_fd, messages, false);
      return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
    }
    std::vector<std::byte>& rest = rest_[index];
    const size_t before = rest.size();
    std::memcpy(messages, rest.data(), before);
    const ssize_t got = read(ends_[index].read_fd, messages + before, kReadBytes);
    if (got <= 0) return got < 0 && errno == EAGAIN ? 0 : -1;
    const size_t have = before + static_cast<size_t>(got), whole = have - have % size_;
    rest.assign(messages + whole, messages + have);
    return static_cast<int64_t>(whole);
  }

  // Everything. Where there is no room it waits for some, asleep: what is outstanding fits into the
  // medium, so there will be.
  bool Write(size_t index, const std::byte* messages, size_t bytes) {
    if (packets_) return batch_.Send(ends_[index].write_fd, messages, bytes);
    while (bytes > 0) {
      const ssize_t put = write(ends_[index].write_fd, messages, bytes);
      if (put < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (put <= 0) {
        pollfd room{ends_[index].write_fd, POLLOUT, 0};
        poll(&room, 1, -1);
        continue;
      }
      messages += put;
      bytes -= static_cast<size_t>(put);
    }
    return true;
  }

  void Forget(size_t index) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, ends_[index].read_fd, nullptr); }

 private:
  const std::vector<LineEnds>& ends_;
  const bool packets_;
  const size_t size_;
  PacketBatch batch_;
  std::vector<std::vector<std::byte>> rest_;
  const int epoll_fd_;
};

}  // namespace

absl::Status ServeFaninFloor(Context& context, Lines& lines) {
  const size_t size = context.options.size_bytes;
  const Content content(size);
  Poller poller(lines, Side::kServer, size);
  std::vector<std::byte> room(kReadBytes + size);
  std::vector<uint64_t> next(lines.of(Side::kServer).size(), 0);
  size_t open = next.size();
  bool right = true;
  while (open > 0 && right) {
    const bool some = poller.Wait([&](size_t index) {
      const int64_t got = poller.Read(index, room.data());
      if (got < 0) {
        poller.Forget(index);
        --open;
        return;
      }
      for (size_t at = 0; at < static_cast<size_t>(got); at += size)
        right &= content.IsRight(next[index]++, &room[at]);
      if (got > 0)
        poller.Write(index, room.data(),
                     static_cast<size_t>(got));  // a client that has gone is seen at the next read
    });
    if (!some) return OtherSideGone();
  }
  return right ? absl::OkStatus() : WrongEcho();
}

absl::Status MeasureFaninFloor(Context& context, Lines& lines) {
  const size_t size = context.options.size_bytes, depth = context.options.depth;
  const Content content(size);
  Poller poller(lines, Side::kClient, size);
  std::vector<std::byte> requests, room(kReadBytes + size);
  while (requests.size() < std::max(depth * size, kReadBytes + size)) {
    const std::vector<std::byte> message = content.MakeMessage();
    requests.insert(requests.end(), message.begin(), message.end());
  }
  struct Connection {
    std::vector<int64_t> issued_ns;  // of the outstanding ones; the oldest at `oldest`
    size_t oldest = 0;
    uint64_t sent = 0, answered = 0;
  };
  std::vector<Connection> connections(lines.of(Side::kClient).size());
  const auto send = [&](size_t index, size_t count) {
    for (size_t i = 0; i < count; ++i) content.Put(connections[index].sent++, &requests[i * size]);
    return poller.Write(index, requests.data(), count * size);
  };
  Window window(context);
  Histogram& latency = context.run.latency;
  int64_t now_ns = NowNs();
  bool right = true, over = false;
  for (size_t index = 0; index < connections.size(); ++index) {
    connections[index].issued_ns.assign(depth, now_ns);
    right &= send(index, depth);
  }
  while (right && !over) {
    const bool some = poller.Wait([&](size_t index) {
      const int64_t got = poller.Read(index, room.data());
      right &= got >= 0;
      if (got <= 0) return;
      Connection& connection = connections[index];
      now_ns = NowNs();
      for (size_t at = 0; at < static_cast<size_t>(got); at += size) {
        right &= content.IsRight(connection.answered++, &room[at]);
        int64_t& issued_ns = connection.issued_ns[connection.oldest];
        latency.Add(static_cast<uint64_t>(now_ns - issued_ns));
        issued_ns = now_ns;
        connection.oldest = (connection.oldest + 1) % depth;
      }
      right &= send(index, static_cast<size_t>(got) / size);
    });
    if (!some) return OtherSideGone();
    if (window.Begins(now_ns)) latency.Clear();
    over = window.Over(now_ns);
  }
  if (!right) return WrongEcho();
  window.End(latency.count());
  return absl::OkStatus();
}

}  // namespace jackfield::bench
