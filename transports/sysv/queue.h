// A System V message queue, owned or used (svipc(7)).
//
// Its owner is known by the system's own word: msg_lrpid, who read last. An owner reads a message
// of its own as soon as it has the queue, and nobody else reads from it. If that process is gone,
// the queue is a dead one's; also if its number was used again: if it is not the process that the
// queue's group tells of, and began after msg_rtime. (The group grants nothing, by kMode. The time
// alone does not tell: an owner at rest lives on when the clock is set.) The system tells the
// number as the pid namespace of who asks has it, and 0 if it has none there: such an owner is
// unknown, as engine/owner.h has it.
//
// A queue of the bus is known by its permissions, kMode: any program may have a queue of any key,
// and one without this mark is never read, written or removed, whatever became of its owner.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SYSV_QUEUE_H_
#define JACKFIELD_TRANSPORTS_SYSV_QUEUE_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/loop/sys.h"
#include "transports/engine/owner.h"

namespace jackfield::sysv {

inline constexpr uint32_t kServerKeys = 0x4a000000, kClientKeys = 0x4b000000;
inline constexpr uint32_t kKeyBits = 0x00ffffff;

// Read and write for the owner alone. The bits for execution mean nothing to a queue (svipc(7)), so
// nobody else sets them.
inline constexpr unsigned kMode = 0611;

// A message as msgsnd(2) and msgrcv(2) want it begins with its type.
inline constexpr uint32_t kTypeBytes = sizeof(long);

// A new queue of this key. What a dead owner left is removed, and said on stderr.
// Errors: ALREADY_EXISTS (its owner lives, or it is not the bus's); PERMISSION_DENIED (another
// user's); RESOURCE_EXHAUSTED (kernel.msgmni).
absl::StatusOr<int> Own(const Sys& sys, key_t key, std::string_view what);
// The queue of this key. Errors: UNAVAILABLE (there is none, or its owner is dead);
// FAILED_PRECONDITION (it is not the bus's); PERMISSION_DENIED (another user's).
absl::StatusOr<int> Use(const Sys& sys, key_t key, std::string_view what);
// Is it the bus's, and of this user or of root?
bool IsTrusted(int id);
// Its number is not given again soon, so a successor's queue cannot be meant.
void Remove(int id);

using jackfield::Owner;

// What the system tells of a queue of the bus and of this user; nullopt: of any other, or none.
struct Seen {
  key_t key = 0;
  int owner_pid = 0;  // 0: nobody has marked it yet, or it cannot be seen
  Owner owner = Owner::kUnknown;
  int64_t age_seconds = 0;
};
std::optional<Seen> Look(int id);

// The numbers of all queues of the bus and of this user.
std::vector<int> All();

// Removes the queue of a client that has died, if that is what it is. Its server may have died in
// the same moment, or before it had heard of it.
void RemoveIfDead(int id);
// The same for all clients of this user, of whichever server: a server does it when it begins and
// when it ends, a client when it begins. Says so on stderr. Looks only whether there is a process
// of the owner's number, so that it costs little with many clients: whose number was used again, or
// who is not buried yet, is left to the next one, or to `jackfield clean`.
void RemoveQueuesOfDeadClients();

std::string Hex(key_t key);  // "0x4a460001"

// Do messages of so many bytes fit? Errors: RESOURCE_EXHAUSTED (kernel.msgmax, kernel.msgmnb).
absl::Status CheckSize(uint32_t message_bytes, std::string_view what);

// message: the type, then the text. 0, or -errno: -EAGAIN, it is full; -EIDRM, it is gone.
int Send(const Sys& sys, int id, std::span<const std::byte> message);
// Bytes of text, or -errno: -EAGAIN, it is empty. More bytes than there is room for: it was larger,
// what fits is here and the rest is thrown away.
int64_t Receive(const Sys& sys, int id, std::span<std::byte> message);

}  // namespace jackfield::sysv

#endif  // JACKFIELD_TRANSPORTS_SYSV_QUEUE_H_
