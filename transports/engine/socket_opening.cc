#include "transports/engine/socket_opening.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/connect_error.h"
#include "transports/engine/internet_name.h"

namespace jackfield {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr int64_t kRetryNs = 10'000'000;
constexpr int64_t kRoomNs = 200'000;  // somebody gives way: the descriptor is free soon

// An Op that outlives the opening it belonged to, because the reactor still refers to it.
struct Wait {
  explicit Wait(Op::Done done) : op(done, this) {}
  Op op;
  void* owner =
      nullptr;  // nullptr: orphaned; deletes itself, and its descriptor, when the op is done
  int fd = -1;
};

void Orphan(Loop& loop, Wait* wait) {
  wait->owner = nullptr;
  if (wait->op.pending) {
    loop.reactor().Cancel(wait->op);
  } else {
    if (wait->fd >= 0) close(wait->fd);
    delete wait;
  }
}

class SocketServer final : public Opening {
 public:
  SocketServer(Loop& loop, LinkSink& sink, int fd, Address actual, HandOver hand_over,
               RefuseSocket refuse)
      : loop_(loop),
        sink_(sink),
        hand_over_(std::move(hand_over)),
        refuse_(std::move(refuse)),
        actual_(std::move(actual)),
        wait_(new Wait([](Op& op, int32_t result) {
          auto* wait = static_cast<Wait*>(op.user);
          if (wait->owner != nullptr)
            return static_cast<SocketServer*>(wait->owner)->OnReady(result);
          close(wait->fd);
          delete wait;
        })),
        timer_([](Timer& timer) { static_cast<SocketServer*>(timer.user)->Begin(); }, this) {
    wait_->owner = this;
    wait_->fd = fd;
    loop_.timers().Arm(timer_, 0);  // the sink is not called from inside Open
  }
  ~SocketServer() override {
    loop_.timers().Cancel(timer_);
    Orphan(loop_, wait_);
  }

 private:
  void Begin() {
    if (!std::exchange(told_, true)) sink_.OnServing(actual_);
    if (!wait_->op.pending) loop_.reactor().Start(wait_->op, wait_->fd, POLLIN);
  }

  void OnReady(int32_t) {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      const int fd = loop_.sys().Accept(wait_->fd, nullptr, nullptr);
      if (fd >= 0) {
        hand_over_(fd, sink_);
      } else if (fd == -EAGAIN) {
        break;
      } else if (fd == -EMFILE || fd == -ENFILE) {
        if (sink_.MakeRoom()) return RetryIn(kRoomNs);
        if (!RefuseWaiting(NoDescriptorLeft(-fd))) return RetryIn(kRetryNs);
        break;
      } else if (fd != -ECONNABORTED && fd != -EPROTO && fd != -EINTR) {
        // ENOMEM, ENOBUFS …: the listener lives, and tries again later. The clients wait.
        sink_.OnRefused(SysError(-fd, Text(actual_.ToString(), ": accept")));
        return RetryIn(kRetryNs);
      }
    }
    loop_.reactor().Start(wait_->op, wait_->fd, POLLIN);
  }

  // Whoever is at the door. False: the spare descriptor's place was taken by somebody else.
  bool RefuseWaiting(const absl::Status& why) {
    spare_.Spend();
    int refused = 0, error = 0;
    while (refused < kAcceptsPerTurn) {
      OwnedFd socket(accept4(wait_->fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      error = errno;
      if (!socket.ok()) break;
      ++refused;
      refuse_(std::move(socket), why);
      sink_.OnRefused(
          Refused(ReasonOf(why), Text(actual_.ToString(), ": ", std::string(why.message()))));
    }
    spare_.Keep();
    return refused > 0 || error == EAGAIN;
  }
  void RetryIn(int64_t ns) { loop_.timers().Arm(timer_, loop_.clock().NowNs() + ns); }

  Loop& loop_;
  LinkSink& sink_;
  const HandOver hand_over_;
  const RefuseSocket refuse_;
  const Address actual_;
  Wait* const wait_;
  Timer timer_;
  SpareFd spare_;
  bool told_ = false;
};

class SocketClient final : public Opening {
 public:
  SocketClient(Loop& loop, LinkSink& sink, int fd, int result, std::string what, HandOver hand_over)
      : loop_(loop),
        sink_(sink),
        hand_over_(std::move(hand_over)),
        what_(std::move(what)),
        result_(result),
        wait_(new Wait([](Op& op, int32_t result) {
          auto* wait = static_cast<Wait*>(op.user);
          if (wait->owner != nullptr)
            return static_cast<SocketClient*>(wait->owner)->OnReady(result);
          close(wait->fd);
          delete wait;
        })),
        timer_(
            [](Timer& timer) {
              auto* self = static_cast<SocketClient*>(timer.user);
              self->Finish(self->result_);
            },
            this) {
    wait_->owner = this;
    wait_->fd = fd;
    if (result == -EINPROGRESS)
      loop_.reactor().Start(wait_->op, fd, POLLOUT);
    else
      loop_.timers().Arm(timer_, 0);
  }
  ~SocketClient() override {
    loop_.timers().Cancel(timer_);
    Orphan(loop_, wait_);
  }

 private:
  void OnReady(int32_t result) {
    if (result < 0) return Finish(result);
    int error = 0;
    socklen_t bytes = sizeof error;
    getsockopt(wait_->fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
    Finish(-error);
  }
  // Last: the sink may destroy this.
  void Finish(int result) {
    // vsock refuses a connection so: nobody listens there.
    if (result == -ECONNRESET || (result == 0 && IsConnectedToItself(wait_->fd)))
      result = -ECONNREFUSED;
    if (result < 0) return sink_.OnOpenFailed(ConnectError(-result, what_));
    hand_over_(std::exchange(wait_->fd, -1), sink_);
  }

  Loop& loop_;
  LinkSink& sink_;
  const HandOver hand_over_;
  const std::string what_;
  const int result_;
  Wait* const wait_;
  Timer timer_;
};

}  // namespace

std::unique_ptr<Opening> MakeSocketServer(Loop& loop, LinkSink& sink, int listening_fd,
                                          Address actual, HandOver hand_over, RefuseSocket refuse) {
  return std::make_unique<SocketServer>(loop, sink, listening_fd, std::move(actual),
                                        std::move(hand_over), std::move(refuse));
}

std::unique_ptr<Opening> MakeSocketClient(Loop& loop, LinkSink& sink, int fd, int result,
                                          std::string what, HandOver hand_over) {
  return std::make_unique<SocketClient>(loop, sink, fd, result, std::move(what),
                                        std::move(hand_over));
}

PeerIdentity PeerOf(int fd) {
  ucred credentials{};
  socklen_t bytes = sizeof credentials;
  PeerIdentity peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) == 0) {
    peer.known = true;
    peer.uid = credentials.uid;
    peer.gid = credentials.gid;
    peer.pid = credentials.pid;
  }
  return peer;
}

}  // namespace jackfield
