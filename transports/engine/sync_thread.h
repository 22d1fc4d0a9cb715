// Runs fdatasync for a node, which must never block: one thread, one sync at a time, and a
// descriptor that says when it is done.
//
// Thread: the owner's, but for the loop inside.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SYNC_THREAD_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SYNC_THREAD_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

class SyncThread {
 public:
  // Syncs `fd`, which outlives it. Errors: RESOURCE_EXHAUSTED (descriptors, threads).
  static absl::StatusOr<std::unique_ptr<SyncThread>> Make(int fd);
  // Blocks until a sync under way has ended.
  ~SyncThread();
  SyncThread(const SyncThread&) = delete;

  void Start();  // Requires: none is under way
  // Becomes readable when the sync is done; non-blocking, and to be read empty.
  int done_fd() const { return done_fd_.get(); }
  // What came of it: 0 or an errno. Requires: done_fd was readable.
  int Take();

 private:
  SyncThread(int fd, OwnedFd done_fd) : fd_(fd), done_fd_(std::move(done_fd)) {}
  void Loop();

  const int fd_;
  const OwnedFd done_fd_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  bool wanted_ = false, stopping_ = false;
  int result_ = 0;
  std::thread thread_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SYNC_THREAD_H_
