#include "transports/engine/packet/packet_driver.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/engine/fd_passing.h"

namespace jackfield {

PacketDriver::PacketDriver(Loop& loop, int fd, uint32_t frame_bytes_max, WholeBy whole_by)
    : loop_(loop),
      fd_(fd),
      frame_bytes_max_(frame_bytes_max),
      whole_by_(whole_by),
      read_op_(OnReady, this),
      write_op_(OnReady, this) {}

PacketDriver::~PacketDriver() { close(fd_); }

void PacketDriver::Pump(Link& link) {
  link_ = &link;
  if (failing_) return;
  const bool untaken = link.has_rx();
  if (link.has_tx() && !tx_broken_) PumpTx(link);
  if (!untaken) PumpRx(link);
  if (!link.resting() || failing_) return;
  if (link.has_rx() && !untaken) return link.Wake();
  // Who left what it was given, or waits for memory, is woken when it can go on.
  const bool starved = !untaken && (!rx_ || link.rx_room() == 0);
  if (!untaken && !starved && !read_op_.pending) loop_.reactor().Start(read_op_, fd_, POLLIN);
  if (link.has_tx() && !tx_broken_ && !write_op_.pending)
    loop_.reactor().Start(write_op_, fd_, POLLOUT);
  if (part_bytes_ == 0 && !untaken) rx_.Reset();
}

void PacketDriver::PumpTx(Link& link) {
  while (link.has_tx()) {
    const FrameRef& frame = link.NextTx();
    iovec part{frame.data, frame.bytes};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    FdControl control;
    if (const Link::FdList* fds = link.NextTxFds())
      control.Attach(message, fds->fds.data(), fds->count);
    const int64_t sent = loop_.sys().SendMessage(fd_, &message);
    if (sent == -EAGAIN) return;
    if (sent < 0 || static_cast<uint32_t>(sent) < frame.bytes) {
      tx_broken_ = true;
      why_ = MakeStatus(
          Outcome::kFailed, Reason::kPeerDied,
          Text(link.traits().description, ": ",
               sent < 0 ? strerrorname_np(static_cast<int>(-sent)) : "a packet was cut short"));
      return;
    }
    link.PopTx(1);
  }
}

void PacketDriver::PumpRx(Link& link) {
  if (!rx_) rx_ = link.memory().Get(kReadBytes);
  if (!rx_) rx_ = link.GetBlock(frame_bytes_max_);
  if (!rx_) return;
  if (part_bytes_ > 0) std::memmove(rx_.data(), rx_.data() + part_at_, part_bytes_);
  for (uint32_t at = 0; at + frame_bytes_max_ <= rx_.size() && link.rx_room() > 0;) {
    iovec part{rx_.data() + at + part_bytes_, frame_bytes_max_ - part_bytes_};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    FdControl control;
    if (link.expects_fds()) control.Expect(message);
    const int64_t got = loop_.sys().ReceiveMessage(fd_, &message);
    if (got == -EAGAIN) break;
    if (got <= 0) {
      if (link.has_rx()) return;  // what came before is delivered first; the end is read again
      return Fail(link, !why_.ok() ? why_
                                   : MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                                                Text(link.traits().description,
                                                     ": the other end has gone")));
    }
    std::vector<int> fds = FdControl::Take(message);
    const uint32_t bytes = part_bytes_ + static_cast<uint32_t>(got);
    const bool ended = whole_by_ == WholeBy::kNotTruncated || (message.msg_flags & MSG_EOR) != 0;
    if (!ended && bytes < frame_bytes_max_) {
      part_at_ = at;
      part_bytes_ = bytes;
      continue;
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || !ended || bytes < kHeaderBytes) {
      for (const int fd : fds) close(fd);
      return Fail(link, MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                                   Text("corrupt packet from ", link.traits().description, ": ",
                                        bytes < kHeaderBytes ? "shorter than a header"
                                                             : "larger than a frame may be")));
    }
    part_bytes_ = 0;
    if (!fds.empty())
      link.PushRxFds(fds.data(), static_cast<uint8_t>(std::min<size_t>(255, fds.size())));
    link.PushRx({rx_.data() + at, bytes});
    at += Align8(bytes);
  }
  if (tx_broken_ && !link.has_rx()) Fail(link, why_);
}

void PacketDriver::OnReady(Op& op, int32_t) {
  auto* self = static_cast<PacketDriver*>(op.user);
  self->link_->Wake();
  if (self->failing_) self->FinishClose();
}

void PacketDriver::Fail(Link& link, absl::Status why) {
  link_ = &link;
  if (failing_) return;
  failing_ = true;
  why_ = std::move(why);
  for (Op* op : {&read_op_, &write_op_}) {
    if (op->pending) loop_.reactor().Cancel(*op);
  }
  FinishClose();
}

void PacketDriver::FinishClose() {
  if (read_op_.pending || write_op_.pending || closed_) return;
  closed_ = true;
  shutdown(fd_, SHUT_RDWR);
  link_->Closed(why_);
}

void PacketDriver::Close(Link& link) {
  Fail(link,
       MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
