#include "transports/pipe/pipe.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/about.h"
#include "transports/engine/stream/pipe_fds.h"
#include "transports/engine/stream/stream_driver.h"
#include "transports/engine/transport_of.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"pid"};

struct Ends {
  int read_fd = -1;
  int write_fd = -1;
  int pid = 0;
};

absl::StatusOr<Ends> Read(const Address& address) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  Ends ends;
  if (!address.bare()) {
    int used = 0;
    const int got =
        std::sscanf(address.target().c_str(), "fd=%d,%d%n", &ends.read_fd, &ends.write_fd, &used);
    if (got != 2 || static_cast<size_t>(used) != address.target().size() || ends.read_fd < 0 ||
        ends.write_fd < 0 || ends.read_fd == ends.write_fd) {
      return bad("write pipe:fd=R,W with the two inherited descriptors");
    }
  }
  if (const auto pid = address.Find("pid")) {
    const char* const end = pid->data() + pid->size();
    const auto [stop, error] = std::from_chars(pid->data(), end, ends.pid);
    if (error != std::errc() || stop != end || ends.pid < 1) return bad("pid is a process number");
  }
  return ends;
}

Caps PipeCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss =
      caps.inherited = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

// Hands its one link over in a later turn.
class PipeOpening final : public Opening {
 public:
  PipeOpening(Loop& loop, LinkSink& sink, StreamEnds ends, Address address, Role role)
      : loop_(loop),
        sink_(sink),
        ends_(ends),
        address_(std::move(address)),
        role_(role),
        timer_([](Timer& timer) { static_cast<PipeOpening*>(timer.user)->Begin(); }, this) {
    loop_.timers().Arm(timer_, 0);
  }
  ~PipeOpening() override {
    loop_.timers().Cancel(timer_);
    for (const int fd : {ends_.read_fd, ends_.write_fd, ends_.liveness_fd}) {
      if (fd >= 0) close(fd);
    }
  }

 private:
  void Begin() {
    if (role_ == Role::kServe) sink_.OnServing(address_);
    LinkTraits traits;
    traits.caps = PipeCaps();
    traits.description = address_.ToString();
    sink_.OnLink(std::make_unique<StreamDriver>(loop_, std::exchange(ends_, StreamEnds{})),
                 std::move(traits));
  }

  Loop& loop_;
  LinkSink& sink_;
  StreamEnds ends_;
  const Address address_;
  const Role role_;
  Timer timer_;
};

class PipeTransport final : public TransportOf<Ends, Read, PipeCaps> {
 public:
  std::string_view scheme() const override { return "pipe"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(Ends& ends, const Address& address, Role role,
                                                 Loop& loop, LinkSink& sink) const override {
    if (address.bare()) {
      return absl::InvalidArgumentError(
          "pipe: joins processes that a common parent starts with pipe:fd=R,W; let `jackfield up` "
          "start them, or use unix:");
    }
    for (const int fd : {ends.read_fd, ends.write_fd}) {
      struct stat what {};
      if (fstat(fd, &what) != 0 || !S_ISFIFO(what.st_mode)) {
        return absl::InvalidArgumentError(
            About(address, "descriptor ", fd, " is not an open pipe"));
      }
      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
      fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    if ((fcntl(ends.read_fd, F_GETFL) & O_ACCMODE) == O_WRONLY ||
        (fcntl(ends.write_fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
      return absl::InvalidArgumentError(
          About(address, "the first descriptor is read from, the second written to"));
    }
    PreparePipeForWriting(ends.write_fd);

    StreamEnds stream{.read_fd = ends.read_fd,
                      .write_fd = ends.write_fd,
                      .frame_bytes_max = kFrameBytesMaxDefault};
    if (ends.pid > 0) {
      stream.liveness_fd = loop.sys().PidFd(ends.pid);
      if (stream.liveness_fd < 0)
        return SysError(-stream.liveness_fd, Text("pidfd_open for ", address.ToString()));
    }
    return std::make_unique<PipeOpening>(loop, sink, stream, address, role);
  }
};

}  // namespace

std::unique_ptr<Transport> MakePipeTransport() { return std::make_unique<PipeTransport>(); }

}  // namespace jackfield
