// What the processes of services show of themselves (services/watch), kept by whoever started them:
// so the last messages of one that was killed can still be read.
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

namespace jackfield {

class LastPages {
 public:
  // The process of that service is ready. One that shows nothing, or may not be looked at, has no
  // page here.
  void Hold(const std::string& service, pid_t pid);
  // It has ended: its page is the last one.
  void Ended(const std::string& service);
  // The page of its process that ended last; "": there is none. Until the next of these calls.
  std::string_view LastOf(std::string_view service) const;

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
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_LAST_PAGES_H_
