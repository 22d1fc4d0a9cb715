#include "tools/watch/pages.h"

#include <utility>

namespace jackfield::watch {

std::vector<PageCopy> Pages::Read(const init::Wiring& wiring, int supervisor) {
  std::vector<PageCopy> pages;
  std::map<std::string, Opened> opened;
  for (const init::Service* service : *wiring.services()) {
    const int pid = service->pid() > 0 ? service->pid() : supervisor;
    const std::string name = service->name()->str();
    Opened& one = opened[name];
    if (auto before = opened_.find(name); before != opened_.end()) one = std::move(before->second);
    if (one.pid != pid || !one.page.ok()) {
      one = {};
      absl::StatusOr<OwnedFd> page = OpenPage(pid, name);
      if (!page.ok()) continue;
      one = {pid, *std::move(page)};
    }
    absl::StatusOr<PageCopy> page = ReadPage(one.page.get());
    if (!page.ok()) continue;
    page->name = name;  // the page's own may be cut
    pages.push_back(*std::move(page));
  }
  opened_ = std::move(opened);  // those that have gone are closed
  return pages;
}

}  // namespace jackfield::watch
