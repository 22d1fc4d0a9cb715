#include "tools/runs/page_keeper.h"

#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield {

// Guarded by `mutex`, all of it.
struct PageKeeper::Waiting {
  // The thread's: writes what comes, until `ended`.
  void Serve(const std::string& directory) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ended || !pages.empty(); });
      if (ended) return;
      const auto next = pages.extract(pages.begin());
      writing = true;
      lock.unlock();
      absl::Status result = WriteKeptPage(directory, next.key(), next.mapped());
      lock.lock();
      writing = false;
      ++written;
      if (status.ok()) status = std::move(result);
      changed.notify_all();
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, KeptPage> pages;  // by service
  bool writing = false, ended = false;
  uint64_t written = 0;
  absl::Status status;
};

PageKeeper::PageKeeper(std::string directory)
    : directory_(std::move(directory)), waiting_(std::make_shared<Waiting>()) {}

PageKeeper::~PageKeeper() {
  const std::lock_guard lock(waiting_->mutex);
  waiting_->ended = true;
  waiting_->changed.notify_all();
}

bool PageKeeper::Keep(const std::string& service, KeptPage page) {
  if (directory_.empty()) return true;
  if (services_.size() == kKeptPagesMax && !services_.contains(service)) return false;
  if (!has_thread_) {
    try {
      std::thread([shared = waiting_, directory = directory_] {
        shared->Serve(directory);
      }).detach();
      has_thread_ = true;
    } catch (const std::system_error&) {
      return false;
    }
  }
  services_.insert(service);
  const std::lock_guard lock(waiting_->mutex);
  waiting_->pages.insert_or_assign(service, std::move(page));
  waiting_->changed.notify_all();
  return true;
}

absl::Status PageKeeper::Flush(int64_t patience_ns) {
  std::unique_lock lock(waiting_->mutex);
  Waiting& waiting = *waiting_;
  const auto done = [&waiting] { return waiting.pages.empty() && !waiting.writing; };
  while (!done()) {
    const uint64_t before = waiting.written;
    const bool moved = waiting.changed.wait_for(lock, std::chrono::nanoseconds(patience_ns), [&] {
      return done() || waiting.written != before;
    });
    if (!moved)
      return absl::DeadlineExceededError(
          Text("the disk took no page of a service for ", patience_ns / 1'000'000, " ms"));
  }
  return waiting.status;
}

}  // namespace jackfield
