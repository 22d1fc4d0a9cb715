#include "transports/sysv/waiter.h"

#include <pthread.h>
#include <signal.h>
#include <sys/msg.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "transports/sysv/queue.h"

namespace jackfield::sysv {

absl::StatusOr<std::unique_ptr<Waiter>> Waiter::Start(const Sys& sys, int id) {
  const int event_fd = sys.EventFd();
  if (event_fd < 0) return SysError(-event_fd, "eventfd for a queue");
  std::unique_ptr<Waiter> waiter(new Waiter(id, event_fd));
  // The program's signals are not for this thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(
      &waiter->thread_, nullptr,
      [](void* user) -> void* {
        static_cast<Waiter*>(user)->Run();
        return nullptr;
      },
      waiter.get());
  waiter->started_ = error == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return SysError(error, "a thread to wait for a queue (ulimit -u, pids.max)");
  return waiter;
}

Waiter::~Waiter() {
  ending_.store(true, std::memory_order_release);
  Remove(id_);
  if (started_) {
    sem_post(&begin_);
    pthread_join(thread_, nullptr);
  }
  sem_destroy(&begin_);
  close(event_fd_);
}

void Waiter::Arm() {
  if (armed_) return;
  armed_ = true;
  sem_post(&begin_);
}

void Waiter::Disarm() {
  if (!armed_ || !said_.load(std::memory_order_acquire)) return;
  uint64_t count;
  while (read(event_fd_, &count, sizeof count) < 0 && errno == EINTR) {
  }
  said_.store(false, std::memory_order_relaxed);
  armed_ = false;
}

void Waiter::Run() {
  for (;;) {
    while (sem_wait(&begin_) != 0) {  // EINTR
    }
    if (ending_.load(std::memory_order_acquire)) return;
    struct {
      long type;
      char text[1];
    } none;
    while (msgrcv(id_, &none, 0, 0, 0) < 0 && errno == EINTR) {
    }
    const uint64_t one = 1;
    while (write(event_fd_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    said_.store(true, std::memory_order_release);
  }
}

}  // namespace jackfield::sysv
