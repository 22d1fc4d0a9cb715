// How old a file is.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_FILE_AGE_H_
#define JACKFIELD_TRANSPORTS_ENGINE_FILE_AGE_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include <cstdint>
#include <string>

namespace jackfield {

// Seconds since it was made, where its file system knows; else since it was changed last; -1 if it
// is not there.
inline int64_t FileAgeSeconds(const std::string& path) {
  struct statx is {};
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME | STATX_CTIME, &is) != 0)
    return -1;
  const int64_t made = (is.stx_mask & STATX_BTIME) != 0 ? is.stx_btime.tv_sec : is.stx_ctime.tv_sec;
  const int64_t age = time(nullptr) - made;
  return age < 0 ? 0 : age;
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_FILE_AGE_H_
