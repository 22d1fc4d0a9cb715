#include "tools/watch/reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield::watch {
namespace {

// A slot is read again if it is being written; whoever writes has long finished after so many.
constexpr int kTriesMax = 4;

bool ReadAt(int fd, void* to, size_t bytes, size_t at) {
  return pread(fd, to, bytes, static_cast<off_t>(at)) == static_cast<ssize_t>(bytes);
}

template <size_t kSize>
std::string NameOf(const char (&name)[kSize]) {
  return std::string(name, strnlen(name, kSize));
}

// Requires: a copy, which nobody writes.
Event EventOf(const FrameRecord& record, int64_t realtime_ahead_ns) {
  Event event;
  event.number = record.number.load(std::memory_order_relaxed);
  event.realtime_ns = record.time_ns + realtime_ahead_ns;
  event.way = record.way == FrameWay::kSent ? FrameWay::kSent : FrameWay::kReceived;
  event.kind = record.kind;
  event.code = record.code;
  event.frame_bytes = record.frame_bytes;
  event.type = record.message_type;
  event.call_id = record.call_id;
  event.peer_epoch = record.peer_epoch;
  return event;
}

// Requires: a copy, which nobody writes.
SpanEvent EventOf(const SpanRecord& record) {
  SpanEvent span;
  span.number = record.number.load(std::memory_order_relaxed);
  std::copy(std::begin(record.trace_id), std::end(record.trace_id), span.trace_id.begin());
  span.span_id = record.span_id;
  span.parent_id = record.parent_id;
  span.side = record.side == Span::Side::kCaller ? Span::Side::kCaller : Span::Side::kService;
  span.code = record.code;
  span.type = record.type;
  span.peer_epoch = record.peer_epoch;
  span.begun_ns = record.begun_ns;
  span.handled_ns =
      std::clamp(record.handled_ns, record.begun_ns, std::max(record.begun_ns, record.ended_ns));
  span.ended_ns = std::max(record.begun_ns, record.ended_ns);
  return span;
}

absl::Status NoPage(pid_t pid, std::string_view service) {
  return absl::NotFoundError(
      Text("the process ", pid, " shows nothing of ", service,
           ": it has ended, is no service of the bus, or of another version of it"));
}

absl::Status CannotLook(pid_t pid, int error) {
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        Text("the process ", pid,
             " may not be looked at: it is another user's, or may not be "
             "traced"));
  }
  return absl::NotFoundError(Text("there is no process ", pid, " to look at"));
}

absl::Status NoPageAtAll() { return absl::DataLossError("this is no page of a service"); }

// Two copies of it, one after the other: what is the same in both was not being written.
absl::StatusOr<PageCopy> Read(const Page* page, const Page* after) {
  if (page->magic != kPageMagic) return NoPageAtAll();
  if (page->layout != kLayout)
    return absl::DataLossError(Text("this page has the layout ", page->layout, ", and ", kLayout,
                                    " is what can be read: the service is of another version"));
  PageCopy copy;
  copy.name = NameOf(page->name);
  copy.pid = page->pid;
  copy.realtime_ahead_ns = page->realtime_ahead_ns;
  for (size_t i = 0; i < kPeers; ++i) {
    const uint64_t epoch = page->peers[i].epoch;
    if (epoch != 0 && epoch == after->peers[i].epoch)
      copy.peers.emplace(epoch, NameOf(page->peers[i].name));
  }
  const size_t methods = std::min<size_t>(page->methods_known, kMethods);
  for (size_t i = 0; i < methods; ++i)
    copy.methods.emplace(page->methods[i].type, NameOf(page->methods[i].name));
  for (size_t i = 0; i < kRecords; ++i) {
    const uint64_t number = page->records[i].number;
    if (number != 0 && number == after->records[i].number)
      copy.events.push_back(EventOf(page->records[i], copy.realtime_ahead_ns));
  }
  std::sort(copy.events.begin(), copy.events.end(),
            [](const Event& a, const Event& b) { return a.number < b.number; });
  for (size_t i = 0; i < kSpans; ++i) {
    const uint64_t number = page->spans[i].number;
    if (number != 0 && number == after->spans[i].number && page->spans[i].span_id != 0)
      copy.spans.push_back(EventOf(page->spans[i]));
  }
  std::sort(copy.spans.begin(), copy.spans.end(),
            [](const SpanEvent& a, const SpanEvent& b) { return a.number < b.number; });
  return copy;
}

}  // namespace

absl::StatusOr<OwnedFd> OpenPage(pid_t pid, std::string_view service) {
  const std::string folder = Text("/proc/", pid, "/fd");
  const std::unique_ptr<DIR, int (*)(DIR*)> fds(opendir(folder.c_str()), closedir);
  if (fds == nullptr) return CannotLook(pid, errno);
  const std::string wanted = Text("/memfd:", kPageName, " (deleted)");
  while (const dirent* entry = readdir(fds.get())) {
    const std::string path = Text(folder, "/", entry->d_name);
    char target[64];
    const ssize_t bytes = readlink(path.c_str(), target, sizeof target);
    if (bytes < 0 || std::string_view(target, static_cast<size_t>(bytes)) != wanted) continue;
    OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.ok()) continue;
    // Threads that are services have a page each.
    const absl::StatusOr<PageCopy> page = ReadPage(fd.get());
    if (page.ok() && page->pid == pid && page->name == service.substr(0, kNameBytesMax)) return fd;
  }
  return NoPage(pid, service);
}

absl::StatusOr<OwnedFd> FindPage(std::string_view service) {
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(opendir("/proc"), closedir);
  while (const dirent* entry = processes == nullptr ? nullptr : readdir(processes.get())) {
    const std::string_view name(entry->d_name);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (absl::StatusOr<OwnedFd> fd = OpenPage(pid, service); fd.ok()) return fd;
  }
  return absl::NotFoundError(Text("no process shows anything of ", service));
}

absl::StatusOr<PageCopy> ReadPage(int fd) {
  const auto page = std::make_unique<Page>(), after = std::make_unique<Page>();
  if (!ReadAt(fd, page.get(), sizeof *page, 0) || !ReadAt(fd, after.get(), sizeof *after, 0))
    return NoPageAtAll();
  return Read(page.get(), after.get());
}

absl::StatusOr<PageCopy> ReadPage(std::string_view bytes) {
  if (bytes.size() != sizeof(Page)) return NoPageAtAll();
  const auto page = std::make_unique<Page>();
  std::memcpy(static_cast<void*>(page.get()), bytes.data(), sizeof *page);
  return Read(page.get(), page.get());
}

// ---- The tap.

absl::StatusOr<TapReader> TapReader::Open(pid_t pid, int fd, int64_t realtime_ahead_ns) {
  OwnedFd opened(open(Text("/proc/", pid, "/fd/", fd).c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.ok()) return CannotLook(pid, errno);
  struct {
    uint64_t magic;
    uint32_t layout;
    int32_t pid;
  } head{};
  if (!ReadAt(opened.get(), &head, sizeof head, 0) || head.magic != kTapMagic ||
      head.layout != kLayout || head.pid != pid)
    return absl::DataLossError(Text(
        "the process ", pid, " shows no messages that can be read: is it of another version?"));
  TapReader reader(std::move(opened), realtime_ahead_ns);
  reader.next_ = reader.Newest() + 1;
  return reader;
}

uint64_t TapReader::Newest() const {
  uint64_t newest = 0;
  for (size_t i = 0; i < kTapRecords; ++i) {
    uint64_t number = 0;
    ReadAt(fd_.get(), &number, sizeof number, offsetof(Tap, records) + i * sizeof(TapRecord));
    newest = std::max(newest, number);
  }
  return newest;
}

std::optional<TappedMessage> TapReader::Next() {
  const auto record = std::make_unique<TapRecord>();
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const size_t at = offsetof(Tap, records) + next_ % kTapRecords * sizeof(TapRecord);
    uint64_t after = 0;
    if (!ReadAt(fd_.get(), record.get(), sizeof *record, at) ||
        !ReadAt(fd_.get(), &after, sizeof after, at))
      return std::nullopt;
    const uint64_t number = record->frame.number.load(std::memory_order_relaxed);
    if (number != after || number > next_) {
      // It was overtaken: half of what there is lies between it and the writer again.
      const uint64_t newest = std::max(Newest(), next_);
      const uint64_t oldest = newest > kTapRecords / 2 ? newest - kTapRecords / 2 : 1;
      missed_ += oldest > next_ ? oldest - next_ : 0;
      next_ = std::max(next_, oldest);
      continue;
    }
    if (number != next_) return std::nullopt;  // not there yet
    ++next_;
    TappedMessage message;
    message.event = EventOf(record->frame, realtime_ahead_ns_);
    message.payload_bytes = record->payload_bytes;
    message.payload.assign(reinterpret_cast<const char*>(record->payload),
                           std::min(record->kept_bytes, kKeptBytesMax));
    return message;
  }
  return std::nullopt;
}

}  // namespace jackfield::watch
