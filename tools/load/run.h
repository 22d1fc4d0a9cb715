// A run: generator processes that begin at the same moment, and their sheets, added up.
//
//   Run run(job, arrivals);
//   absl::Status status = run.Start();
//   while (run.Look()) { …wait a little, show run.Now()…, run.Stop() on ^C… }
//   if (run.status().ok()) …run.sheet()…
//
// Whatever happens no process of it is left when it is destroyed.
//
// Thread: the main one, and no other in the program: it forks.
#ifndef JACKFIELD_TOOLS_LOAD_RUN_H_
#define JACKFIELD_TOOLS_LOAD_RUN_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/generator.h"
#include "tools/load/schedule.h"
#include "tools/load/sheet.h"

namespace jackfield::load {

inline constexpr uint32_t kProcessesMax = 64;

class Run {
 public:
  // Both outlive it.
  Run(const Job& job, const Arrivals& arrivals);
  ~Run();
  Run(const Run&) = delete;

  // Forks. Errors: RESOURCE_EXHAUSTED (memory, processes).
  absl::Status Start();
  // Sees what has become of them, and begins when all are connected. False: it is over.
  bool Look();
  void Stop();  // early: what is out is waited for shortly
  // When it is over. Errors: one could not connect, and why; ABORTED: one died.
  const absl::Status& status() const { return status_; }
  const Sheet& sheet() const { return *total_; }  // of all, when it is over

  // What happens just now.
  struct Glance {
    int64_t at_ns = 0;  // since the start; negative: it has not begun
    double due_per_second = 0;
    int64_t lag_p99_ns = 0, p50_ns = 0, p99_ns = 0;
    uint64_t out = 0, waiting = 0, ended = 0, errors = 0;
  };
  Glance Now() const;

 private:
  struct Shared;
  struct Child {
    pid_t pid = -1;  // -1: reaped
    void* sheet = nullptr;
  };
  Sheet SheetOf(uint32_t index) const { return Sheet(grid_, children_[index].sheet); }
  [[noreturn]] void Generate(uint32_t index);
  void Ended(uint32_t index, int wait_status);

  const Job& job_;
  const Arrivals& arrivals_;
  const Grid grid_;
  size_t bytes_ = 0;
  void* memory_ = nullptr;
  Shared* shared_ = nullptr;
  std::optional<Sheet> total_;
  std::vector<Child> children_;
  absl::Status status_;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_RUN_H_
