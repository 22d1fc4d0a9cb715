#include "tools/supervisor/file_watch.h"

#include <sys/inotify.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "kernel/base/text.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<FileWatch>> FileWatch::Open(Node& node, const std::string& file,
                                                           std::function<void()> saved) {
  std::error_code unknown;  // of where we are: then the path stays as it is
  const std::filesystem::path path = std::filesystem::absolute(file, unknown);
  std::unique_ptr<FileWatch> watch(new FileWatch(node, path.string(), std::move(saved)));
  watch->fd_ = OwnedFd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch->fd_.ok()) return SysError(errno, "inotify_init1 (fs.inotify.max_user_instances)");
  const absl::Status watched =
      watch->Watch(watch->link_, path.parent_path().string(), path.filename().string());
  if (!watched.ok()) return watched;
  watch->WatchTarget();
  node.reactor().Start(watch->op_, watch->fd_.get(), POLLIN);
  return watch;
}

FileWatch::~FileWatch() {
  node_.timers().Cancel(quiet_);
  if (op_.pending) node_.EndWait(op_);
}

absl::Status FileWatch::Watch(Watched& watched, std::string folder, std::string name) {
  const int number =
      inotify_add_watch(fd_.get(), folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
  if (number < 0) return SysError(errno, Text("watch ", Escaped(folder)));
  watched = {number, std::move(folder), std::move(name)};
  return absl::OkStatus();
}

// What a link leads to may be another file each time.
void FileWatch::WatchTarget() {
  std::error_code none;
  const std::filesystem::path target = std::filesystem::canonical(file_, none);
  if (none) return;
  const std::string folder = target.parent_path().string();
  if (target_.number >= 0 && target_.number != link_.number && target_.folder != folder)
    inotify_rm_watch(fd_.get(), target_.number);
  // Where it cannot be watched there is the link itself still.
  if (target.string() != file_) Watch(target_, folder, target.filename().string()).IgnoreError();
}

bool FileWatch::Concerns(int number, uint32_t mask, std::string_view name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  for (const Watched* watched : {&link_, &target_}) {
    if (watched->number == number && watched->name == name) return true;
  }
  return false;
}

void FileWatch::Read() {
  alignas(inotify_event) char bytes[4096];
  int64_t got = 0;
  bool concerned = false;
  while ((got = node_.sys().Read(fd_.get(), bytes, sizeof bytes)) > 0) {
    for (int64_t at = 0; at < got;) {
      inotify_event event{};
      std::memcpy(&event, bytes + at, sizeof event);
      const char* name = bytes + at + sizeof event;
      concerned |= Concerns(event.wd, event.mask, event.len == 0 ? "" : std::string_view(name));
      at += static_cast<int64_t>(sizeof event + event.len);
    }
  }
  if (concerned) node_.timers().Arm(quiet_, node_.clock().NowNs() + kQuietNs);
  node_.reactor().Start(op_, fd_.get(), POLLIN);
}

}  // namespace jackfield
