// The logs of a run, on the disk: for each service files of bounded size and number, in the run's
// directory, and for the supervisor as well.
//
//   kv.1.log, kv.2.log …      2026-11-30T19:20:31.481207113Z slow disk 12ms
//
// A file that has its size is left alone, and the next number begins; the oldest goes. Within a run
// no two lines have the same time, and none is earlier than the one before it, so the lines of all
// files have one order (log_reader.h).
//
// A thread of its own writes, for a disk may let a write wait. One that is slow holds the services
// back (HasRoom), as a slow terminal does (tools/supervisor/outlet.h). One that has taken nothing
// for kStalledNs, or is full, holds back nobody: what it does not take is counted, and the count is
// the first line that it takes again.
//
// Thread: its owner's.
#ifndef JACKFIELD_TOOLS_RUNS_LOG_WRITER_H_
#define JACKFIELD_TOOLS_RUNS_LOG_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wiring/log_limits.h"

namespace jackfield {

class LogWriter {
 public:
  static constexpr size_t kBacklogBytesMax = 1 << 20;  // that wait for the disk
  static constexpr int64_t kStalledNs = 1'000'000'000;
  static constexpr size_t kLastLines = 10;  // of each service: Last
  static constexpr size_t kLastLineBytes = 500;

  // directory: of the run, and "" if there is none: then only Last has something to tell.
  LogWriter(std::string directory, const LogLimits& limits);
  // What is left then is lost: Flush first.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;

  // service: "": the supervisor itself. text: a line, without its newline.
  void Append(std::string_view service, std::string_view text);

  // Ask before more of what a service writes is read: false means later.
  bool HasRoom() const;

  // Waits until all is written. False: the disk took nothing for `patience_ns`.
  bool Flush(int64_t patience_ns);

  void SetLimits(const LogLimits& limits);

  std::vector<std::string> Last(std::string_view service) const;
  uint64_t waiting_bytes() const;  // for the disk
  uint64_t lost() const;           // lines that are in no file

 private:
  struct Backlog;
  const std::string directory_;
  int64_t last_ns_ = 0;
  std::map<std::string, std::deque<std::string>, std::less<>> last_lines_;
  // The thread's, too, which outlives this if it never comes back from its write.
  const std::shared_ptr<Backlog> backlog_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_LOG_WRITER_H_
