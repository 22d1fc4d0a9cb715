// Reads what another process shows of itself (services/watch/page.h): its page, and its tap.
//
// Everything is copied before it is looked at, by pread, so that a process that does what it should
// not can end no reader. The processes of other users, and those that may not be traced, cannot be
// read.
//
// Thread: any; one object, one thread.
#ifndef JACKFIELD_TOOLS_WATCH_READER_H_
#define JACKFIELD_TOOLS_WATCH_READER_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "kernel/frame_log.h"
#include "kernel/trace.h"
#include "services/watch/page.h"

namespace jackfield::watch {

// One message, as its header says; of one that ended a session the kind is None.
struct Event {
  uint64_t number = 0;      // of all messages of its log, from 1
  int64_t realtime_ns = 0;  // when the turn began in which it was sent or came, since 1970
  FrameWay way = FrameWay::kSent;
  FrameKind kind = FrameKind::None;
  uint8_t code = 0;          // absl::StatusCode of an answer, or of an end
  uint32_t frame_bytes = 0;  // with header
  uint32_t type = 0;
  uint64_t call_id = 0;
  uint64_t peer_epoch = 0;
};

// What one end of a call in a trace saw of it (kernel/trace.h Span). Times are of CLOCK_MONOTONIC.
struct SpanEvent {
  uint64_t number = 0;  // of all spans of its process, from 1
  std::array<uint8_t, 16> trace_id = {};
  uint64_t span_id = 0, parent_id = 0;
  Span::Side side = Span::Side::kCaller;
  uint8_t code = 0;
  uint32_t type = 0;
  uint64_t peer_epoch = 0;
  int64_t begun_ns = 0, handled_ns = 0, ended_ns = 0;
};

// What a page says, at one moment.
struct PageCopy {
  std::string name;
  int pid = 0;
  int64_t realtime_ahead_ns = 0;
  std::map<uint64_t, std::string> peers;    // by epoch
  std::map<uint32_t, std::string> methods;  // of those that it serves, by type
  std::vector<Event> events;                // none torn, the oldest first
  std::vector<SpanEvent> spans;             // the same
};

// The page of the service of that name in a process. Errors: NOT_FOUND (the process has none: it
// has ended, is no service, or of another version); PERMISSION_DENIED.
absl::StatusOr<OwnedFd> OpenPage(pid_t pid, std::string_view service);

// The same of whichever process of this user has one; the first that is found. Looks at all of
// them. Errors: NOT_FOUND.
absl::StatusOr<OwnedFd> FindPage(std::string_view service);

// Errors: DATA_LOSS: it is no page, or of another version.
absl::StatusOr<PageCopy> ReadPage(int fd);
// The same of a page that nobody writes any more.
absl::StatusOr<PageCopy> ReadPage(std::string_view bytes);

// A message of a tap.
struct TappedMessage {
  Event event;
  uint32_t payload_bytes = 0;
  std::string payload;  // the first kKeptBytesMax of them
};

class TapReader {
 public:
  // The tap that a service has said is there. realtime_ahead_ns: of its page. Reads what comes from
  // here on; of a tap that began before, too. Errors: NOT_FOUND, PERMISSION_DENIED, DATA_LOSS.
  static absl::StatusOr<TapReader> Open(pid_t pid, int fd, int64_t realtime_ahead_ns);

  // The next message; nothing: there is none yet.
  std::optional<TappedMessage> Next();
  // So many came too fast to be read, since the last question.
  uint64_t TakeMissed() { return std::exchange(missed_, 0); }

 private:
  TapReader(OwnedFd fd, int64_t realtime_ahead_ns)
      : fd_(std::move(fd)), realtime_ahead_ns_(realtime_ahead_ns) {}
  uint64_t Newest() const;

  OwnedFd fd_;
  int64_t realtime_ahead_ns_;
  uint64_t next_ = 1, missed_ = 0;
};

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_READER_H_
