#include "transports/shm/shm_driver.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

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

ShmDriver::ShmDriver(Node& node, ShmMeeting meeting)
    : node_(node),
      segment_(std::move(meeting.segment)),
      share_(std::move(meeting.share)),
      other_bell_fd_(meeting.other_bell_fd),
      socket_(
          node, OwnedFd(meeting.socket_fd),
          [](void* self, int32_t) { static_cast<ShmDriver*>(self)->OnSocket(); }, this),
      ring_(segment_.lane(meeting.end), segment_.lane(1 - meeting.end), segment_.shape().lane_bytes,
            std::make_unique<Bell>(*this), meeting.trust) {
  if (meeting.own_bell_fd < 0) return;
  bell_.emplace(
      node, OwnedFd(meeting.own_bell_fd),
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
  }
  if (!gone_ && !socket_.pending()) socket_.Start();
  ring_.Pump(link);
  // The bell may have rung before this: it is still readable then.
  if (link.resting() && !link.closed() && bell_) bell_->Start();
}

// Bells of the socket, or the end.
void ShmDriver::OnSocket() {
  char bells[256];
  const int64_t got = node_.sys().Receive(socket_.fd(), bells, sizeof bells);
  if (got == 0 || (got < 0 && got != -EAGAIN)) gone_ = true;
  if (link_ != nullptr) link_->Wake();  // which starts the wait again
}

void ShmDriver::OnBell() {
  uint64_t count;
  node_.sys().Read(bell_->fd(), &count, sizeof count);  // what cannot be read rings once more
  if (link_ != nullptr) link_->Wake();
}

// True if the other end will notice.
bool ShmDriver::Ring() {
  if (other_bell_fd_ >= 0) {
    uint64_t one = 1;
    const iovec part{&one, sizeof one};
    const int64_t rung = node_.sys().Writev(other_bell_fd_, &part, 1);
    if (rung == sizeof one || rung == -EAGAIN) return true;  // EAGAIN: it has been rung very often
  }
  // The socket wakes too, and never blocks, whatever the other end does to it. EAGAIN: it is full
  // of bells.
  const char bell = 'b';
  const int64_t sent = node_.sys().Send(socket_.fd(), &bell, 1);
  return sent == 1 || sent == -EAGAIN;
}

}  // namespace jackfield
