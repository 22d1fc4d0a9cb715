// Writes the pages of services that have ended (kept_pages.h) into the directory of a run.
//
// A thread of its own writes, for a disk may let a write wait. What waits for it is bounded: one
// page of each service, the last, of kKeptPagesMax services.
//
// Thread: its owner's.
#ifndef JACKFIELD_TOOLS_RUNS_PAGE_KEEPER_H_
#define JACKFIELD_TOOLS_RUNS_PAGE_KEEPER_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "tools/runs/kept_pages.h"

namespace jackfield {

class PageKeeper {
 public:
  // directory: of the run, and "" if there is none: then nothing is kept.
  explicit PageKeeper(std::string directory);
  // What is left then is lost: Flush first.
  ~PageKeeper();
  PageKeeper(const PageKeeper&) = delete;

  // The process of that service has ended. False: it is one more than kKeptPagesMax, or no thread
  // is to be had.
  bool Keep(const std::string& service, KeptPage page);

  // Waits until all is written. Errors: DEADLINE_EXCEEDED: the disk took nothing for `patience_ns`;
  // else the first that came with writing, in the run.
  absl::Status Flush(int64_t patience_ns);

 private:
  struct Waiting;
  const std::string directory_;
  std::set<std::string> services_;
  bool has_thread_ = false;
  // The thread's, too, which outlives this if it never comes back from its write.
  const std::shared_ptr<Waiting> waiting_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_PAGE_KEEPER_H_
