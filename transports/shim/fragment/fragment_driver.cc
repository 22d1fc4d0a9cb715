#include "transports/shim/fragment/fragment_driver.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "kernel/refusal.h"

namespace jackfield {
namespace {

constexpr auto kHeadBytes = static_cast<uint32_t>(sizeof(PieceHeader));
constexpr int64_t kMemoryRetryNs = 1'000'000;
constexpr int kRoundsPerPump = 8;      // others want their turn too
constexpr uint32_t kInnerFrames = 64;  // that wait in the inner link, so that little is ahead

bool IsAck(const FrameRef& frame) {
  if (frame.bytes != kHeaderBytes) return false;
  const FrameHeader header = CopyHeader(frame.data);
  return HeaderFault(header, frame.bytes) == nullptr && header.kind() == FrameKind::Ack;
}

}  // namespace

FragmentDriver::FragmentDriver(Loop& loop, uint32_t message_bytes_max,
                               std::unique_ptr<LinkDriver> inner, const LinkTraits& inner_traits)
    : loop_(loop),
      message_bytes_max_(message_bytes_max),
      inner_(loop, std::move(inner), inner_traits),
      retry_([](Timer& timer) { static_cast<FragmentDriver*>(timer.user)->outer_->Wake(); }, this),
      keeps_(!inner_traits.caps.reply),
      assembly_(inner_.memory()) {
  if (keeps_) ends_ = std::make_unique<std::array<uint32_t, Link::kDepthFrames>>();
  inner_.SetOwner(this);
}

FragmentDriver::~FragmentDriver() {
  loop_.timers().Cancel(retry_);
  piece_fds_.Close();
  assembly_fds_.Close();
}

void FragmentDriver::Descriptors::Close() {
  for (; count > 0; --count) close(fds[count - 1]);
}

void FragmentDriver::Descriptors::PassTo(Link& link) {
  if (count > 0) link.PushRxFds(fds.data(), std::exchange(count, uint8_t{0}));
}

void FragmentDriver::Pump(Link& link) {
  outer_ = &link;
  inner_.SetOuter(&link);
  if (closed_) return;
  if (link.expects_fds()) inner_.ExpectFds();
  if (deaf_) Discard();
  if (!link.has_rx()) ReturnLent();
  PassIn(link);  // what did not fit the last time
  for (int round = 0; round < kRoundsPerPump; ++round) {
    PassOut(link);
    const uint32_t queued = inner_.tx_frames();
    inner_.Turn(link.resting());  // OnFrames, OnClosed
    if (keeps_) PopTaken(link);
    if (!link.has_tx() || inner_.tx_frames() >= queued) break;
  }
  if (inner_closed_ && inner_.rx_frames() == lent_) {
    closed_ = true;
    loop_.timers().Cancel(retry_);
    return link.Closed(why_);
  }
  if (link.resting()) inner_.Rest();
}

// ---- Out.

void FragmentDriver::PassOut(Link& link) {
  if (failed_ || inner_closed_) return;
  while (kept_ < link.tx_frames()) {
    if ((passed_ahead_ & 1) == 0) {
      const FrameRef& frame = link.NextTx(kept_);
      const uint32_t bytes = NextPieceBytes(frame.bytes - offset_, inner_.caps().frame_bytes_max);
      if (!SendPiece(link, kept_, offset_, bytes)) {
        if (offset_ > 0) LetAcksPass(link);
        return;
      }
      offset_ += bytes;
      if (offset_ < frame.bytes) {
        LetAcksPass(link);
        continue;
      }
    }
    offset_ = 0;
    if (keeps_) {
      (*ends_)[(oldest_kept_ + kept_) % Link::kDepthFrames] = committed_;
      ++kept_;
      continue;
    }
    ++message_;
    passed_ahead_ >>= 1;
    link.PopTx(1);
  }
}

void FragmentDriver::PopTaken(Link& link) {
  const auto ended_by = [this](uint32_t pieces) {
    uint32_t whole = 0;
    while (whole < kept_ && !After((*ends_)[(oldest_kept_ + whole) % Link::kDepthFrames], pieces))
      ++whole;
    return whole;
  };
  const uint32_t taken = committed_ - inner_.tx_frames();
  const uint32_t whole = ended_by(taken), given = ended_by(taken + inner_.tx_given());
  kept_ -= whole;
  oldest_kept_ += whole;
  message_ += whole;
  link.PopTx(whole);
  link.NoteGiven(given - whole);
}

bool FragmentDriver::SendPiece(Link& link, uint32_t ahead, uint32_t offset, uint32_t bytes) {
  if (inner_.tx_frames() >= kInnerFrames) return false;
  const FrameRef& frame = link.NextTx(ahead);
  const Link::FdList* fds = offset == 0 ? link.NextTxFds(ahead) : nullptr;
  if (fds != nullptr && !inner_.has_fd_room()) return false;
  std::byte* to = inner_.Claim(kHeadBytes + bytes);
  if (to == nullptr) {
    // Nothing is queued there, so it is memory that is missing, and nobody will tell.
    if (!inner_.has_tx() && !inner_.closing() && !inner_.closed() && !retry_.armed())
      loop_.timers().Arm(retry_, loop_.clock().NowNs() + kMemoryRetryNs);
    return false;
  }
  PieceHeader header;
  header.frame_bytes = kHeadBytes + bytes;
  header.message = message_ + ahead;
  header.total_bytes = frame.bytes;
  header.offset = offset;
  if (fds != nullptr) {
    std::array<int, kFdsMax> copies;
    uint8_t count = 0;
    while (count < fds->count && (copies[count] = fcntl(fds->fds[count], F_DUPFD_CLOEXEC, 0)) >= 0)
      ++count;
    if (count < fds->count) {  // the table is full: a little later, perhaps, it is not
      while (count > 0) close(copies[--count]);
      inner_.Abandon();
      if (!retry_.armed()) loop_.timers().Arm(retry_, loop_.clock().NowNs() + kMemoryRetryNs);
      return false;
    }
    inner_.AttachFds(copies.data(), count);
    header.fd_count = count;
  }
  std::memcpy(to, &header, kHeadBytes);
  std::memcpy(to + kHeadBytes, frame.data + offset, bytes);
  inner_.Commit(to, kHeadBytes + bytes);
  ++committed_;
  link.NoteProgress();
  return true;
}

// An acknowledgement has no sequence, and an older word after a newer one is ignored.
void FragmentDriver::LetAcksPass(Link& link) {
  if (keeps_) return;  // one way there are none
  const uint32_t frames = std::min(link.tx_frames(), 64u);
  for (uint32_t i = 1; i < frames; ++i) {
    const uint64_t bit = uint64_t{1} << i;
    if ((passed_ahead_ & bit) != 0 || !IsAck(link.NextTx(i))) continue;
    if (!SendPiece(link, i, 0, kHeaderBytes)) return;
    passed_ahead_ |= bit;
  }
}

// ---- In.

void FragmentDriver::OnFrames(Link&) { PassIn(*outer_); }

void FragmentDriver::ReturnLent() {
  for (; lent_ > 0; --lent_) inner_.PopRx();
  assembled_.clear();
}

// Nobody will take what came, lent out or not.
void FragmentDriver::Discard() {
  lent_ = 0;
  while (inner_.has_rx()) inner_.PopRx();
}

void FragmentDriver::PassIn(Link& link) {
  while (inner_.rx_frames() > lent_ && link.rx_room() > 0 && !failed_) {
    if (TakePiece(link, inner_.NextRx(lent_)) == Took::kLater) return;
  }
  if (failed_ && lent_ == 0) Discard();
}

FragmentDriver::Took FragmentDriver::TakePiece(Link& link, FrameRef frame) {
  PieceHeader header;
  if (!met_) {
    if (absl::Status other = MeetOtherStack(frame); !other.ok()) {
      Fail(std::move(other));
      return Took::kYes;
    }
  }
  if (frame.bytes < kHeadBytes) {
    Fail("shorter than the header of a piece");
    return Took::kYes;
  }
  std::memcpy(&header, frame.data, kHeadBytes);
  if (const char* fault = PieceFault(header, frame.bytes, message_bytes_max_); fault != nullptr) {
    Fail(fault);
    return Took::kYes;
  }
  met_ = true;
  if (header.fd_count > 0 && piece_fds_.count == 0) {
    if (lent_ > 0) return Took::kLater;  // descriptors are taken from the head of the queue
    if (!inner_.TakeFds(piece_fds_.fds.data(), header.fd_count)) {
      Fail("other descriptors than it says");
      return Took::kYes;
    }
    piece_fds_.count = header.fd_count;
  }
  if (header.whole()) {
    piece_fds_.PassTo(link);
    link.PushRx({frame.data + kHeadBytes, header.total_bytes});
    ++lent_;
    return Took::kYes;
  }
  const Assembly::Added added = assembly_.Add(header, frame.data + kHeadBytes);
  if (added == Assembly::Added::kNoMemory) {
    if (!retry_.armed()) loop_.timers().Arm(retry_, loop_.clock().NowNs() + kMemoryRetryNs);
    return Took::kLater;
  }
  // What was under way is dropped, by a piece that does not continue it or by the first of another.
  if (added == Assembly::Added::kDropped || header.offset == 0) assembly_fds_.Close();
  if (header.offset == 0) assembly_fds_ = std::exchange(piece_fds_, {});
  if (added == Assembly::Added::kComplete) {
    assembly_fds_.PassTo(link);
    const uint32_t bytes = assembly_.bytes();
    Block& block = assembled_.emplace_back(assembly_.Take());
    link.PushRx({block.data(), bytes}, &block);
  }
  link.NoteProgress();
  // Copied: it may go, if those before it are not lent out.
  if (lent_ == 0)
    inner_.PopRx();
  else
    ++lent_;
  return Took::kYes;
}

// ---- The end.

absl::Status FragmentDriver::MeetOtherStack(FrameRef frame) {
  const std::span<const std::byte> bytes(frame.data, frame.bytes);
  const std::string& where = outer_->traits().description;
  if (IsFrameOf(FrameKind::Refuse, bytes)) return ReadRefusal(bytes, where);
  const bool is_piece =
      frame.bytes > 2 && static_cast<uint8_t>(frame.data[2]) == PieceHeader::kKind;
  if (is_piece || (!IsFrameOf(FrameKind::Hello, bytes) && !IsOfAShim(bytes)))
    return absl::OkStatus();
  const absl::Status why = StacksDiffer(CopyHeader(frame.data).kind(), where);
  SendBareRefusal(inner_, why);
  return why;
}

void FragmentDriver::Fail(std::string_view what) {
  Fail(MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                  Text("corrupt piece from ", outer_->traits().description, ": ", what)));
}

void FragmentDriver::Fail(absl::Status why) {
  failed_ = true;
  why_ = std::move(why);
  assembly_.Drop();
  inner_.StartClose();
  outer_->Wake();
}

void FragmentDriver::OnLost(Link&, uint64_t frames) {
  if (outer_ != nullptr) outer_->NoteLost(frames);  // pieces: at most so many messages
}

void FragmentDriver::OnClosed(Link&, const absl::Status& why) {
  inner_closed_ = true;
  if (!failed_) why_ = why;
}

void FragmentDriver::Close(Link& link) {
  outer_ = &link;
  inner_.SetOuter(&link);
  deaf_ = true;  // from the next Pump on: the owner may be looking at a frame just now
  if (!failed_) {
    failed_ = true;
    why_ =
        MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed"));
  }
  assembly_.Drop();
  inner_.StartClose();
  link.Wake();
}

}  // namespace jackfield
