// What the two ends of a connection tell each other on the rendezvous socket, a stream: the client
// a hello with descriptors, the server a welcome or a refusal. Little-endian, fixed sizes;
// docs/WIRE.md shows them, and shm_records_test.cc fixes the bytes. The first 16 bytes of both are
// the same in every version.
#ifndef JACKFIELD_TRANSPORTS_SHM_SHM_RECORDS_H_
#define JACKFIELD_TRANSPORTS_SHM_SHM_RECORDS_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace jackfield {

static_assert(std::endian::native == std::endian::little, "the records are stored as they are");

inline constexpr uint64_t kShmMagic = 0x314d4853444c464a;  // "JFLDSHM1"
inline constexpr uint32_t kShmVersion = 1;

// Descriptors with it: the memfd; with BellKind::kEventFd then the client's bell (which the server
// rings), then the server's.
struct ShmHello {
  uint64_t magic = kShmMagic;
  uint32_t version = kShmVersion;
  uint32_t record_bytes = 64;
  uint64_t lane_bytes = 0;
  uint32_t data_offset = 0;
  uint32_t bell = 0;  // a BellKind
  uint32_t fd_count = 0;
  uint32_t reserved[7] = {};  // 0
};
static_assert(sizeof(ShmHello) == 64);

struct ShmWelcome {
  uint64_t magic = kShmMagic;
  uint32_t version = kShmVersion;
  uint32_t record_bytes = 256;
  uint32_t reason = 0;  // 0: welcome; else a Reason (kernel/base/outcome.h), and the text says why
  uint32_t text_bytes = 0;  // 0 … 232
  char text[232] = {};
};
static_assert(sizeof(ShmWelcome) == 256);

// Errors: FAILED_PRECONDITION (another version, both named), INVALID_ARGUMENT (not of our kind).
absl::Status CheckHello(const ShmHello& hello, size_t fds_received);

ShmWelcome RefusalOf(const absl::Status& why);
// OK, or the refusal as this end's own error.
absl::Status StatusOf(const ShmWelcome& welcome);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SHM_RECORDS_H_
