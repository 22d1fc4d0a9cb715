// The pages of all services of a wiring (services/watch), each opened once for as long as its
// process lives.
//
// Thread: its owner's.
#ifndef JACKFIELD_TOOLS_WATCH_PAGES_H_
#define JACKFIELD_TOOLS_WATCH_PAGES_H_

#include <map>
#include <string>
#include <vector>

#include "kernel/base/owned_fd.h"
#include "services/init/init_service.h"
#include "tools/watch/reader.h"

namespace jackfield::watch {

class Pages {
 public:
  // What they say. supervisor: the process in which services that are threads have theirs. Left out
  // are those that do not run, and those whose page cannot be read.
  std::vector<PageCopy> Read(const init::Wiring& wiring, int supervisor);

 private:
  struct Opened {
    int pid = 0;
    OwnedFd page;
  };
  std::map<std::string, Opened> opened_;  // by service
};

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_PAGES_H_
