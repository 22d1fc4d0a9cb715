#include "tests/faults/trapped_calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

// Sanitizers make calls of their own, and cannot do without them.
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define JACKFIELD_CAN_TRAP 1
#else
#define JACKFIELD_CAN_TRAP 0
#endif

namespace jackfield {
namespace {

struct CallKind {
  int number;
  std::string_view name;
  std::array<int, 4> errors;  // 0: no more
};

// Not here: what starts threads and processes, which a handler cannot do for its caller; what fails
// for a wrong argument alone (getsockname of a socket).
constexpr CallKind kKinds[] = {
    {SYS_socket, "socket", {EMFILE, ENFILE, ENOBUFS}},
    {SYS_bind, "bind", {EADDRINUSE, EACCES, EROFS, ENOMEM}},
    {SYS_listen, "listen", {EADDRINUSE}},
    {SYS_accept4, "accept4", {EMFILE, ECONNABORTED, ENOMEM}},
    {SYS_connect, "connect", {ECONNREFUSED, EAGAIN, ENOENT}},
    {SYS_setsockopt, "setsockopt", {ENOMEM, ENOPROTOOPT}},
    {SYS_getsockopt, "getsockopt", {ENOPROTOOPT, ENOMEM}},
    {SYS_sendto, "sendto", {EAGAIN, ECONNRESET, ENOBUFS}},
    {SYS_recvfrom, "recvfrom", {EAGAIN, ECONNRESET, ENOMEM}},
    {SYS_sendmsg, "sendmsg", {EAGAIN, EPIPE, ETOOMANYREFS}},
    {SYS_recvmsg, "recvmsg", {EAGAIN, ECONNRESET, ENOMEM}},
    {SYS_sendmmsg, "sendmmsg", {EAGAIN, ENOBUFS}},
    {SYS_recvmmsg, "recvmmsg", {EAGAIN, ENOMEM}},
    {SYS_socketpair, "socketpair", {EMFILE}},
    {SYS_pipe2, "pipe2", {EMFILE, ENFILE}},
    {SYS_eventfd2, "eventfd2", {EMFILE, ENOMEM}},
    {SYS_signalfd4, "signalfd4", {EMFILE, ENOMEM}},
    {SYS_timerfd_create, "timerfd_create", {EMFILE}},
    {SYS_inotify_init1, "inotify_init1", {EMFILE, ENOMEM}},
    {SYS_inotify_add_watch, "inotify_add_watch", {ENOSPC, ENOMEM}},
    {SYS_pidfd_open, "pidfd_open", {EMFILE, ESRCH, ENOSYS}},
    {SYS_memfd_create, "memfd_create", {EMFILE, ENOMEM}},
    {SYS_openat, "openat", {EMFILE, EACCES, ENOENT, EINTR}},
    {SYS_openat2, "openat2", {EMFILE, ENOSYS, EAGAIN}},
    {SYS_mkdir, "mkdir", {ENOSPC, EACCES, EEXIST}},
    {SYS_mkdirat, "mkdirat", {ENOSPC, EACCES, EEXIST}},
    {SYS_mknod, "mknod", {ENOSPC, EEXIST}},
    {SYS_mknodat, "mknodat", {ENOSPC, EEXIST}},
    {SYS_unlink, "unlink", {EACCES, ENOENT}},
    {SYS_unlinkat, "unlinkat", {EACCES, ENOENT}},
    {SYS_rmdir, "rmdir", {EACCES, ENOTEMPTY}},
    {SYS_rename, "rename", {ENOSPC, EACCES}},
    {SYS_renameat2, "renameat2", {ENOSPC, EINVAL}},
    {SYS_link, "link", {ENOSPC, EPERM}},
    {SYS_linkat, "linkat", {ENOSPC, EPERM}},
    {SYS_symlink, "symlink", {ENOSPC, EACCES}},
    {SYS_readlink, "readlink", {EACCES, ENOENT}},
    {SYS_chmod, "chmod", {EPERM, EROFS}},
    {SYS_fchmod, "fchmod", {EPERM, EROFS}},
    {SYS_flock, "flock", {EWOULDBLOCK, EINTR, ENOLCK}},
    {SYS_fcntl, "fcntl", {EPERM, EMFILE, EAGAIN}},
    {SYS_ftruncate, "ftruncate", {EINTR, EFBIG, EIO}},
    {SYS_fallocate, "fallocate", {EINTR, ENOSPC, EFBIG}},
    {SYS_fsync, "fsync", {EIO, EINTR}},
    {SYS_fdatasync, "fdatasync", {EIO, ENOSPC}},
    {SYS_newfstatat, "newfstatat", {EACCES, ENOMEM}},
    {SYS_lseek, "lseek", {EINVAL}},
    {SYS_mmap, "mmap", {ENOMEM, EAGAIN}},
    {SYS_mprotect, "mprotect", {ENOMEM}},
    {SYS_madvise, "madvise", {EINVAL}},
    {SYS_read, "read", {EAGAIN, EINTR, EIO}},
    {SYS_write, "write", {EAGAIN, EINTR, EPIPE, ENOSPC}},
    {SYS_writev, "writev", {EAGAIN, EINTR, EPIPE, ENOSPC}},
    {SYS_pread64, "pread64", {EIO, EINTR}},
    {SYS_pwrite64, "pwrite64", {ENOSPC, EINTR, EIO}},
    {SYS_close, "close", {EINTR, EIO}},
    {SYS_poll, "poll", {EINTR, ENOMEM}},
    {SYS_getrandom, "getrandom", {EINTR}},
    {SYS_mq_open, "mq_open", {EMFILE, ENOSPC, ENOENT, ENFILE}},
    {SYS_mq_unlink, "mq_unlink", {EACCES, ENOENT}},
    {SYS_mq_timedsend, "mq_timedsend", {EAGAIN, EINTR, EMSGSIZE}},
    {SYS_mq_timedreceive, "mq_timedreceive", {EAGAIN, EINTR}},
    {SYS_mq_getsetattr, "mq_getsetattr", {EBADF}},
    {SYS_msgget, "msgget", {ENOSPC, ENOENT, EACCES, EEXIST}},
    {SYS_msgsnd, "msgsnd", {EAGAIN, EINTR, EIDRM, ENOMEM}},
    {SYS_msgrcv, "msgrcv", {EINTR, ENOMSG, EIDRM}},
    {SYS_msgctl, "msgctl", {EIDRM, EPERM}},
    {SYS_rt_tgsigqueueinfo, "rt_tgsigqueueinfo", {EAGAIN, ESRCH}},
    {SYS_tgkill, "tgkill", {ESRCH, EPERM}},
    {SYS_epoll_create1, "epoll_create1", {EMFILE, ENOMEM}},
    {SYS_epoll_ctl, "epoll_ctl", {ENOMEM, ENOSPC}},
    {SYS_epoll_pwait2, "epoll_pwait2", {EINTR, ENOSYS}},
    {SYS_epoll_wait, "epoll_wait", {EINTR}},
    {SYS_io_uring_setup, "io_uring_setup", {ENOMEM, EPERM, ENOSYS, EMFILE}},
    {SYS_io_uring_enter, "io_uring_enter", {EINTR, EAGAIN, EBUSY, ENOMEM}},
    {SYS_io_uring_register, "io_uring_register", {ENOMEM, EBUSY}},
    {SYS_getrlimit, "getrlimit", {EINVAL}},
    {SYS_sched_getaffinity, "sched_getaffinity", {EINVAL}},
};

const CallKind* KindOf(int syscall) {
  for (const CallKind& kind : kKinds) {
    if (kind.number == syscall) return &kind;
  }
  return nullptr;
}

constexpr int kCallsMax = 1 << 16;
// Shared by a child and the parent that looks at it afterwards.
struct Shared {
  std::atomic<int> count;
  std::atomic<bool> closed_twice;
  std::array<int, kCallsMax> calls;
};
Shared& shared() {
  static auto* const memory = static_cast<Shared*>(
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return *memory;
}
FailedCall failed_call;
std::atomic<int> of_its_kind{0};
std::atomic<bool> active{false};

#if JACKFIELD_CAN_TRAP

// Makes a call; the filter lets it pass by the address from which it is made.
extern "C" int64_t jackfield_untrapped_call(int64_t number, const int64_t* arguments);
extern "C" const char jackfield_untrapped_place[];
asm(R"(
.text
.globl jackfield_untrapped_call
.globl jackfield_untrapped_place
jackfield_untrapped_call:
  mov %rdi, %rax
  mov %rsi, %r11
  mov 0(%r11), %rdi
  mov 8(%r11), %rsi
  mov 16(%r11), %rdx
  mov 24(%r11), %r10
  mov 32(%r11), %r8
  mov 40(%r11), %r9
  syscall
jackfield_untrapped_place:
  ret
)");

// What would block SIGSYS blocks the others alone: a call that is trapped where it is blocked
// kills. The mask that the caller goes on with is the one in `context`, the kernel's 8 bytes of it.
int64_t SetMask(int how, const uint64_t* wanted, uint64_t* before, ucontext_t& context) {
  auto& mask = *reinterpret_cast<uint64_t*>(&context.uc_sigmask);
  const uint64_t old = mask;
  if (wanted != nullptr) {
    const uint64_t set = *wanted & ~(uint64_t{1} << (SIGSYS - 1));
    mask = how == SIG_BLOCK ? mask | set : how == SIG_UNBLOCK ? mask & ~set : set;
  }
  if (before != nullptr) *before = old;
  return 0;
}

void OnTrap(int, siginfo_t* info, void* context) {
  const int errno_before = errno;
  greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const int number = info->si_syscall;
  if (number == SYS_rt_sigprocmask) {
    registers[REG_RAX] = SetMask(
        static_cast<int>(registers[REG_RDI]), reinterpret_cast<const uint64_t*>(registers[REG_RSI]),
        reinterpret_cast<uint64_t*>(registers[REG_RDX]), *static_cast<ucontext_t*>(context));
    return;
  }
  int error = 0;
  // An eventfd's counter is never so high that a write must fail (eventfd(2)).
  const bool rings = number == SYS_write && registers[REG_RDX] == 8;
  if (active.load() && !rings) {
    Shared& state = shared();
    const int count = state.count.fetch_add(1);
    if (count < kCallsMax) state.calls[static_cast<size_t>(count)] = number;
    if (number == failed_call.syscall) {
      const int nth = of_its_kind.fetch_add(1) + 1;
      if (nth == failed_call.nth || (failed_call.for_ever && nth > failed_call.nth))
        error = failed_call.error;
    }
  }
  int64_t result = -error;
  if (error == 0 || number == SYS_close) {  // a close that fails has closed (close(2))
    const int64_t arguments[] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                                 registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
    const int64_t real = jackfield_untrapped_call(number, arguments);
    if (number == SYS_close && real == -EBADF && static_cast<int>(arguments[0]) >= 0)
      shared().closed_twice = true;
    if (error == 0) result = real;
  }
  registers[REG_RAX] = result;
  errno = errno_before;
}

bool InstallFilter() {
  const auto place = reinterpret_cast<uint64_t>(jackfield_untrapped_place);
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, instruction_pointer)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(place), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, instruction_pointer) + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(place >> 32), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  const auto trap = [&program](int number) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  };
  trap(SYS_rt_sigprocmask);
  for (const CallKind& kind : kKinds) trap(kind.number);
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

#endif

}  // namespace

#if JACKFIELD_CAN_TRAP
bool CanTrapCalls() { return true; }
bool TrapCalls() {
  shared().count = 0;
  shared().closed_twice = false;
  struct sigaction action {};
  action.sa_sigaction = OnTrap;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSYS, &action, nullptr);
  active = true;
  return InstallFilter();
}
#else
bool CanTrapCalls() { return false; }
bool TrapCalls() { return false; }
#endif

void FailCall(const FailedCall& call) {
  shared();  // before any call is trapped
  failed_call = call;
}

void StopFailing() { active = false; }

std::span<const int> TrappedCalls() {
  return {shared().calls.data(), static_cast<size_t>(std::min(shared().count.load(), kCallsMax))};
}

bool ClosedTwice() { return shared().closed_twice; }

std::string_view NameOfCall(int syscall) {
  const CallKind* const kind = KindOf(syscall);
  return kind == nullptr ? "?" : kind->name;
}

std::span<const int> ErrorsOfCall(int syscall) {
  const CallKind* const kind = KindOf(syscall);
  if (kind == nullptr) return {};
  size_t count = 0;
  while (count < kind->errors.size() && kind->errors[count] != 0) ++count;
  return {kind->errors.data(), count};
}

}  // namespace jackfield
