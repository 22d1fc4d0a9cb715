// What the processes of services show of themselves (services/watch), kept by whoever started them:
// so the last messages of one that was killed can still be read, and, in the run's directory, when
// the supervisor has ended, too (tools/runs/kept_pages.h).
//
// A page is mapped while its process runs, which costs no descriptor and, as the process has it in
// memory anyway, next to nothing.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_LAST_PAGES_H_
#define JACKFIELD_TOOLS_SUPERVISOR_LAST_PAGES_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "tools/runs/page_keeper.h"

namespace jackfield {

class LastPages {
 public:
  // directory: of the run; "": there is none.
  explicit LastPages(std::string directory) : files_(std::move(directory)) {}

  // The process of that service is ready. One that shows nothing, or may not be looked at, has no
  // page here.
  void Hold(const std::string& service, pid_t pid);
  // It has ended so ("exited with 1"): its page is the last one. Returns what the user should know,
  // or "".
  std::string Ended(const std::string& service, std::string ending);
  // The page of its process that ended last; "": there is none. Until the next of these calls.
  std::string_view LastOf(std::string_view service) const;

  // As PageKeeper::Flush.
  absl::Status Flush(int64_t patience_ns) { return files_.Flush(patience_ns); }

 private:
  class Mapped {
   public:
    Mapped() = default;
    Mapped(Mapped&& other) noexcept : at_(other.at_) { other.at_ = nullptr; }
    Mapped& operator=(Mapped&& other) noexcept;
    ~Mapped() { Unmap(); }
    bool Map(int fd);
    bool ok() const { return at_ != nullptr; }
    std::string_view bytes() const;

   private:
    void Unmap();
    void* at_ = nullptr;
  };
  struct Pages {
    Mapped of_running, of_ended;
  };
  std::map<std::string, Pages, std::less<>> pages_;
  PageKeeper files_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_LAST_PAGES_H_
