#include "kernel/loop/mailbox.h"

#include <unistd.h>

#include <cstdint>

#include "kernel/base/thrown.h"

namespace jackfield {

Mailbox::~Mailbox() { close(event_fd_); }

bool Mailbox::Post(Posted& posted) {
  Posted* head = head_.load(std::memory_order_relaxed);
  do {
    if (head == Gone()) return false;
    posted.next = head;
  } while (!head_.compare_exchange_weak(head, &posted, std::memory_order_seq_cst,
                                        std::memory_order_relaxed));
  Wake();
  return true;
}

void Mailbox::Wake() {
  if (!asleep_.load(std::memory_order_seq_cst)) return;
  if (!asleep_.exchange(false, std::memory_order_seq_cst)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(event_fd_, &one, sizeof one);
}

Posted* Mailbox::Reversed(Posted* list) {
  Posted* reversed = nullptr;
  while (list != nullptr) {
    Posted* next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

Posted* Mailbox::Take() {
  if (head_.load(std::memory_order_relaxed) == nullptr) return nullptr;
  return Reversed(head_.exchange(nullptr, std::memory_order_acquire));
}

Posted* Mailbox::Shut() { return Reversed(head_.exchange(Gone(), std::memory_order_acq_rel)); }

bool MailboxHandle::Run(InlineFunction<void()> f) const {
  struct Owned : Posted {
    InlineFunction<void()> f;
  };
  auto* owned = new Owned;
  owned->f = std::move(f);
  owned->run = [](Posted& self) {
    auto* owned = static_cast<Owned*>(&self);
    try {
      owned->f();
    } catch (...) {
      SayThrown("a posted function", std::current_exception());
    }
    delete owned;
  };
  if (mailbox_ != nullptr && mailbox_->Post(*owned)) return true;
  delete owned;
  return false;
}

}  // namespace jackfield
