// What the last processes of the services of a run showed of themselves (services/watch/page.h),
// kept in the run's directory for those who come when it is over:
//
//   STATE/runs/shop@20261130T192031.481207Z-4711/kv.page     a table jackfield.init.Last
//
// A file is for its user alone, and is there whole or not at all.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_RUNS_KEPT_PAGES_H_
#define JACKFIELD_TOOLS_RUNS_KEPT_PAGES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace jackfield {

// Of one run: those of the services that end first. The page of a service's last process takes the
// place of the one before.
inline constexpr size_t kKeptPagesMax = 256;
// Of a file. A page has 199 KiB; what of it was never written takes no room on the disk.
inline constexpr size_t kKeptPageBytesMax = 1 << 20;

struct KeptPage {
  std::string ending;  // how the process did: "was killed by SIGKILL"
  std::string page;
};

// Of which services there is one, by name.
std::vector<std::string> KeptPagesIn(const std::string& directory);

// Errors: DATA_LOSS (it is no such file), and what the system says, as when there is none.
absl::StatusOr<KeptPage> ReadKeptPage(const std::string& directory, std::string_view service);

// In place of the one that is there. Errors: what the system says; then that one stays.
absl::Status WriteKeptPage(const std::string& directory, std::string_view service,
                           const KeptPage& kept);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_KEPT_PAGES_H_
