// What a process shows of itself to the tools of its own user: memory that it alone writes and that
// they only read. There are two kinds, each in a memfd of its own. A tool finds them among the
// descriptors of the process (/proc/PID/fd), by their names; another user may not look there.
//
// The page is there as long as the service runs: its name, whom it speaks to, what its methods are
// called, its last messages (kernel/frame_log.h), and its part of the last traces (kernel/trace.h).
// Whoever holds it open has it also after a kill -9.
//
// The tap is there while somebody asks for it (jackfield.control.Control/Tap): the messages
// themselves, as far as they fit.
//
// All numbers are in the machine's own order, little-endian. A reader copies what it reads, and
// believes none of it: lengths are bounded here, and texts may be any bytes.
#ifndef JACKFIELD_SERVICES_WATCH_PAGE_H_
#define JACKFIELD_SERVICES_WATCH_PAGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kernel/frame_log.h"
#include "kernel/trace.h"

namespace jackfield::watch {

inline constexpr uint32_t kLayout = 2;  // of both; another one cannot be read

// ---- The page.

inline constexpr char kPageName[] = "jackfield-page";       // of the memfd
inline constexpr uint64_t kPageMagic = 0x31656761504b434a;  // "JCKPage1"
inline constexpr size_t kRecords = FrameLog::kRecords;      // messages kept
inline constexpr size_t kSpans = 1024;                      // ends of calls in traces
inline constexpr size_t kPeers = 64;                        // the last that there were
inline constexpr size_t kMethods = 512;
inline constexpr size_t kNameBytesMax = 55;    // of a process; what is longer is cut
inline constexpr size_t kMethodBytesMax = 91;  // of a method

// A session's other end. Written anew when more than kPeers have come: valid if the epoch is the
// same before and after the name was copied.
struct Peer {
  std::atomic<uint64_t> epoch;  // 0: nobody
  char name[kNameBytesMax + 1];
};

// What a type of message is called: "shop.Stock/Reserve".
struct MethodName {
  uint32_t type;
  char name[kMethodBytesMax + 1];
};

// What one end of a call in a trace saw of it (kernel/trace.h Span); valid if the number is the
// same before and after the rest was copied.
struct SpanRecord {
  std::atomic<uint64_t> number;  // which span of the process it is, from 1; 0: none
  uint8_t trace_id[16];
  uint64_t span_id, parent_id;
  uint64_t peer_epoch;
  int64_t begun_ns, handled_ns, ended_ns;
  uint32_t type;
  Span::Side side;
  uint8_t code;
  uint8_t unused[2];
};
static_assert(sizeof(SpanRecord) == 80);

struct Page {
  uint64_t magic;
  uint32_t layout;
  int32_t pid;
  uint64_t epoch;             // of the node
  int64_t realtime_ahead_ns;  // of the record's clock: added, it is the time since 1970
  char name[kNameBytesMax + 1];
  std::atomic<uint32_t> methods_known;  // so many of `methods` are written
  Peer peers[kPeers];
  MethodName methods[kMethods];
  FrameRecord records[kRecords];
  SpanRecord spans[kSpans];  // number n is at n % kSpans
};

// ---- The tap.

inline constexpr char kTapName[] = "jackfield-tap";
inline constexpr uint64_t kTapMagic = 0x317061544b434a;  // "JCKTap1"
inline constexpr size_t kTapRecords = 1024;
inline constexpr uint32_t kKeptBytesMax = 4096 - sizeof(FrameRecord) - 8;  // of a message

struct TapRecord {
  FrameRecord frame;       // its number says which message of the tap it is
  uint32_t payload_bytes;  // that it had
  uint32_t kept_bytes;     // the first of them, that are here
  std::byte payload[kKeptBytesMax];
};
static_assert(sizeof(TapRecord) == 4096);

struct Tap {
  uint64_t magic;
  uint32_t layout;
  int32_t pid;
  alignas(4096) TapRecord records[kTapRecords];
};

}  // namespace jackfield::watch

#endif  // JACKFIELD_SERVICES_WATCH_PAGE_H_
