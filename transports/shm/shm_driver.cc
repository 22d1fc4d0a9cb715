#include "transports/shm/shm_driver.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "transports/engine/seamed.h"

namespace jackfield {

class ShmDriver::Bell final : public RingBell {
 public:
  explicit Bell(ShmDriver& driver) : driver_(driver) {}
  void Ring() override {
    if (!driver_.gone_) driver_.Ring();
  }
  bool PeerGone() override { return driver_.gone_; }

 private:
  ShmDriver& driver_;
};

ShmDriver::ShmDriver(Loop& loop, ShmMeeting meeting)
    : loop_(loop),
      segment_(std::move(meeting.segment)),
      share_(std::move(meeting.share)),
      other_bell_fd_(meeting.other_bell_fd),
      socket_(
          loop, OwnedFd(meeting.socket_fd),
          [](void* self, int32_t) { static_cast<ShmDriver*>(self)->OnSocket(); }, this),
      ring_(segment_.lane(meeting.end), segment_.lane(1 - meeting.end), segment_.shape().lane_bytes,
            std::make_unique<Bell>(*this), meeting.trust) {
  if (meeting.peer.known && meeting.peer.pid > 0 && meeting.peer.pid != getpid()) {
    const int pid_fd = loop.sys().PidFd(meeting.peer.pid);
    if (pid_fd >= 0) {
      death_.emplace(
          loop, OwnedFd(pid_fd),
          [](void* self, int32_t result) { static_cast<ShmDriver*>(self)->OnDeath(result); }, this);
    }
    gone_ = pid_fd == -ESRCH;
  }
  if (meeting.own_bell_fd < 0) return;
  bell_.emplace(
      loop, OwnedFd(meeting.own_bell_fd),
      [](void* self, int32_t) { static_cast<ShmDriver*>(self)->OnBell(); }, this);
}

ShmDriver::~ShmDriver() {
  if (other_bell_fd_ >= 0) close(other_bell_fd_);
}

void ShmDriver::Pump(Link& link) {
  if (link_ == nullptr) {
    // The first time: a reactor makes its notes about both now, and not at the first sleep.
    link_ = &link;
    if (bell_) bell_->Start();
    if (death_) death_->Start();
  }
  ring_.Pump(link);
  if (link.closed()) return;
  // The bell may have rung before this: it is still readable then.
  const bool rests = link.resting();
  if (rests && bell_) bell_->Start();
  // A wait that begins before the node sleeps costs a system call of its own: where the socket is
  // the bell, and so has to be waited for anew after each, it begins with the sleep. Who stays
  // awake waits for the hang-up all the same, from a little later.
  if (!gone_ && !socket_.pending() &&
      (rests || bell_ || ++unwatched_pumps_ >= kUnwatchedPumpsMax)) {
    unwatched_pumps_ = 0;
    socket_.Start();
  }
}

// Bells of the socket, or the end.
void ShmDriver::OnSocket() {
  char bells[256];
  const int64_t got = loop_.sys().Receive(socket_.fd(), bells, sizeof bells);
  if (got == 0 || (got < 0 && got != -EAGAIN)) gone_ = true;
  if (link_ != nullptr) link_->Wake();  // which starts the wait again
}

void ShmDriver::OnDeath(int32_t result) {
  if (result < 0) return;  // the wait failed; the socket tells, later
  gone_ = true;
  if (link_ != nullptr) link_->Wake();
}

// The other end has the same open file, may have emptied it meanwhile, and may have cleared its
// O_NONBLOCK: so the read itself says that it does not wait. What cannot be read rings once more.
void ShmDriver::OnBell() {
  uint64_t count;
  const iovec part{&count, sizeof count};
  const int64_t read = ThroughSeam(loop_.sys(), Site::kRead, bell_->fd(),
                                   [&] { return preadv2(bell_->fd(), &part, 1, -1, RWF_NOWAIT); });
  // A kernel that cannot (an eventfd before Linux 5.8).
  if (read == -EOPNOTSUPP || read == -ENOSYS) loop_.sys().Read(bell_->fd(), &count, sizeof count);
  if (link_ != nullptr) link_->Wake();
}

// True if the other end will notice.
bool ShmDriver::Ring() {
  if (other_bell_fd_ >= 0) {
    uint64_t one = 1;
    const iovec part{&one, sizeof one};
    const int64_t rung = loop_.sys().Writev(other_bell_fd_, &part, 1);
    if (rung == sizeof one || rung == -EAGAIN) return true;  // EAGAIN: it has been rung very often
  }
  // The socket wakes too, and never blocks, whatever the other end does to it. EAGAIN: it is full
  // of bells.
  const char bell = 'b';
  const int64_t sent = loop_.sys().Send(socket_.fd(), &bell, 1);
  return sent == 1 || sent == -EAGAIN;
}

}  // namespace jackfield
