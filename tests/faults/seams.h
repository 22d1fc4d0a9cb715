// Fault seams for tests, and what the manual pages say that each site may answer.
//
// Thread: that of the node whose options name them.
#ifndef JACKFIELD_TESTS_FAULTS_SEAMS_H_
#define JACKFIELD_TESTS_FAULTS_SEAMS_H_

#include <dirent.h>

#include <cerrno>
#include <cstddef>
#include <memory>

#include "kernel/loop/fault_seam.h"

namespace jackfield {

// Fails one site: the `skip`-th decision there and `times` - 1 after it.
class OneSite final : public FaultSeam {
 public:
  OneSite(Site site, int error, int skip, int times)
      : site_(site), error_(error), skip_(skip), times_(times) {}
  Fault Decide(Site site, int) override {
    if (site != site_ || skip_-- > 0 || times_-- <= 0) return {};
    ++injected;
    return {.error = error_};
  }
  int injected = 0;

 private:
  const Site site_;
  const int error_;
  int skip_, times_;
};

class ShortMoves final : public FaultSeam {
 public:
  explicit ShortMoves(size_t bytes_max) : bytes_max_(bytes_max) {}
  Fault Decide(Site, int) override { return {.bytes_max = bytes_max_}; }

 private:
  const size_t bytes_max_;
};

struct SiteError {
  Site site;
  int error;
};
// By section 2 of each call.
constexpr SiteError kSiteErrors[] = {
    {Site::kSocket, EMFILE},
    {Site::kSocket, ENFILE},
    {Site::kSocket, ENOBUFS},
    {Site::kSocket, ENOMEM},
    {Site::kSocket, EACCES},
    {Site::kBind, EADDRINUSE},
    {Site::kBind, EACCES},
    {Site::kBind, EADDRNOTAVAIL},
    {Site::kBind, ENOMEM},
    {Site::kBind, EINVAL},
    {Site::kListen, EADDRINUSE},
    {Site::kListen, EOPNOTSUPP},
    {Site::kAccept, EMFILE},
    {Site::kAccept, ENFILE},
    {Site::kAccept, ENOMEM},
    {Site::kAccept, ENOBUFS},
    {Site::kAccept, ECONNABORTED},
    {Site::kAccept, EPROTO},
    {Site::kAccept, EPERM},
    {Site::kAccept, EAGAIN},
    {Site::kAccept, ENETDOWN},
    {Site::kConnect, ECONNREFUSED},
    {Site::kConnect, ETIMEDOUT},
    {Site::kConnect, ENETUNREACH},
    {Site::kConnect, EACCES},
    {Site::kConnect, EADDRNOTAVAIL},
    {Site::kConnect, EAGAIN},
    {Site::kConnect, ENOENT},
    {Site::kConnect, EPROTOTYPE},
    {Site::kSetOption, ENOMEM},
    {Site::kSetOption, ENOPROTOOPT},
    {Site::kEventFd, EMFILE},
    {Site::kEventFd, ENFILE},
    {Site::kEventFd, ENOMEM},
    {Site::kPidFd, EMFILE},
    {Site::kPidFd, ESRCH},
    {Site::kRead, EAGAIN},
    {Site::kRead, ECONNRESET},
    {Site::kRead, ETIMEDOUT},
    {Site::kRead, ENOMEM},
    {Site::kRead, EIO},
    {Site::kRead, ENOTCONN},
    {Site::kWrite, EAGAIN},
    {Site::kWrite, EPIPE},
    {Site::kWrite, ECONNRESET},
    {Site::kWrite, ENOBUFS},
    {Site::kWrite, ENOMEM},
    {Site::kWrite, EHOSTUNREACH},
    {Site::kPoll, ENOMEM},
    {Site::kPoll, EMFILE},
    {Site::kPoll, EINVAL},
};

// How many descriptors this process has.
inline int OpenDescriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(opendir("/proc/self/fd"), closedir);
  int count = -1;  // the directory's own
  while (all != nullptr && readdir(all.get()) != nullptr) ++count;
  return count;
}

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_FAULTS_SEAMS_H_
