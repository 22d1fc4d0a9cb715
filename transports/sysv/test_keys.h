// Keys for tests: of this process's own, outside those that names get.
#ifndef JACKFIELD_TRANSPORTS_SYSV_TEST_KEYS_H_
#define JACKFIELD_TRANSPORTS_SYSV_TEST_KEYS_H_

#include <sys/msg.h>
#include <unistd.h>

namespace jackfield::sysv {

// test: 0..15, another one for each test of a program.
inline key_t KeyFor(int test) { return 0x51000000 | (getpid() & 0xfffff) << 4 | test; }
inline bool Exists(key_t key) { return msgget(key, 0) >= 0; }

}  // namespace jackfield::sysv

#endif  // JACKFIELD_TRANSPORTS_SYSV_TEST_KEYS_H_
