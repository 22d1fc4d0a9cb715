#include "transports/engine/sync_thread.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/loop/sys.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<SyncThread>> SyncThread::Make(int fd) {
  OwnedFd done_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!done_fd.ok()) return SysError(errno, "eventfd for the syncs of a file");
  std::unique_ptr<SyncThread> made(new SyncThread(fd, std::move(done_fd)));
  // The program's signals are the business of its own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  try {
    made->thread_ = std::thread([self = made.get()] { self->Loop(); });
  } catch (const std::system_error& failed) {  // the only way in which std::thread says it
    error = failed.code().value();
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    return MakeStatus(Outcome::kRefused, Reason::kResource,
                      "no thread for the syncs of a file (ulimit -u, pids.max)");
  }
  return made;
}

SyncThread::~SyncThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void SyncThread::Start() {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  changed_.notify_one();
}

int SyncThread::Take() {
  const std::lock_guard lock(mutex_);
  return result_;
}

void SyncThread::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    const int result = fdatasync(fd_) == 0 ? 0 : errno;
    lock.lock();
    result_ = result;
    const uint64_t one = 1;
    // Cannot fail: the counter is far from its end.
    [[maybe_unused]] const ssize_t wrote = write(done_fd_.get(), &one, sizeof one);
  }
}

}  // namespace jackfield
