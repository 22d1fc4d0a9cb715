#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/fd_wait.h"
#include "transports/engine/turn_away.h"
#include "transports/fifo/meeting.h"

namespace jackfield {
namespace {

constexpr int64_t kRetryNs = 10'000'000;
constexpr int kHellosPerTurn = 64;

class FifoServer final : public Opening {
 public:
  FifoServer(Loop& loop, LinkSink& sink, FifoPlace place, OwnedFd fifo, Address actual,
             FifoHandOver hand_over, std::function<void()> after)
      : loop_(loop),
        sink_(sink),
        place_(std::move(place)),
        actual_(std::move(actual)),
        hand_over_(std::move(hand_over)),
        after_(std::move(after)),
        wait_(
            loop, std::move(fifo),
            [](void* user, int32_t) { static_cast<FifoServer*>(user)->OnReady(); }, this),
        timer_([](Timer& timer) { static_cast<FifoServer*>(timer.user)->Begin(); }, this) {
    SweepDeadFifos(place_.directory.get(), kPrivatePrefix);
    loop_.timers().Arm(timer_, 0);  // the sink is not called from inside Open
  }
  ~FifoServer() override {
    loop_.timers().Cancel(timer_);
    UnlinkIfSame(place_.directory.get(), place_.name, wait_.fd());
    SweepDeadFifos(place_.directory.get(), kPrivatePrefix);
    after_();
  }

 private:
  void Begin() {
    if (!std::exchange(told_, true)) sink_.OnServing(actual_);
    if (!wait_.pending()) wait_.Start(POLLIN);
  }

  void OnReady() {
    for (int hellos = 0; hellos < kHellosPerTurn;) {
      const int64_t got =
          loop_.sys().Read(wait_.fd(), bytes_.data() + held_, bytes_.size() - held_);
      if (got == -EAGAIN) {
        held_ = 0;  // a Hello comes whole: what is left is rubbish
        break;
      }
      if (got <= 0) return Retry();  // the server lives, and tries again a little later
      held_ += static_cast<size_t>(got);
      hellos += TakeHellos();
    }
    wait_.Start(POLLIN);
  }
  void Retry() { loop_.timers().Arm(timer_, loop_.clock().NowNs() + kRetryNs); }

  // Takes every whole Hello; what is none is skipped byte by byte. Returns how many.
  int TakeHellos() {
    int count = 0;
    size_t at = 0;
    while (held_ - at >= sizeof(FifoHello)) {
      FifoHello hello;
      std::memcpy(&hello, bytes_.data() + at, sizeof hello);
      if (std::memcmp(hello.magic, FifoHello::kMagic, sizeof hello.magic) != 0 ||
          hello.check != CheckOf(hello)) {
        ++at;
        continue;
      }
      at += sizeof hello;
      ++count;
      Meet(hello);
    }
    held_ -= at;
    std::memmove(bytes_.data(), bytes_.data() + at, held_);
    return count;
  }

  // A client that is gone, or whose names are not FIFOs of this user, is forgotten without a word:
  // there is nobody to tell.
  void Meet(const FifoHello& hello) {
    const int directory_fd = place_.directory.get();
    const PrivateNames names = PrivateNamesOf(hello.nonce);
    absl::StatusOr<OwnedFd> down = OpenFifo(directory_fd, names.down, O_WRONLY, place_.what);
    if (!down.ok() && absl::IsResourceExhausted(down.status())) {
      spare_.Spend();  // FAULTS C1: the client is told at once, and the server lives
      down = OpenFifo(directory_fd, names.down, O_WRONLY, place_.what);
      if (down.ok()) Refuse(*down, hello);
      down = absl::ResourceExhaustedError("");
    }
    FifoPair pair;
    if (down.ok()) {
      absl::StatusOr<OwnedFd> up = OpenFifo(directory_fd, names.up, O_RDONLY, place_.what);
      if (up.ok())
        pair = {*std::move(up), *std::move(down)};
      else if (absl::IsResourceExhausted(up.status()))
        Refuse(*down, hello);
    }
    unlinkat(directory_fd, names.up.c_str(), 0);
    unlinkat(directory_fd, names.down.c_str(), 0);
    spare_.Keep();
    if (pair.read.ok() && Answer(pair.write, hello, 0)) hand_over_(std::move(pair), sink_);
  }

  void Refuse(const OwnedFd& to, const FifoHello& hello) {
    Answer(to, hello, EMFILE);
    sink_.OnRefused(
        Refused(Reason::kResource,
                Text(actual_.ToString(), ": ", std::string(NoDescriptorLeft(EMFILE).message()))));
  }
  // False: the client has gone. An empty FIFO takes it in one write.
  bool Answer(const OwnedFd& to, const FifoHello& hello, int error) {
    FifoAnswer answer{};
    std::memcpy(answer.magic, FifoHello::kMagic, sizeof answer.magic);
    std::memcpy(answer.nonce, hello.nonce, sizeof answer.nonce);
    answer.error = static_cast<uint32_t>(error);
    auto* at = reinterpret_cast<std::byte*>(&answer);
    for (size_t left = sizeof answer; left > 0;) {
      const iovec part{at, left};
      const int64_t wrote = loop_.sys().Writev(to.get(), &part, 1);
      if (wrote <= 0) return false;
      at += wrote;
      left -= static_cast<size_t>(wrote);
    }
    return true;
  }

  Loop& loop_;
  LinkSink& sink_;
  const FifoPlace place_;
  const Address actual_;
  const FifoHandOver hand_over_;
  const std::function<void()> after_;
  FdWait wait_;
  Timer timer_;
  SpareFd spare_;
  std::array<std::byte, 4096> bytes_;
  size_t held_ = 0;
  bool told_ = false;
};

}  // namespace

uint32_t CheckOf(const FifoHello& hello) {
  uint32_t check = 2166136261;  // FNV-1a
  const auto* bytes = reinterpret_cast<const unsigned char*>(&hello);
  for (size_t i = 0; i < offsetof(FifoHello, check); ++i) check = (check ^ bytes[i]) * 16777619;
  return check;
}

std::unique_ptr<Opening> MakeFifoServer(Loop& loop, LinkSink& sink, FifoPlace place, OwnedFd fifo,
                                        Address actual, FifoHandOver hand_over,
                                        std::function<void()> after) {
  return std::make_unique<FifoServer>(loop, sink, std::move(place), std::move(fifo),
                                      std::move(actual), std::move(hand_over), std::move(after));
}

}  // namespace jackfield
