// How a call ended, as its callback hears it: with a status, or with an answer that is lent. Used
// like an absl::StatusOr, but it can be neither copied nor moved: who wants the answer longer than
// the callback lasts calls Keep().
//
//   [](Answer& answer) { if (answer.ok()) Show(answer->text()); else Say(answer.status()); }
//
// Thread: the node's.
#ifndef JACKFIELD_KERNEL_CALL_ANSWER_H_
#define JACKFIELD_KERNEL_CALL_ANSWER_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/loop/block_pool.h"
#include "kernel/message.h"

namespace jackfield {

class Answer {
 public:
  // ---- For Channel.
  // `message`: of a call that was answered; else null, and `status` says why.
  Answer(absl::Status status, MessageView* message, BlockPool& memory)
      : status_(std::move(status)), message_(message), memory_(memory) {}
  Answer(const Answer&) = delete;

  bool ok() const { return message_ != nullptr; }
  const absl::Status& status() const { return status_; }
  // Require: ok()
  MessageView& operator*() { return *message_; }
  MessageView* operator->() { return message_; }
  // An owned one. Errors: the call's; RESOURCE_EXHAUSTED (no message memory: the node's limit and
  // who holds what).
  absl::StatusOr<Message> Keep();

 private:
  absl::Status status_;
  MessageView* const message_;
  BlockPool& memory_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_ANSWER_H_
