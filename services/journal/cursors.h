// Named places in a log, in a file: up to where each reader is done. No bus.
//
// The file has a line for each, "DONE NAME", and is written anew with each change, beside the old
// one, whose place it then takes: a death leaves the one or the other.
//
// Thread: one.
#ifndef JACKFIELD_SERVICES_JOURNAL_CURSORS_H_
#define JACKFIELD_SERVICES_JOURNAL_CURSORS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jackfield::journal {

class Cursors {
 public:
  static constexpr size_t kCursorsMax = 1024;
  static constexpr size_t kNameBytesMax = 128;

  // path: of the file, which need not be there. last: of the log; who claims to have done more has
  // done that much. synced: each change is on the disk before it returns. Errors: DATA_LOSS (a line
  // that cannot be read), those of the system.
  static absl::StatusOr<Cursors> Open(const std::string& path, uint64_t last, bool synced);

  // nullopt: there is none of that name.
  std::optional<uint64_t> Find(std::string_view name) const;
  // Errors, with which nothing has changed: INVALID_ARGUMENT (the name), RESOURCE_EXHAUSTED (there
  // are kCursorsMax), those of the system.
  absl::Status Set(std::string_view name, uint64_t done);
  absl::Status Forget(std::string_view name);  // nothing where there is none

  const std::map<std::string, uint64_t, std::less<>>& all() const { return done_; }

 private:
  Cursors(std::string path, bool synced) : path_(std::move(path)), synced_(synced) {}
  absl::Status Write(const std::map<std::string, uint64_t, std::less<>>& done) const;
  std::string path_;
  bool synced_;
  std::map<std::string, uint64_t, std::less<>> done_;
};

}  // namespace jackfield::journal

#endif  // JACKFIELD_SERVICES_JOURNAL_CURSORS_H_
