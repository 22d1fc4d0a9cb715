// A POSIX message queue, owned or used (mq_overview(7)).
//
// Who owns a queue holds a flock on it, for as long as it lives: the system lets go of it with the
// process, so whether a queue's owner is alive is a question with a sure answer, and two that take
// over a dead one's queue cannot both succeed.
//
// Not every system shows its queues in /dev/mqueue, so each is also noted in the runtime directory
// (engine/place_record.h) for as long as it has its name.
//
// Thread: the node's. Owns: the descriptor; its name until Unname() or the end.
#ifndef JACKFIELD_TRANSPORTS_MQ_QUEUE_H_
#define JACKFIELD_TRANSPORTS_MQ_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "kernel/loop/sys.h"

namespace jackfield {

inline constexpr std::string_view kMqPrefix = "/jackfield.";  // of every queue of the bus

struct QueueSize {
  uint32_t depth = 10;            // messages: fs.mqueue.msg_max is 10 by default
  uint32_t message_bytes = 8192;  // fs.mqueue.msgsize_max
};

class Queue {
 public:
  // A queue of this name that nobody lives to own: a new one. What a dead owner left is removed,
  // and said on stderr. Errors: ALREADY_EXISTS (its owner lives, or it is not this user's);
  // RESOURCE_EXHAUSTED, with the limit and the command that raises it. Blocks: some milliseconds,
  // if others look at the queue meanwhile, or it has an owner.
  static absl::StatusOr<Queue> Own(const Sys& sys, const std::string& name, QueueSize size);
  // Another's queue, to send to.
  // Errors: UNAVAILABLE (there is none, or its owner is dead); PERMISSION_DENIED (another user's);
  // FAILED_PRECONDITION (its messages have other than message_bytes).
  static absl::StatusOr<Queue> Use(const Sys& sys, const std::string& name, uint32_t message_bytes);

  // After the death of its owner: removes the name, if it is still the dead one's. Whoever survives
  // does it. Blocks: up to kReapMs, if the system has not let go of the owner's descriptors yet.
  static void Reap(const Queue& used, const std::string& name);
  static constexpr int kReapMs = 20;

  // After the death of its owner, whoever that was: removes the name.
  // Errors: FAILED_PRECONDITION (it has an owner, or is not this user's); NOT_FOUND.
  static absl::Status RemoveDead(const std::string& name);

  Queue(Queue&& other) noexcept
      : sys_(other.sys_),
        fd_(std::exchange(other.fd_, -1)),
        name_(std::move(other.name_)),
        record_(std::move(other.record_)) {}
  Queue& operator=(Queue&&) = delete;
  ~Queue();

  // Of a queue that another owns: does its owner hold the lock? For whom nothing else tells.
  bool OwnerLives() const;

  // Removes a name that another owns: a client's, once it has been admitted.
  static void Remove(const std::string& name);

  int fd() const { return fd_; }  // POLLIN, POLLOUT
  const std::string& name() const { return name_; }
  // Removes the name, if it is owned; who has the queue open keeps it.
  void Unname();

  // 0, or -errno: -EAGAIN, it is full.
  int Send(std::span<const std::byte> message, unsigned priority) const;
  // Bytes, or -errno: -EAGAIN, it is empty. Requires: `to` holds the queue's message_bytes.
  int64_t Receive(std::span<std::byte> to) const;

 private:
  Queue(const Sys& sys, int fd, std::string name) : sys_(&sys), fd_(fd), name_(std::move(name)) {}
  const Sys* sys_;
  int fd_;
  std::string name_;    // empty: there is none to remove
  std::string record_;  // the note of it
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MQ_QUEUE_H_
