#include "transports/shm/shm_client.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/connect_error.h"
#include "transports/engine/socket_opening.h"
#include "transports/shm/memory_room.h"
#include "transports/shm/record_wait.h"
#include "transports/shm/shm_driver.h"
#include "transports/shm/shm_records.h"

namespace jackfield {
namespace {

constexpr int64_t kWelcomeNsMax = 2'000'000'000;

class ShmClient final : public Opening {
 public:
  ShmClient(Loop& loop, LinkSink& sink, const ShmSettings& settings, std::string description)
      : loop_(loop),
        sink_(sink),
        settings_(settings),
        description_(std::move(description)),
        timer_([](Timer& timer) { static_cast<ShmClient*>(timer.user)->Begin(); }, this) {
    loop_.timers().Arm(timer_, 0);  // the sink is not called from inside Open
  }
  ~ShmClient() override {
    loop_.timers().Cancel(timer_);
    for (const int fd : bells_) {
      if (fd >= 0) close(fd);
    }
  }

 private:
  void Begin() {
    absl::Status status = Greet();
    if (!status.ok()) sink_.OnOpenFailed(std::move(status));  // last: it may destroy this
  }

  absl::Status Greet() {
    const int fd = loop_.sys().Socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return SysError(-fd, "socket");
    const sockaddr_un name = settings_.socket_name();
    int result = loop_.sys().Connect(fd, reinterpret_cast<const sockaddr*>(&name),
                                     settings_.socket_name_bytes());
    // A full backlog: worth another try, like a service that is not there yet.
    if (result == -EAGAIN) result = -ECONNREFUSED;
    absl::Status status = result < 0 ? ConnectError(-result, "the rendezvous") : Offer(fd);
    if (!status.ok() && !wait_) close(fd);
    return status;
  }

  absl::Status Offer(int fd) {
    peer_ = PeerOf(fd);
    const bool same_uid = peer_.known && peer_.uid == geteuid();
    if (!same_uid && peer_.uid != 0 && !settings_.any_uid) {
      return MakeStatus(Outcome::kRefused, Reason::kPermission,
                        Text("it is served by uid ", peer_.uid, ", not by this program's ",
                             geteuid(), "; if that is meant, say ?uid=any"));
    }
    trust_ = same_uid ? RingDriver::Trust::kReadInPlace : RingDriver::Trust::kCopyFirst;
    const BellKind bell = same_uid || settings_.chosen_bell ? settings_.bell : BellKind::kSocket;
    absl::StatusOr<Segment> segment = Segment::Make({.lane_bytes = settings_.lane_bytes,
                                                     .huge = settings_.huge,
                                                     .lock = settings_.lock,
                                                     .end = 0},
                                                    FindMemoryRoom());
    if (!segment.ok()) return segment.status();
    segment_ = *std::move(segment);
    std::vector<int> fds = {segment_.fd()};
    for (int& own : bells_) {
      if (bell == BellKind::kSocket) break;
      own = loop_.sys().EventFd();
      if (own < 0) return SysError(-own, "eventfd");
      fds.push_back(own);
    }
    ShmHello hello;
    hello.lane_bytes = segment_.shape().lane_bytes;
    hello.data_offset = segment_.shape().data_offset;
    hello.bell = static_cast<uint32_t>(bell);
    hello.fd_count = static_cast<uint32_t>(fds.size());
    // Who refuses may have closed before it has heard everything: its reason is there to be read.
    if (absl::Status sent = SendRecord(loop_.sys(), fd, std::as_bytes(std::span(&hello, 1)), fds);
        !sent.ok() && ReasonOf(sent) != Reason::kPeerDied)
      return sent;
    segment_.CloseFd();
    wait_.emplace(
        loop_, fd, std::as_writable_bytes(std::span(&welcome_, 1)), kWelcomeNsMax,
        [](void* owner, const absl::Status& status) {
          static_cast<ShmClient*>(owner)->OnWelcome(status);
        },
        this);
    return absl::OkStatus();
  }

  // Last: the sink may destroy this.
  void OnWelcome(const absl::Status& status) {
    if (!status.ok()) {
      return sink_.OnOpenFailed(
          MakeStatus(Outcome::kRefused, Reason::kUnreachable, std::string(status.message())));
    }
    if (absl::Status refused = StatusOf(welcome_); !refused.ok())
      return sink_.OnOpenFailed(std::move(refused));
    LinkTraits traits;
    traits.caps = ShmSettings::caps();
    traits.peer = peer_;
    traits.provides_tx = true;
    traits.description = description_;
    if (!segment_.note().empty()) traits.description += " (" + segment_.note() + ")";
    ShmMeeting meeting{.segment = std::move(segment_),
                       .end = 0,
                       .socket_fd = wait_->ReleaseSocket(),
                       .own_bell_fd = std::exchange(bells_[0], -1),
                       .other_bell_fd = std::exchange(bells_[1], -1),
                       .trust = trust_,
                       .share = {},
                       .peer = peer_};
    sink_.OnLink(std::make_unique<ShmDriver>(loop_, std::move(meeting)), std::move(traits));
  }

  Loop& loop_;
  LinkSink& sink_;
  const ShmSettings settings_;
  const std::string description_;
  Timer timer_;
  PeerIdentity peer_;
  RingDriver::Trust trust_ = RingDriver::Trust::kCopyFirst;
  Segment segment_;
  int bells_[2] = {-1, -1};  // the client's own, the server's
  ShmWelcome welcome_;
  std::optional<RecordWait> wait_;
};

}  // namespace

std::unique_ptr<Opening> MakeShmClient(Loop& loop, LinkSink& sink, const ShmSettings& settings,
                                       std::string description) {
  return std::make_unique<ShmClient>(loop, sink, settings, std::move(description));
}

}  // namespace jackfield
