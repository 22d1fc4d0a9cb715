#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/fd_wait.h"
#include "transports/fifo/meeting.h"

namespace jackfield {
namespace {

// A server that is stopped, or something else that reads its FIFO, does not answer.
constexpr int64_t kAnswerNs = 2'000'000'000;

class FifoClient final : public Opening {
 public:
  // meeting: the well-known FIFO, to which the Hello goes.
  FifoClient(Loop& loop, LinkSink& sink, FifoPlace place, OwnedFd meeting, FifoPair pair,
             const FifoHello& hello, FifoHandOver hand_over)
      : loop_(loop),
        sink_(sink),
        place_(std::move(place)),
        names_(PrivateNamesOf(hello.nonce)),
        hello_(hello),
        hand_over_(std::move(hand_over)),
        up_(std::move(pair.write)),
        answer_wait_(
            loop, std::move(pair.read),
            [](void* user, int32_t) { static_cast<FifoClient*>(user)->OnAnswer(); }, this),
        end_wait_(
            loop, std::move(meeting),
            [](void* user, int32_t) { static_cast<FifoClient*>(user)->OnServerGone(); }, this),
        timer_([](Timer& timer) { static_cast<FifoClient*>(timer.user)->OnTimer(); }, this) {
    loop_.timers().Arm(timer_, 0);
  }
  ~FifoClient() override {
    loop_.timers().Cancel(timer_);
    RemoveNames();
  }

 private:
  // First: says hello, for which the sink may have to be told that it failed. Then: the time is
  // over.
  void OnTimer() {
    if (ended_) return;
    if (std::exchange(began_, true)) {
      return Fail(MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                             Text(place_.what, ": no answer within ", kAnswerNs / 1'000'000,
                                  " ms; is it a Jackfield service that reads that FIFO?")));
    }
    if (const int error = SayHello(); error != 0) {
      if (error == EAGAIN) {
        return Fail(MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                               Text(place_.what, " is full: its server does not read it")));
      }
      return Fail(SysError(error == EPIPE ? ECONNREFUSED : error, Text("connect ", place_.what)));
    }
    loop_.timers().Arm(timer_, loop_.clock().NowNs() + kAnswerNs);
    answer_wait_.Start(POLLIN);
    end_wait_.Start(0);
  }

  // 0, or an errno. The system writes it whole or not at all; only a test's fault seam cuts it.
  int SayHello() {
    auto* at = reinterpret_cast<std::byte*>(&hello_);
    for (size_t left = sizeof hello_; left > 0;) {
      const iovec part{at, left};
      const int64_t wrote = loop_.sys().Writev(end_wait_.fd(), &part, 1);
      if (wrote <= 0) return wrote == 0 ? EIO : static_cast<int>(-wrote);
      at += wrote;
      left -= static_cast<size_t>(wrote);
    }
    return 0;
  }

  void OnAnswer() {
    if (ended_) return;
    while (held_ < sizeof answer_) {
      const int64_t got =
          loop_.sys().Read(answer_wait_.fd(), reinterpret_cast<std::byte*>(&answer_) + held_,
                           sizeof answer_ - held_);
      if (got == -EAGAIN) return answer_wait_.Start(POLLIN);
      if (got <= 0) return Fail(SysError(ECONNREFUSED, Text("connect ", place_.what)));
      held_ += static_cast<size_t>(got);
    }
    if (std::memcmp(answer_.magic, FifoHello::kMagic, sizeof answer_.magic) != 0 ||
        std::memcmp(answer_.nonce, hello_.nonce, sizeof answer_.nonce) != 0) {
      return Fail(MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                             Text(place_.what, ": the answer to hello is not a service's")));
    }
    if (answer_.error != 0) {
      return Fail(
          Refused(Reason::kResource,
                  Text(place_.what, ": the service has no descriptors left for another client (",
                       strerror(static_cast<int>(answer_.error)),
                       ", RLIMIT_NOFILE): raise it with ulimit -n where the service is started")));
    }
    RemoveNames();
    End();
    // Last: the sink may destroy this.
    hand_over_({answer_wait_.Take(), std::move(up_)}, sink_);
  }

  void OnServerGone() {
    if (ended_ || held_ > 0) return;  // it has answered
    Fail(SysError(ECONNREFUSED, Text("connect ", place_.what)));
  }

  // Last: the sink may destroy this.
  void Fail(absl::Status why) {
    End();
    sink_.OnOpenFailed(std::move(why));
  }
  void End() {
    ended_ = true;
    loop_.timers().Cancel(timer_);
  }

  void RemoveNames() {
    if (std::exchange(removed_, true)) return;
    unlinkat(place_.directory.get(), names_.up.c_str(), 0);
    unlinkat(place_.directory.get(), names_.down.c_str(), 0);
  }

  Loop& loop_;
  LinkSink& sink_;
  const FifoPlace place_;
  const PrivateNames names_;
  FifoHello hello_;
  const FifoHandOver hand_over_;
  OwnedFd up_;
  FdWait answer_wait_, end_wait_;
  Timer timer_;
  FifoAnswer answer_{};
  size_t held_ = 0;
  bool began_ = false, removed_ = false, ended_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Opening>> MakeFifoClient(Loop& loop, LinkSink& sink, FifoPlace place,
                                                        FifoHandOver hand_over) {
  const int directory_fd = place.directory.get();
  absl::StatusOr<OwnedFd> meeting = OpenFifo(directory_fd, place.name, O_WRONLY, place.what);
  if (!meeting.ok()) return meeting.status();
  FifoHello hello{};
  std::memcpy(hello.magic, FifoHello::kMagic, sizeof hello.magic);
  if (getrandom(hello.nonce, sizeof hello.nonce, 0) != sizeof hello.nonce)
    return SysError(errno, "getrandom");
  const auto pid = static_cast<uint32_t>(getpid());
  for (int i = 0; i < 4; ++i) hello.nonce[i] = static_cast<unsigned char>(pid >> (24 - 8 * i));
  hello.check = CheckOf(hello);
  const PrivateNames names = PrivateNamesOf(hello.nonce);
  absl::StatusOr<OwnedFd> down = MakeOwnFifo(directory_fd, names.down, O_RDONLY, place.what);
  if (!down.ok()) return down.status();
  absl::StatusOr<OwnedFd> up = MakeOwnFifo(directory_fd, names.up, O_WRONLY, place.what);
  if (!up.ok()) {
    unlinkat(directory_fd, names.down.c_str(), 0);
    return up.status();
  }
  return std::make_unique<FifoClient>(loop, sink, std::move(place), *std::move(meeting),
                                      FifoPair{*std::move(down), *std::move(up)}, hello,
                                      std::move(hand_over));
}

}  // namespace jackfield
