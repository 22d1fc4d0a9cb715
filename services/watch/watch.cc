#include "services/watch/watch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/call/port.h"
#include "kernel/session.h"

namespace jackfield {
namespace {

// Cut, if need be; the rest of `to` is zeros already, or becomes so.
template <size_t kSize>
void CopyName(char (&to)[kSize], std::string_view name) {
  const size_t bytes = std::min(name.size(), kSize - 1);
  std::memcpy(to, name.data(), bytes);
  std::memset(to + bytes, 0, kSize - bytes);
}

int64_t RealtimeNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

// Its size is fixed, and nobody maps it for writing after this object has.
template <class T>
class Watch::Shared {
 public:
  static absl::StatusOr<std::unique_ptr<Shared>> Create(const char* name) {
    OwnedFd fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.ok()) return SysError(errno, "memfd_create");
    if (ftruncate(fd.get(), sizeof(T)) != 0) return SysError(errno, "size a memfd");
    void* at = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return SysError(errno, "map a memfd");
    auto shared = std::unique_ptr<Shared>(new Shared(std::move(fd), at));
    // Kernels before 5.1 do not know the last one, and do without.
    const int fixed = F_SEAL_SHRINK | F_SEAL_GROW;
    if (fcntl(shared->fd(), F_ADD_SEALS, fixed | F_SEAL_FUTURE_WRITE) != 0 &&
        fcntl(shared->fd(), F_ADD_SEALS, fixed) != 0)
      return SysError(errno, "seal a memfd");
    return shared;
  }
  ~Shared() { munmap(at_, sizeof(T)); }
  int fd() const { return fd_.get(); }
  T* operator->() const { return at_; }

 private:
  Shared(OwnedFd fd, void* at) : fd_(std::move(fd)), at_(static_cast<T*>(at)) {}
  const OwnedFd fd_;
  T* const at_;  // all zeros at first: an empty one
};

absl::StatusOr<std::unique_ptr<Watch>> Watch::Begin(Node& node, std::string_view name) {
  if (node.frame_log() != nullptr)
    return absl::FailedPreconditionError("the node has a frame log already");
  auto page = Shared<watch::Page>::Create(watch::kPageName);
  if (!page.ok()) return page.status();
  CopyName((*page)->operator->()->name, name);
  return std::unique_ptr<Watch>(new Watch(node, *std::move(page)));
}

Watch::Watch(Node& node, std::unique_ptr<Shared<watch::Page>> page)
    : FrameLog((*page)->records),
      node_(node),
      page_(std::move(page)),
      tap_timer_([](Timer& timer) { static_cast<Watch*>(timer.user)->EndTap(); }, this),
      trace_timer_([](Timer& timer) { static_cast<Watch*>(timer.user)->SetBegins(false); }, this) {
  watch::Page& begun = *page_->operator->();
  begun.layout = watch::kLayout;
  begun.pid = getpid();
  begun.epoch = node.epoch();
  begun.realtime_ahead_ns = RealtimeNs() - node.clock().NowNs();
  begun.magic = watch::kPageMagic;
  node.SetFrameLog(this);
  node.SetTracer(this);
}

Watch::~Watch() {
  node_.SetFrameLog(nullptr);
  node_.SetTracer(nullptr);
  node_.timers().Cancel(trace_timer_);
  EndTap();
}

// Ports and their interfaces come to a node while it runs, and before anybody speaks to them.
void Watch::NoteMethods() {
  watch::Page& page = *page_->operator->();
  uint32_t known = page.methods_known.load(std::memory_order_relaxed);
  for (Port* port = node_.ports().front(); port != nullptr; port = node_.ports().next(port)) {
    for (const Interface* interface : port->interfaces()) {
      for (const Method& method : interface->methods) {
        const std::span<const watch::MethodName> noted(page.methods, known);
        const bool is_known =
            std::any_of(noted.begin(), noted.end(),
                        [&](const watch::MethodName& one) { return one.type == method.type; });
        if (is_known || known == watch::kMethods) continue;
        page.methods[known].type = method.type;
        CopyName(page.methods[known].name, method.name);
        page.methods_known.store(++known, std::memory_order_release);
      }
    }
  }
}

void Watch::OnOpen(const Session& session) {
  NoteMethods();
  watch::Page& page = *page_->operator->();
  const uint64_t epoch = session.peer_epoch();
  for (const watch::Peer& peer : page.peers) {
    if (peer.epoch.load(std::memory_order_relaxed) == epoch) return;
  }
  watch::Peer& peer = page.peers[next_peer_++ % watch::kPeers];
  peer.epoch.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  CopyName(peer.name, session.peer_name());
  peer.epoch.store(epoch, std::memory_order_release);
}

void Watch::OnEnd(const Session& session, const absl::Status& why) {
  if (session.peer_epoch() == 0) return;  // it was never open
  const FrameHeader ended(kMagic, kVersionMax, FrameKind::None, 0, 0, 0, 0,
                          static_cast<uint8_t>(why.code()), 0, 0, 0, 0, 0, 0, 0, 0);
  Add(FrameWay::kReceived, &ended, session.peer_epoch(), node_.now_ns());
}

// ---- Traces.

void Watch::Trace(uint32_t one_in) {
  trace_one_in_ = std::max(one_in, 1u);
  SetBegins(true);
  node_.timers().Arm(trace_timer_, node_.clock().NowNs() + kTraceNs);
}

bool Watch::Begins() { return node_.NextRandom() % trace_one_in_ == 0; }

void Watch::OnSpan(const Span& span) {
  const uint64_t number = ++spans_;
  watch::SpanRecord& record = page_->operator->()->spans[number % watch::kSpans];
  record.number.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  std::copy(span.trace.trace_id.begin(), span.trace.trace_id.end(), record.trace_id);
  record.span_id = span.trace.span_id;
  record.parent_id = span.trace.parent_id;
  record.peer_epoch = span.peer_epoch;
  record.begun_ns = span.begun_ns;
  record.handled_ns = span.handled_ns;
  record.ended_ns = span.ended_ns;
  record.type = span.type;
  record.side = span.side;
  record.code = span.code;
  record.number.store(number, std::memory_order_release);
}

// ---- The tap.

absl::StatusOr<int> Watch::Tap() {
  if (tap_ == nullptr) {
    auto tap = Shared<watch::Tap>::Create(watch::kTapName);
    if (!tap.ok()) return tap.status();
    tap_ = *std::move(tap);
    tapped_ = 0;
    watch::Tap& begun = *tap_->operator->();
    begun.layout = watch::kLayout;
    begun.pid = getpid();
    begun.magic = watch::kTapMagic;
    WantMessages(true);
  }
  node_.timers().Arm(tap_timer_, node_.clock().NowNs() + kTapNs);
  return tap_->fd();
}

void Watch::EndTap() {
  WantMessages(false);
  node_.timers().Cancel(tap_timer_);
  tap_.reset();  // whoever has it mapped keeps it
}

void Watch::OnMessage(const Session& session, FrameWay way, const FrameHeader& header,
                      std::span<const std::byte> payload) {
  const uint64_t number = ++tapped_;
  watch::TapRecord& record = tap_->operator->()->records[number % watch::kTapRecords];
  record.frame.number.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  std::memcpy(&record.frame.way, &header, kHeaderBytes);
  record.frame.way = way;
  record.frame.peer_epoch = session.peer_epoch();
  record.frame.time_ns = node_.now_ns();
  record.payload_bytes = static_cast<uint32_t>(payload.size());
  record.kept_bytes = std::min(record.payload_bytes, watch::kKeptBytesMax);
  std::memcpy(record.payload, payload.data(), record.kept_bytes);
  record.frame.number.store(number, std::memory_order_release);
}

}  // namespace jackfield
