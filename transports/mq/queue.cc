#include "transports/mq/queue.h"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/connect_error.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/place_record.h"
#include "transports/engine/seamed.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 8;

uint64_t Limit(const char* name) {
  uint64_t value = 0;
  std::ifstream(Text("/proc/sys/fs/mqueue/", name)) >> value;
  return value;
}

absl::Status Resource(std::string_view text) {
  return MakeStatus(Outcome::kRefused, Reason::kResource, text);
}

// Why a queue of that size could not be made, and what helps.
absl::Status WhyNot(int error, const std::string& name, QueueSize size) {
  const std::string what = Text("create queue ", name, " of ", size.depth, " messages of ",
                                size.message_bytes, " bytes");
  if (error == EINVAL) {
    if (const uint64_t most = Limit("msg_max"); size.depth > most) {
      return Resource(
          Text(what, ": fs.mqueue.msg_max is ", most,
               ": ask for fewer with ?depth=, or sysctl -w fs.mqueue.msg_max=", size.depth));
    }
    if (const uint64_t most = Limit("msgsize_max"); size.message_bytes > most) {
      return Resource(
          Text(what, ": fs.mqueue.msgsize_max is ", most,
               ": ask for smaller ones with ?frame=, or sysctl -w fs.mqueue.msgsize_max=",
               size.message_bytes));
    }
  }
  if (error == ENOSPC) {
    return Resource(Text(what, ": the system has as many queues as fs.mqueue.queues_max allows (",
                         Limit("queues_max"), "): sysctl -w fs.mqueue.queues_max=N"));
  }
  if (error == EMFILE || error == ENOMEM) {
    // EMFILE is what both limits say; a descriptor that can be had tells them apart.
    const int spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (spare >= 0) {
      close(spare);
      rlimit bytes{};
      getrlimit(RLIMIT_MSGQUEUE, &bytes);
      return Resource(Text(what,
                           ": this user's queues would take more than RLIMIT_MSGQUEUE allows (",
                           uint64_t{bytes.rlim_cur},
                           " bytes): raise it with ulimit -q, or ask for "
                           "smaller queues with ?depth= and ?frame="));
    }
  }
  return SysError(error, what);
}

// Did the lock come too late, for a queue that has lost its name?
bool IsUnnamed(int fd) {
  struct stat now {};
  return fstat(fd, &now) != 0 || now.st_nlink == 0;
}

}  // namespace

absl::StatusOr<Queue> Queue::Own(const Sys& sys, const std::string& name, QueueSize size) {
  mq_attr attributes{};
  attributes.mq_maxmsg = size.depth;
  attributes.mq_msgsize = size.message_bytes;
  const auto taken = [&](std::string_view why) {
    return absl::AlreadyExistsError(Text("queue ", name, ": ", why));
  };
  for (int tries = 0; tries < kTriesMax; ++tries) {
    const int64_t made = ThroughSeam(sys, Site::kOpen, -1, [&] {
      return mq_open(name.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_NONBLOCK | O_CLOEXEC, 0600,
                     &attributes);
    });
    const auto fd = static_cast<int>(made);
    if (fd >= 0) {
      const int error = TakeLock(fd);
      if (error != 0 && error != EWOULDBLOCK) {
        mq_unlink(name.c_str());
        close(fd);
        return SysError(error, Text("lock queue ", name));
      }
      if (error == 0 && !IsUnnamed(fd)) {
        Queue owned(sys, fd, name);
        owned.record_ = MakePlaceRecord("mq", fd, name);
        return owned;
      }
      close(fd);  // somebody took it for a dead one's in between
      continue;
    }
    if (fd != -EEXIST) return WhyNot(-fd, name, size);
    const int old = mq_open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (old < 0 && errno == ENOENT) continue;
    if (old < 0)
      return taken(Text("there is one that cannot be opened (", strerrorname_np(errno),
                        "); it is left alone"));
    struct stat owner {};
    const int error = TakeLock(old);
    const bool locked = error == 0;
    const bool ours = fstat(old, &owner) == 0 && owner.st_uid == geteuid();
    if (!locked || !ours) {
      close(old);
      if (ours && error != EWOULDBLOCK) return SysError(error, Text("lock queue ", name));
      return taken(!ours ? "there is one of another user; it is left alone"
                         : "another program serves there: stop it or choose another name");
    }
    if (!IsUnnamed(old)) {
      mq_attr left{};
      mq_getattr(old, &left);
      mq_unlink(name.c_str());
      RemovePlaceRecordsOf("mq", name);
      std::fprintf(stderr,
                   "jackfield: queue %s of a dead owner removed, with %ld messages nobody took\n",
                   name.c_str(), left.mq_curmsgs);
    }
    close(old);
  }
  return taken("it keeps changing hands");
}

absl::StatusOr<Queue> Queue::Use(const Sys& sys, const std::string& name, uint32_t message_bytes) {
  const int64_t opened = ThroughSeam(sys, Site::kOpen, -1, [&] {
    return mq_open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  });
  const auto fd = static_cast<int>(opened);
  if (fd < 0) return ConnectError(-fd, Text("open queue ", name));
  struct stat owner {};
  fstat(fd, &owner);
  mq_attr attributes{};
  mq_getattr(fd, &attributes);
  absl::Status status;
  if (owner.st_uid != geteuid() && owner.st_uid != 0) {
    status = MakeStatus(
        Outcome::kRefused, Reason::kPermission,
        Text("queue ", name, " is of uid ", owner.st_uid, ", not of this program's ", geteuid()));
  } else if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
    status = MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                        Text("queue ", name, ": its owner is dead; is the service running?"));
  } else if (attributes.mq_msgsize != static_cast<long>(message_bytes)) {
    status = absl::FailedPreconditionError(
        Text("queue ", name, " has messages of ", attributes.mq_msgsize, " bytes, not ",
             message_bytes, ": say ?frame=", attributes.mq_msgsize));
  }
  if (!status.ok()) {
    close(fd);
    return status;
  }
  return Queue(sys, fd, "");
}

bool Queue::OwnerLives() const {
  if (flock(fd_, LOCK_SH | LOCK_NB) != 0) return true;
  flock(fd_, LOCK_UN);
  return false;
}

void Queue::Remove(const std::string& name) { mq_unlink(name.c_str()); }

void Queue::Reap(const Queue& used, const std::string& name) {
  for (int i = 0; i < kReapMs && !IsUnnamed(used.fd_); ++i) {
    const int fd = mq_open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    struct stat there {
    }, dead{};
    const bool same = fstat(fd, &there) == 0 && fstat(used.fd_, &dead) == 0 &&
                      there.st_ino == dead.st_ino && there.st_dev == dead.st_dev;
    // The lock keeps everybody else from doing the same meanwhile.
    const bool locked = same && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (locked && !IsUnnamed(fd)) {
      mq_unlink(name.c_str());
      RemovePlaceRecordsOf("mq", name);
    }
    close(fd);
    if (!same || locked) return;
    usleep(1000);
  }
}

absl::Status Queue::RemoveDead(const std::string& name) {
  const int fd = mq_open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return absl::FailedPreconditionError(Text("queue ", name, " has gone"));
  if (fd < 0) return SysError(errno, Text("open queue ", name));
  struct stat is {};
  // Held until the name is gone, so that no server can take it over meanwhile.
  const bool dead =
      fstat(fd, &is) == 0 && is.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0;
  if (dead && !IsUnnamed(fd)) {
    mq_unlink(name.c_str());
    RemovePlaceRecordsOf("mq", name);
  }
  close(fd);
  if (dead) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Text("queue ", name, is.st_uid == geteuid() ? " has an owner" : " is another user's"));
}

Queue::~Queue() {
  Unname();
  if (fd_ >= 0) close(fd_);
}

void Queue::Unname() {
  if (fd_ >= 0 && !name_.empty() && !IsUnnamed(fd_)) mq_unlink(name_.c_str());
  name_.clear();
  RemovePlaceRecord(std::exchange(record_, ""));
}

int Queue::Send(std::span<const std::byte> message, unsigned priority) const {
  return static_cast<int>(ThroughSeam(*sys_, Site::kWrite, fd_, [&] {
    return mq_send(fd_, reinterpret_cast<const char*>(message.data()), message.size(), priority);
  }));
}

int64_t Queue::Receive(std::span<std::byte> to) const {
  return ThroughSeam(*sys_, Site::kRead, fd_, [&] {
    return mq_receive(fd_, reinterpret_cast<char*>(to.data()), to.size(), nullptr);
  });
}

}  // namespace jackfield
