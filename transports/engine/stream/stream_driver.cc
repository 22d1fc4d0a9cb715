#include "transports/engine/stream/stream_driver.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/loop.h"
#include "transports/engine/fd_passing.h"

namespace jackfield {

StreamDriver::StreamDriver(Loop& loop, StreamEnds ends)
    : loop_(loop),
      ends_(ends),
      read_op_(OnReady, this),
      write_op_(OnReady, this),
      liveness_op_(OnReady, this),
      look_timer_([](Timer& timer) { static_cast<StreamDriver*>(timer.user)->link_->Wake(); },
                  this) {}

StreamDriver::~StreamDriver() {
  loop_.timers().Cancel(look_timer_);
  for (const FdGroup& group : fd_groups_) {
    for (const int fd : group) close(fd);
  }
  close(ends_.read_fd);
  if (ends_.write_fd != ends_.read_fd) close(ends_.write_fd);
  if (ends_.liveness_fd >= 0) close(ends_.liveness_fd);
}

void StreamDriver::Pump(Link& link) {
  link_ = &link;
  if (failing_) return;
  const Rx before = link.has_rx() ? Rx::kUntaken : Rx::kTaken;
  if (link.has_tx() && !tx_broken_) PumpTx(link);
  if (before == Rx::kTaken && (drained_in_pass_ != loop_.pass() || tx_broken_ || peer_dead_))
    PumpRx(link);
  if (link.resting() && !failing_) Arm(link, before);
}

void StreamDriver::PumpTx(Link& link) {
  while (link.has_tx()) {
    std::array<iovec, kPartsMax> parts;
    int count = 0;
    uint32_t bytes = 0, frames = 0;
    const Link::FdList* fds = nullptr;
    for (const uint32_t queued = link.tx_frames(); frames < queued && bytes < kWriteBytesMax;
         ++frames) {
      const FrameRef& frame = link.NextTx(frames);
      std::byte* data = frame.data;
      uint32_t size = Align8(frame.bytes);
      if (link.expects_fds()) {
        // Descriptors travel with the first byte of their frame, so it begins a system call.
        const Link::FdList* own = link.NextTxFds(frames);
        if (own != nullptr && frames > 0) break;
        if (own != nullptr && tx_sent_ == 0) fds = own;
      }
      if (frames == 0) {
        data += tx_sent_;
        size -= tx_sent_;
      }
      iovec* last = count > 0 ? &parts[static_cast<size_t>(count) - 1] : nullptr;
      if (last != nullptr && static_cast<std::byte*>(last->iov_base) + last->iov_len == data) {
        last->iov_len += size;
      } else if (count < kPartsMax) {
        parts[static_cast<size_t>(count++)] = {data, size};
      } else {
        break;
      }
      bytes += size;
    }
    const int64_t written = WriteSome(parts.data(), count, fds);
    if (written == -EAGAIN) return;
    if (written < 0) {
      // What the peer sent before it went is still read; the end comes by the reading side.
      tx_broken_ = true;
      why_ = MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                        Text(link.traits().description, ": the other end has gone (",
                             strerrorname_np(static_cast<int>(-written)), ")"));
      return;
    }
    uint32_t left = static_cast<uint32_t>(written) + tx_sent_;
    uint32_t popped = 0;
    while (popped < frames && left >= Align8(link.NextTx(popped).bytes))
      left -= Align8(link.NextTx(popped++).bytes);
    tx_sent_ = left;
    link.PopTx(popped);
    link.NoteProgress();
    if (static_cast<uint32_t>(written) < bytes) return;  // the medium is full
  }
}

int64_t StreamDriver::WriteSome(const iovec* parts, int count, const Link::FdList* fds) {
  if (!ends_.socket) return loop_.sys().Writev(ends_.write_fd, parts, count);
  if (count == 1 && fds == nullptr)
    return loop_.sys().Send(ends_.write_fd, parts[0].iov_base, parts[0].iov_len);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = static_cast<size_t>(count);
  if (fds == nullptr) return loop_.sys().SendMessage(ends_.write_fd, &message);
  FdControl control;
  control.Attach(message, fds->fds.data(), fds->count);
  return loop_.sys().SendMessage(ends_.write_fd, &message);
}

// Makes room behind rx_end_ for at least one byte of what is missing. False: no memory now.
bool StreamDriver::PrepareRead(Link& link) {
  const uint32_t have = rx_end_ - rx_begin_;
  if (have == 0) {
    rx_begin_ = rx_end_ = own_bytes_ = 0;
    if (rx_.size() >= kReadBytes) return true;
  }
  // Where memory is short a large block would be all that a link gets: then it takes a small one.
  const uint32_t likely = loop_.blocks().budget().likely_bytes();
  if (have == 0) {
    if (rx_ && rx_.size() >= likely) return true;
    rx_.Reset();
    if (likely != 0) rx_ = link.memory().Get(likely);
    if (!rx_) rx_ = link.GetBlock(kReadBytesLeast);
    return static_cast<bool>(rx_);
  }
  if (own_bytes_ != 0 && rx_end_ < rx_.size() && rx_.size() >= kReadBytes) return true;
  const uint32_t wanted = have >= 8 ? Align8(PeekFrameBytes(rx_.data() + rx_begin_)) : kHeaderBytes;
  const bool own = wanted >= kOwnBlockBytes;
  const bool full = have == rx_.size();
  const uint32_t step = std::min(wanted, kGrowth * rx_.size());
  uint32_t size = full ? step : rx_.size();
  if (likely != 0) {
    const bool believed = own && wanted <= std::max(kReadBytes, whole_bytes_max_);
    size = believed ? wanted : std::max(size, likely);
  }
  if (rx_.size() < size) {
    Block larger = link.memory().Get(size);
    if (!larger && full) larger = link.GetBlock(step);
    if (larger)
      MoveTo(std::move(larger));
    else if (full)
      return false;
  }
  if (rx_begin_ != 0 &&
      (own || rx_begin_ + wanted > rx_.size() || rx_.size() - rx_end_ < kReadBytes / 4)) {
    std::memmove(rx_.data(), rx_.data() + rx_begin_, have);
    rx_begin_ = 0;
    rx_end_ = have;
  }
  own_bytes_ = own ? wanted : 0;
  return true;
}

void StreamDriver::MoveTo(Block block) {
  const uint32_t have = rx_end_ - rx_begin_;
  std::memcpy(block.data(), rx_.data() + rx_begin_, have);
  rx_ = std::move(block);
  rx_begin_ = 0;
  rx_end_ = have;
}

// While it rests, what has come of a frame lies in as small a block as holds it.
void StreamDriver::Shrink(Link& link) {
  const uint32_t have = rx_end_ - rx_begin_;
  if (have == 0) {
    rx_.Reset();
    own_bytes_ = 0;
  } else if (BlockPool::SizeFor(have) < rx_.size()) {
    if (Block smaller = link.memory().Get(have)) MoveTo(std::move(smaller));
  }
}

int64_t StreamDriver::ReadSome(const Link& link, std::byte* to, size_t bytes) {
  if (!ends_.socket) return loop_.sys().Read(ends_.read_fd, to, bytes);
  if (!link.expects_fds()) return loop_.sys().Receive(ends_.read_fd, to, bytes);
  iovec part{to, bytes};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  FdControl control;
  control.Expect(message);
  const int64_t got = loop_.sys().ReceiveMessage(ends_.read_fd, &message);
  if (got >= 0 && message.msg_controllen > 0) {
    FdGroup group = control.Take(message);
    if ((message.msg_flags & MSG_CTRUNC) != 0 || fd_groups_.size() >= kFdGroupsMax) {
      for (const int fd : group) close(fd);
      return -EPROTO;
    }
    if (!group.empty()) fd_groups_.push_back(std::move(group));
  }
  return got;
}

void StreamDriver::PumpRx(Link& link) {
  // More may have come in one read than the link's queue takes.
  if (rx_begin_ != rx_end_) {
    Cut(link);
    if (failing_ || link.has_rx()) return;
  }
  starved_ = !eof_ && link.rx_room() == 0;
  if (starved_) return StopLooking();
  while (!eof_) {
    if (rx_begin_ == rx_end_ &&
        own_bytes_ != 0) {  // that frame is delivered; its block may have been taken
      rx_.Reset();
      own_bytes_ = rx_begin_ = rx_end_ = 0;
    }
    const bool empty = rx_begin_ == rx_end_ && own_bytes_ == 0 && rx_.size() >= kReadBytes;
    if (empty) [[likely]] {
      rx_begin_ = rx_end_ = 0;
    } else if (!PrepareRead(link)) {
      starved_ = true;
      return StopLooking();
    }
    const uint32_t room =
        (own_bytes_ != 0 ? std::min(own_bytes_, rx_.size()) : rx_.size()) - rx_end_;
    const int64_t got = ReadSome(link, rx_.data() + rx_end_, room);
    if (looked_ns_ != 0) [[unlikely]]
      LookAtPace(link, got);
    if (got == -EAGAIN) {
      drained_in_pass_ = loop_.pass();
      break;
    }
    if (got <= 0) {
      eof_ = true;
      if (got == -EPROTO)
        return Fail(link, MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                                     Text(link.traits().description,
                                          ": more descriptors than a message may carry")));
      if (got < 0 && got != -ECONNRESET) {
        return Fail(link, MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                                     Text(link.traits().description, ": ",
                                          strerrorname_np(static_cast<int>(-got)))));
      }
      break;
    }
    link.NoteProgress();
    rx_end_ += static_cast<uint32_t>(got);
    if (static_cast<uint32_t>(got) < room) drained_in_pass_ = loop_.pass();
    Cut(link);
    if (failing_ || link.has_rx()) return;
    // A short read: nothing more is there, most often. A read that brought descriptors ends with
    // what they came with; so before the end is told, the system has to say that there is no more.
    if (static_cast<uint32_t>(got) < room && own_bytes_ == 0 && !tx_broken_ && !peer_dead_) break;
  }
  if (eof_ || tx_broken_ || peer_dead_) {
    if (rx_end_ != rx_begin_ && rx_) {
      return Fail(link, MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                                   Text(link.traits().description, ": it ended after ",
                                        rx_end_ - rx_begin_, " bytes of a frame")));
    }
    Fail(link, why_.ok() ? MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                                      Text(link.traits().description, ": the other end has gone"))
                         : why_);
  }
}

void StreamDriver::Cut(Link& link) {
  while (rx_end_ - rx_begin_ >= 8 && link.rx_room() > 0) {
    std::byte* frame = rx_.data() + rx_begin_;
    const uint32_t bytes = PeekFrameBytes(frame);
    if (static_cast<uint8_t>(frame[0]) != kMagic || bytes < kHeaderBytes ||
        bytes > ends_.frame_bytes_max) {
      std::array<std::byte, kHeaderBytes> start{};
      std::memcpy(start.data(), frame, std::min<size_t>(kHeaderBytes, rx_end_ - rx_begin_));
      return Fail(link, MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                                   Text("corrupt stream from ", link.traits().description, ": ",
                                        static_cast<uint8_t>(frame[0]) != kMagic ? "wrong magic"
                                        : bytes < kHeaderBytes ? "a frame shorter than its header"
                                                               : "a frame over frame_bytes_max",
                                        " (", DescribeHeader(CopyHeader(start.data())), ")")));
    }
    if (!greeted_ && bytes > kFirstFrameBytesMax) {
      return Fail(link, MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                                   Text(link.traits().description, ": it begins with a frame of ",
                                        bytes, " bytes, which can be no hello")));
    }
    if (bytes > kOwnBlockBytes && bytes > link.memory().frame_bytes_max()) [[unlikely]] {
      return link.Fail(MakeStatus(
          Outcome::kFailed, Reason::kResource,
          Text(link.traits().description, ": a frame of ", bytes,
               " bytes is more than one link has message memory for (",
               link.memory().frame_bytes_max(), "): ", loop_.blocks().budget().Describe())));
    }
    const uint32_t filled = Align8(bytes);
    if (rx_end_ - rx_begin_ < filled) return;
    greeted_ = true;
    if (own_bytes_ != 0) whole_bytes_max_ = std::max(whole_bytes_max_, filled);
    if (looked_ns_ != 0) [[unlikely]] {  // its rest has come
      waited_ns_ = 0;
      StopLooking();
    }
    if (link.expects_fds() && static_cast<uint8_t>(frame[11]) != 0 && !fd_groups_.empty()) {
      link.PushRxFds(fd_groups_.front().data(),
                     static_cast<uint8_t>(std::min<size_t>(255, fd_groups_.front().size())));
      fd_groups_.erase(fd_groups_.begin());
    }
    rx_begin_ += filled;
    link.PushRx({frame, bytes}, own_bytes_ != 0 ? &rx_ : nullptr);
  }
}

bool StreamDriver::IsWholeFrame() const {
  const uint32_t have = rx_end_ - rx_begin_;
  return have >= 8 && have >= Align8(PeekFrameBytes(rx_.data() + rx_begin_));
}

void StreamDriver::Arm(Link& link, Rx before) {
  // Who left what it was given, or waits for memory, is woken when it can go on. Until then this
  // side is not ready to read, and the peer is not to blame.
  const bool reads = before == Rx::kTaken && !starved_;
  if (reads) {
    if (link.has_rx() || IsWholeFrame()) return link.Wake();  // there is work here already
    if (!eof_ && !read_op_.pending) loop_.reactor().Start(read_op_, ends_.read_fd, POLLIN);
    Shrink(link);
    if (rx_begin_ != rx_end_ && !eof_) AwaitRest();
  } else {
    StopLooking();
  }
  if (link.has_tx() && !tx_broken_ && !write_op_.pending)
    loop_.reactor().Start(write_op_, ends_.write_fd, POLLOUT);
  if (ends_.liveness_fd >= 0 && !liveness_op_.pending && !peer_dead_)
    loop_.reactor().Start(liveness_op_, ends_.liveness_fd, POLLIN);
}

// ---- The pace of a begun frame.

void StreamDriver::AwaitRest() {
  const int64_t now_ns = loop_.clock().NowNs();
  if (looked_ns_ == 0) looked_ns_ = now_ns;
  if (!look_timer_.armed()) loop_.timers().Arm(look_timer_, now_ns + kLookNs);
}

void StreamDriver::StopLooking() {
  looked_ns_ = 0;
  loop_.timers().Cancel(look_timer_);
}

// got: what has just been read, after a time in which the rest of a frame was awaited.
void StreamDriver::LookAtPace(Link& link, int64_t got) {
  const int64_t now_ns = loop_.clock().NowNs();
  waited_ns_ += std::min(now_ns - std::exchange(looked_ns_, now_ns), kLookNs);
  if (got > 0) {
    const int64_t worth_ns = got * (1'000'000'000 / kFrameBytesPerSecondMin);
    waited_ns_ -= std::min(waited_ns_, worth_ns);
  } else if (got == -EAGAIN && waited_ns_ > kFrameGraceNs) {
    link.Fail(MakeStatus(
        Outcome::kFailed, Reason::kDeadline,
        Text(link.traits().description, ": ", rx_end_ - rx_begin_,
             " bytes of a frame have come, and the rest at less than ", kFrameBytesPerSecondMin,
             " bytes a second for more than ", FormatDurationNs(kFrameGraceNs),
             " (StreamDriver::kFrameBytesPerSecondMin)")));
  }
}

void StreamDriver::OnReady(Op& op, int32_t result) {
  auto* self = static_cast<StreamDriver*>(op.user);
  // A wait that failed says nothing of the peer, and is started anew.
  if (&op == &self->liveness_op_ && result > 0) self->peer_dead_ = true;
  self->link_->Wake();
  if (self->failing_) self->FinishClose();
}

void StreamDriver::Fail(Link& link, absl::Status why) {
  link_ = &link;
  if (failing_) return;
  failing_ = true;
  why_ = std::move(why);
  StopLooking();
  for (Op* op : {&read_op_, &write_op_, &liveness_op_}) {
    if (op->pending) loop_.reactor().Cancel(*op);
  }
  FinishClose();
}

void StreamDriver::FinishClose() {
  if (read_op_.pending || write_op_.pending || liveness_op_.pending || closed_) return;
  closed_ = true;
  // The other end sees the end now, not when this object goes.
  if (ends_.socket) shutdown(ends_.write_fd, SHUT_RDWR);
  link_->Closed(why_);
}

void StreamDriver::Close(Link& link) {
  Fail(link,
       MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
