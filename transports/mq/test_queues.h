// What the tests of queues by name share.
#ifndef JACKFIELD_TRANSPORTS_MQ_TEST_QUEUES_H_
#define JACKFIELD_TRANSPORTS_MQ_TEST_QUEUES_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <mqueue.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/mq/queue.h"

namespace jackfield {

inline constexpr QueueSize kSmall{.depth = 2, .message_bytes = 1024};

inline std::string Name(std::string_view what) {
  return Text("/jackfield.test.", getpid(), ".", what);
}

inline bool Exists(const std::string& name) {
  const int fd = mq_open(name.c_str(), O_RDONLY);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

inline const Sys& NoSeam() {
  static const Sys sys(nullptr);
  return sys;
}

// With a runtime directory of its own, so that nobody else's queues are listed.
inline int RunTestsInAPlaceOfTheirOwn(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  char directory[] = "/tmp/jf-test-XXXXXX";
  if (mkdtemp(directory) == nullptr) return 1;
  setenv("XDG_RUNTIME_DIR", directory, 1);
  const int failed = RUN_ALL_TESTS();
  return rmdir(directory) == 0 ? failed : 1;  // and nothing may be left in it
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MQ_TEST_QUEUES_H_
