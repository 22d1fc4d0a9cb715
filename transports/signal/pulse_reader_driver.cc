#include "transports/signal/pulse_reader_driver.h"

#include <signal.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/signal/pulse.h"

namespace jackfield {
namespace {

constexpr uint32_t kSlotBytes = Align8(Pulse::kFrameBytesMax);
constexpr uint32_t kBlockBytes = PulseReaderDriver::kBatch * kSlotBytes;

}  // namespace

PulseReaderDriver::PulseReaderDriver(Loop& loop, OwnedFd signal_fd, std::function<void()> after)
    : loop_(loop),
      after_(std::move(after)),
      wait_(std::make_unique<FdWait>(
          loop, std::move(signal_fd),
          [](void* user, int32_t) { static_cast<PulseReaderDriver*>(user)->link_->Wake(); },
          this)) {}

PulseReaderDriver::~PulseReaderDriver() {
  wait_.reset();
  after_();
}

void PulseReaderDriver::Pump(Link& link) {
  link_ = &link;
  if (closed_ || link.has_rx()) return;
  Read(link);
  if (!link.resting() || closed_) return;
  if (link.has_rx()) return link.Wake();
  const bool starved = !block_ || link.rx_room() == 0;
  block_.Reset();
  if (starved) return;  // it is woken when there may be memory
  if (!wait_->pending()) wait_->Start(POLLIN);
}

void PulseReaderDriver::Read(Link& link) {
  if (!block_) block_ = link.GetBlock(kBlockBytes);
  if (!block_ || link.rx_room() == 0) return;
  used_ = 0;
  std::array<signalfd_siginfo, kBatch> infos;
  const int64_t got = loop_.sys().Read(wait_->fd(), infos.data(), sizeof infos);
  if (got == -EAGAIN) return;
  if (got < 0)
    return Finish(link, SysError(static_cast<int>(-got), Text("read ", link.traits().description)));
  senders_.BeginBatch();
  const size_t count = static_cast<size_t>(got) / sizeof infos[0];
  for (size_t i = 0; i < count; ++i) Push(link, infos[i]);
  if (!link.has_rx()) link.NoteProgress();
}

void PulseReaderDriver::Push(Link& link, const signalfd_siginfo& info) {
  const Pulse pulse{.value = info.ssi_ptr, .errno_word = static_cast<uint32_t>(info.ssi_errno)};
  PulseSenders::Sender* sender = info.ssi_code == SI_QUEUE && pulse.sound()
                                     ? senders_.Find(info.ssi_pid, info.ssi_uid, pulse.channel())
                                     : nullptr;
  if (sender == nullptr) {
    ++strange_;
    return;
  }
  const uint32_t sequence = PulseSenders::NextSequence(*sender, pulse.sequence_low());
  std::byte* frame = block_.data() + used_;
  used_ += kSlotBytes;
  link.PushRx({frame, FrameOf(pulse, sender->epoch, sequence, frame)});
}

void PulseReaderDriver::Finish(Link& link, absl::Status why) {
  if (std::exchange(closed_, true)) return;
  wait_.reset();
  link.Closed(std::move(why));
}

void PulseReaderDriver::Close(Link& link) {
  Finish(link, MakeStatus(Outcome::kRefused, Reason::kClosed,
                          Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
