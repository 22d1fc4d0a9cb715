// The service `journal`: a log (log.h) that many append to and read over the bus, and named cursors
// (cursors.h), which survive who reads and the service.
//
// Thread: the node's. Outlives the port it is registered on.
#ifndef JACKFIELD_SERVICES_JOURNAL_JOURNAL_H_
#define JACKFIELD_SERVICES_JOURNAL_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "jackfield/port.h"
#include "jackfield/service.h"
#include "kernel/base/list.h"
#include "services/journal/cursors.h"
#include "services/journal/journal_service.h"
#include "services/journal/log.h"

namespace jackfield::journal {

// A record of this size goes through a channel that was opened with the defaults.
inline constexpr size_t kPayloadBytesMax = (1 << 20) - 1024;

class JournalServer final : public JournalService {
 public:
  static constexpr uint32_t kReadersMax = 1024;

  // Errors: those of Log::Open and Cursors::Open.
  static absl::StatusOr<std::unique_ptr<JournalServer>> Open(const std::string& directory,
                                                             const LogOptions& options);
  Log& log() { return *log_; }

  // Every reader is a call under way, and other calls must still find room.
  static PortOptions OptionsForPort();

  // ---- The methods of journal.fbs. Errors of all: what the disk says.

  // Errors: INVALID_ARGUMENT (more than kPayloadBytesMax), those of Log::Append.
  Handling Append(CallOf<AppendRequest, Appended> call) override;
  // Errors: NOT_FOUND, OUT_OF_RANGE, RESOURCE_EXHAUSTED (there are kReadersMax), those of
  // Log::Reader::Next.
  Handling Read(ServerStreamOf<ReadRequest, Entry> call) override;
  // Errors: OUT_OF_RANGE, those of Cursors::Set.
  Handling SetCursor(CallOf<Cursor, Done> call) override;
  Handling Cursors(ServerStreamOf<CursorsRequest, CursorState> call) override;
  Handling Forget(CallOf<ForgetRequest, Done> call) override;
  Handling GetState(CallOf<StateRequest, State> call) override;

 private:
  class Follower;
  struct FollowerTag {};
  JournalServer(std::unique_ptr<Log> log, journal::Cursors cursors, uint64_t bytes_max)
      : log_(std::move(log)), cursors_(std::move(cursors)), bytes_max_(bytes_max) {}
  // Where a reader begins. Errors: as Read.
  absl::StatusOr<uint64_t> BeginOf(const ReadRequest& request) const;
  absl::Status CheckNumber(uint64_t sequence, std::string_view of) const;

  std::unique_ptr<Log> log_;
  journal::Cursors cursors_;
  const uint64_t bytes_max_;
  uint32_t readers_ = 0;
  List<Follower, FollowerTag> followers_;  // readers
};

// Serves it until it is asked to stop: the service "journal" of a wiring. Its arguments are those
// of ReadLogArguments (upkeep.h); --log is needed.
absl::Status RunJournal(Service& service);

}  // namespace jackfield::journal

#endif  // JACKFIELD_SERVICES_JOURNAL_JOURNAL_H_
