// How other threads reach a node: they post to its mailbox; the node runs what is posted in its own
// turn.
//
// Thread: MailboxHandle may be copied to and used from any thread, and may outlive the node (Post
// is then refused). Take, PrepareSleep and EndSleep belong to the node's thread.
#ifndef JACKFIELD_KERNEL_LOOP_MAILBOX_H_
#define JACKFIELD_KERNEL_LOOP_MAILBOX_H_

#include <atomic>
#include <utility>

#include "kernel/base/inline_function.h"

namespace jackfield {

// Something posted; the poster owns it, and leaves it alone until `run` is called. For posts
// without allocation.
struct Posted {
  void (*run)(Posted& self) = nullptr;
  Posted* next = nullptr;
};

class Mailbox {
 public:
  explicit Mailbox(int event_fd) : event_fd_(event_fd) {}
  Mailbox(const Mailbox&) = delete;

  // False: the node is gone, and `posted` stays the caller's. Thread: any.
  bool Post(Posted& posted);
  void Wake();  // ends the node's sleep. Thread: any.

  // ---- The node's.
  int event_fd() const { return event_fd_; }
  Posted* Take();  // what was posted, oldest first
  Posted* Shut();  // the same, and refuses every later post
  // Before the last look for work and the sleep: from here on, posts write to event_fd.
  void PrepareSleep() { asleep_.store(true, std::memory_order_seq_cst); }
  bool HasPosts() const { return head_.load(std::memory_order_seq_cst) != nullptr; }
  void EndSleep() { asleep_.store(false, std::memory_order_relaxed); }

 private:
  friend class MailboxHandle;
  ~Mailbox();
  static Posted* Reversed(Posted* list);
  static Posted* Gone() { return reinterpret_cast<Posted*>(1); }

  const int event_fd_;
  std::atomic<Posted*> head_{nullptr};  // newest first; published to the node by its release
  std::atomic<bool> asleep_{
      false};  // read by posters after their post: either they see it or the node sees the post
  std::atomic<int> handles_{0};
};

// Keeps a Mailbox alive.
class MailboxHandle {
 public:
  MailboxHandle() = default;
  explicit MailboxHandle(Mailbox* mailbox) : mailbox_(mailbox) { Add(); }
  MailboxHandle(const MailboxHandle& other) : mailbox_(other.mailbox_) { Add(); }
  MailboxHandle(MailboxHandle&& other) noexcept
      : mailbox_(std::exchange(other.mailbox_, nullptr)) {}
  MailboxHandle& operator=(MailboxHandle other) noexcept {
    std::swap(mailbox_, other.mailbox_);
    return *this;
  }
  ~MailboxHandle() {
    if (mailbox_ != nullptr && mailbox_->handles_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete mailbox_;
  }

  Mailbox* operator->() const { return mailbox_; }
  explicit operator bool() const { return mailbox_ != nullptr; }

  // Runs `f` on the node's thread. False: the node is gone and `f` is not run. Allocates.
  bool Run(InlineFunction<void()> f) const;

 private:
  void Add() {
    if (mailbox_ != nullptr) mailbox_->handles_.fetch_add(1, std::memory_order_relaxed);
  }
  Mailbox* mailbox_ = nullptr;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_MAILBOX_H_
