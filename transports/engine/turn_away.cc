#include "transports/engine/turn_away.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/refusal.h"

namespace jackfield {
namespace {

constexpr int kReadsMax = 16;  // of what the client has said already

}  // namespace

bool SpareFd::Keep() {
  if (!fd_.ok()) fd_ = OwnedFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  return fd_.ok();
}

void TurnAway(OwnedFd socket, const absl::Status& why) {
  // What is unread when a socket closes may cost its peer what is on the way to it (RFC 1122,
  // 4.2.2.13). Descriptors that came along are let go by a plain recv.
  char said[4096];
  for (int i = 0; i < kReadsMax; ++i) {
    if (recv(socket.get(), said, sizeof said, MSG_DONTWAIT) <= 0) break;
  }
  const std::string frame = RefuseFrame(why);
  // A fresh socket has room for it; if it has not, or the client has gone, there is nobody to tell.
  [[maybe_unused]] const ssize_t sent =
      send(socket.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  shutdown(socket.get(), SHUT_WR);
}

absl::Status NoDescriptorLeft(int error) {
  if (error == ENFILE) {
    return Refused(Reason::kResource,
                   "the service's system has as many open files as fs.file-max allows (ENFILE): "
                   "raise it with sysctl -w fs.file-max=");
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  return Refused(Reason::kResource,
                 Text("the service has no descriptors left for another client (RLIMIT_NOFILE ",
                      files.rlim_cur, "): raise it with ulimit -n where the service is started"));
}

absl::Status TakesNoClientOf(uint32_t uid) {
  return Refused(Reason::kPermission,
                 Text("this server is of uid ", geteuid(), " and takes no client of uid ", uid,
                      "; if that is meant, it must serve with ?uid=any"));
}

}  // namespace jackfield
