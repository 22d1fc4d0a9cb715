#include "tools/supervisor/last_pages.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <utility>

#include "kernel/base/text.h"
#include "services/watch/page.h"
#include "tools/watch/reader.h"

namespace jackfield {

LastPages::Mapped& LastPages::Mapped::operator=(Mapped&& other) noexcept {
  std::swap(at_, other.at_);
  other.Unmap();
  return *this;
}

void LastPages::Mapped::Unmap() {
  if (at_ != nullptr) munmap(std::exchange(at_, nullptr), sizeof(watch::Page));
}

// One that could still be made shorter would end whoever reads it.
bool LastPages::Mapped::Map(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return false;
  void* at = mmap(nullptr, sizeof(watch::Page), PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return false;
  Unmap();
  at_ = at;
  return true;
}

std::string_view LastPages::Mapped::bytes() const {
  return at_ == nullptr ? std::string_view()
                        : std::string_view(static_cast<const char*>(at_), sizeof(watch::Page));
}

void LastPages::Hold(const std::string& service, pid_t pid) {
  const absl::StatusOr<OwnedFd> fd = watch::OpenPage(pid, service);
  if (fd.ok()) pages_[service].of_running.Map(fd->get());
}

std::string LastPages::Ended(const std::string& service, std::string ending) {
  const auto pages = pages_.find(service);
  if (pages == pages_.end() || !pages->second.of_running.ok()) return "";
  pages->second.of_ended = std::move(pages->second.of_running);
  const std::string_view page = pages->second.of_ended.bytes();
  if (files_.Keep(service, {.ending = std::move(ending), .page = std::string(page)})) return "";
  return Text("the last messages of ", service, " are in no file: a run has those of ",
              kKeptPagesMax, " services");
}

std::string_view LastPages::LastOf(std::string_view service) const {
  const auto pages = pages_.find(service);
  return pages == pages_.end() ? std::string_view() : pages->second.of_ended.bytes();
}

}  // namespace jackfield
