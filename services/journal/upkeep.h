// What a service that keeps a log does beside serving it: reads from its arguments where it is and
// how large, syncs it now and then, and drops what is too old.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_JOURNAL_UPKEEP_H_
#define JACKFIELD_SERVICES_JOURNAL_UPKEEP_H_

#include <optional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "jackfield/node.h"
#include "services/journal/log.h"

namespace jackfield::journal {

inline constexpr nanoseconds kSyncEvery = 1s;  // so much a loss of power may cost by default

struct LogArguments {
  std::string directory;
  LogOptions options;
  nanoseconds sync_every = kSyncEvery;  // 0s: only where options.sync_each says so
};

// --log DIRECTORY [--log-bytes 64MiB] [--log-age 24h] [--log-sync 1s|each|never]; nullopt: there
// are none. Errors: INVALID_ARGUMENT, with what can be said.
absl::StatusOr<std::optional<LogArguments>> ReadLogArguments(std::span<const std::string> args);

class Upkeep {
 public:
  // Says on stderr what was cut when the log was opened. The log outlives this.
  Upkeep(Node& node, Log& log, nanoseconds sync_every);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;

  static constexpr nanoseconds kLookEvery = 1s;  // for what is too old

 private:
  void Sync();
  void Look();
  Node& node_;
  Log& log_;
  const nanoseconds sync_every_;
  Timer sync_timer_, look_timer_;
};

}  // namespace jackfield::journal

#endif  // JACKFIELD_SERVICES_JOURNAL_UPKEEP_H_
