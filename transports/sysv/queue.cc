#include "transports/sysv/queue.h"

#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/connect_error.h"
#include "transports/engine/owner.h"
#include "transports/engine/process.h"
#include "transports/engine/seamed.h"

namespace jackfield::sysv {
namespace {

constexpr int kTriesMax = 8;
constexpr long kOwnersMark = 0x7fffffff;
constexpr int64_t kToleranceS = 2;  // clocks of whole seconds, and the time it takes to be marked

uint64_t Limit(const char* name) {
  uint64_t value = 0;
  std::ifstream(Text("/proc/sys/kernel/", name)) >> value;
  return value;
}

struct Mark {
  long type = kOwnersMark;
  char text = 0;
};

bool IsOfTheBus(const msqid_ds& queue) { return (queue.msg_perm.mode & 0777) == kMode; }

// Is it a client's, of this user? Then `there` is filled in.
bool IsClients(int id, msqid_ds& there) {
  return msgctl(id, IPC_STAT, &there) == 0 && IsOfTheBus(there) &&
         there.msg_perm.uid == geteuid() &&
         (static_cast<uint32_t>(there.msg_perm.__key) & ~kKeyBits) == kClientKeys;
}

// What a queue's group says of its owner, besides its number: a part of when it began, which is
// counted from the system's start.
gid_t GroupOf(uint64_t start_ticks) { return static_cast<gid_t>(1 + start_ticks % 0xffff); }

// Not where a user namespace has no such group, nor where it cannot be known when this process
// began.
void NameOwner(int id) {
  const uint64_t start_ticks = ThisProcess().start_ticks;
  msqid_ds queue{};
  if (start_ticks == 0 || msgctl(id, IPC_STAT, &queue) != 0) return;
  queue.msg_perm.gid = GroupOf(start_ticks);
  msgctl(id, IPC_SET, &queue);
}

// When did a process begin that began so many ticks after the system did, by the clock of now?
int64_t ClockAt(uint64_t start_ticks, int64_t now_s) {
  // By the age of this process, so that no time namespace is in the way.
  const uint64_t own_ticks = ThisProcess().start_ticks;
  timespec boot{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  const int64_t ticks_a_second = sysconf(_SC_CLK_TCK);
  const int64_t own_age_s =
      boot.tv_sec - static_cast<int64_t>(ProcessWithPid(getpid()).start_ticks) / ticks_a_second;
  return now_s - own_age_s +
         (static_cast<int64_t>(start_ticks) - static_cast<int64_t>(own_ticks)) / ticks_a_second;
}

Owner OwnerOf(const msqid_ds& queue) {
  const int64_t now_s = time(nullptr);
  if (queue.msg_lrpid == 0 && queue.msg_rtime != 0) return Owner::kUnknown;
  if (queue.msg_lrpid == 0)  // it is just being made, or was left then; its maker tries again
    return now_s - queue.msg_ctime < kToleranceS ? Owner::kLives : Owner::kDead;
  const ProcessSeen owner = LookAtProcess(queue.msg_lrpid);
  if (owner.state == ProcessSeen::State::kEnded) return Owner::kDead;
  if (owner.state == ProcessSeen::State::kHidden || owner.start_ticks == 0) return Owner::kUnknown;
  const bool named = queue.msg_perm.gid != queue.msg_perm.cgid;
  if (named && queue.msg_perm.gid == GroupOf(owner.start_ticks)) return Owner::kLives;
  if (ClockAt(owner.start_ticks, now_s) <= queue.msg_rtime + kToleranceS) return Owner::kLives;
  return named ? Owner::kDead : Owner::kUnknown;  // the clock may have been set since
}

}  // namespace

absl::StatusOr<int> Own(const Sys& sys, key_t key, std::string_view what) {
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const int64_t made = ThroughSeam(sys, Site::kOpen, -1,
                                     [&] { return msgget(key, IPC_CREAT | IPC_EXCL | kMode); });
    if (made >= 0) {
      const auto id = static_cast<int>(made);
      Mark mark;
      if (msgsnd(id, &mark, sizeof mark.text, IPC_NOWAIT) == 0 &&
          msgrcv(id, &mark, sizeof mark.text, kOwnersMark, IPC_NOWAIT) >= 0) {
        NameOwner(id);
        return id;
      }
      const int error = errno;
      // It took so long that another took it for one that had been left.
      if (error == EIDRM || error == EINVAL) continue;
      msgctl(id, IPC_RMID, nullptr);
      return SysError(error, what);
    }
    if (made == -ENOSPC) {
      return MakeStatus(Outcome::kRefused, Reason::kResource,
                        Text(what, ": the system has as many queues as kernel.msgmni allows (",
                             Limit("msgmni"), "): sysctl -w kernel.msgmni=N"));
    }
    if (made != -EEXIST) return SysError(static_cast<int>(-made), what);
    const int old = msgget(key, 0);
    msqid_ds there{};
    if (old < 0 && errno == ENOENT) continue;
    if (old < 0 || msgctl(old, IPC_STAT, &there) != 0) {
      if (errno == EIDRM || errno == EINVAL) continue;
      return SysError(errno, what);
    }
    if (!IsOfTheBus(there)) {
      return absl::AlreadyExistsError(
          Text(what, ": a queue of key ", Hex(key),
               " is there that is not the bus's; it is left alone (ipcs -q shows whose it is): "
               "choose another key"));
    }
    const Owner owner = OwnerOf(there);
    if (owner == Owner::kUnknown && there.msg_perm.uid == geteuid()) {
      return absl::AlreadyExistsError(Text(
          what, ": there is a queue of that key whose owner cannot be seen from here (another ",
          "pid namespace, or no /proc): stop it, choose another key, or remove the queue of ",
          "one that is dead with ipcrm -q ", old));
    }
    if (there.msg_perm.uid != geteuid() || owner != Owner::kDead) {
      return absl::AlreadyExistsError(Text(what, ": process ", there.msg_lrpid, " of uid ",
                                           there.msg_perm.uid,
                                           " has a queue of that key: stop it or choose another"));
    }
    if (msgctl(old, IPC_RMID, nullptr) == 0) {
      std::fprintf(stderr,
                   "jackfield: queue %s of a dead owner (process %d) removed, with %lu messages "
                   "nobody took\n",
                   Hex(key).c_str(), there.msg_lrpid, static_cast<unsigned long>(there.msg_qnum));
    }
  }
  return absl::AlreadyExistsError(Text(what, ": the queue keeps changing hands"));
}

absl::StatusOr<int> Use(const Sys& sys, key_t key, std::string_view what) {
  const int64_t found = ThroughSeam(sys, Site::kOpen, -1, [&] { return msgget(key, 0); });
  if (found < 0) return ConnectError(static_cast<int>(-found), what);
  const auto id = static_cast<int>(found);
  msqid_ds there{};
  if (msgctl(id, IPC_STAT, &there) != 0) return SysError(errno, what);
  if (!IsOfTheBus(there)) {
    return absl::FailedPreconditionError(
        Text(what, ": the queue of key ", Hex(key),
             " is not the bus's: another program has that key (ipcs -q shows whose it is)"));
  }
  if (!IsTrusted(id)) {
    return MakeStatus(Outcome::kRefused, Reason::kPermission,
                      Text(what, ": the queue is of uid ", there.msg_perm.cuid,
                           ", not of this program's ", geteuid()));
  }
  if (OwnerOf(there) == Owner::kDead) {
    return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                      Text(what, ": its owner is dead; is the service running?"));
  }
  return id;
}

bool IsTrusted(int id) {
  msqid_ds there{};
  return msgctl(id, IPC_STAT, &there) == 0 && IsOfTheBus(there) &&
         (there.msg_perm.cuid == geteuid() || there.msg_perm.cuid == 0) &&
         there.msg_perm.uid == there.msg_perm.cuid;
}

std::optional<Seen> Look(int id) {
  msqid_ds there{};
  if (msgctl(id, IPC_STAT, &there) != 0 || !IsOfTheBus(there) || there.msg_perm.uid != geteuid())
    return std::nullopt;
  return Seen{.key = there.msg_perm.__key,
              .owner_pid = there.msg_lrpid,
              .owner = OwnerOf(there),
              .age_seconds = std::max<int64_t>(0, time(nullptr) - there.msg_ctime)};
}

std::vector<int> All() {
  std::vector<int> ids;
  msginfo info{};
  // Needs no /proc. Returns the highest index in use (msgctl(2)).
  const int highest = msgctl(0, MSG_INFO, reinterpret_cast<msqid_ds*>(&info));
  for (int index = 0; index <= highest; ++index) {
    msqid_ds there{};
    const int id = msgctl(index, MSG_STAT, &there);
    if (id >= 0 && IsOfTheBus(there) && there.msg_perm.uid == geteuid()) ids.push_back(id);
  }
  return ids;
}

void RemoveIfDead(int id) {
  msqid_ds there{};
  if (IsClients(id, there) && OwnerOf(there) == Owner::kDead) Remove(id);
}

void RemoveQueuesOfDeadClients() {
  int count = 0;
  for (const int id : All()) {
    msqid_ds there{};
    if (!IsClients(id, there)) continue;
    if (there.msg_lrpid != 0 && (kill(there.msg_lrpid, 0) == 0 || errno != ESRCH)) continue;
    if (OwnerOf(there) == Owner::kDead && msgctl(id, IPC_RMID, nullptr) == 0) ++count;
  }
  if (count > 0) std::fprintf(stderr, "jackfield: %d SysV queues of dead clients removed\n", count);
}

std::string Hex(key_t key) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(key));
  return text;
}

void Remove(int id) { msgctl(id, IPC_RMID, nullptr); }

absl::Status CheckSize(uint32_t message_bytes, std::string_view what) {
  for (const char* name : {"msgmax", "msgmnb"}) {
    const uint64_t most = Limit(name);
    if (most == 0 || message_bytes <= most) continue;
    return MakeStatus(
        Outcome::kRefused, Reason::kResource,
        Text(what, ": messages of ", message_bytes, " bytes, and kernel.", name, " is ", most,
             ": ask for smaller ones with ?frame=, or sysctl -w kernel.", name, "=",
             message_bytes));
  }
  return absl::OkStatus();
}

int Send(const Sys& sys, int id, std::span<const std::byte> message) {
  const auto sent = static_cast<int>(ThroughSeam(sys, Site::kWrite, id, [&] {
    return msgsnd(id, message.data(), message.size() - kTypeBytes, IPC_NOWAIT);
  }));
  return sent == -EINVAL ? -EIDRM : sent;  // an id that is no more is an invalid one
}

int64_t Receive(const Sys& sys, int id, std::span<std::byte> message) {
  const size_t bytes = message.size() - kTypeBytes;
  const auto take = [&](int flags) {
    return ThroughSeam(sys, Site::kRead, id,
                       [&] { return msgrcv(id, message.data(), bytes, 0, IPC_NOWAIT | flags); });
  };
  const int64_t got = take(0);
  // It would lie in front of all others for ever.
  if (got == -E2BIG && take(MSG_NOERROR) >= 0) return static_cast<int64_t>(bytes) + 1;
  return got == -ENOMSG ? -EAGAIN : got == -EINVAL ? -EIDRM : got;
}

}  // namespace jackfield::sysv
