// How the ends of fifo: meet.
//
//   client                                              server
//   makes two private FIFOs beside the well-known one,
//   opens its ends of them
//   writes Hello {nonce} to the well-known FIFO   ──▶   forms the names from the nonce, opens the
//                                                       other ends, removes both names
//   has a link                                    ◀──   writes Answer {nonce} into its end
//
// A Hello is one write of less than PIPE_BUF bytes, so those of many clients do not mix (pipe(7)).
// It holds no name and no length: what a stranger could write leads nowhere but to a pair of
// private FIFOs of this user. The Answer proves that who read the Hello also opened the FIFO. A
// client that dies before the server has read its Hello leaves two names behind; the server's next
// start and end remove them.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_FIFO_MEETING_H_
#define JACKFIELD_TRANSPORTS_FIFO_MEETING_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "kernel/loop/loop.h"
#include "kernel/transport.h"
#include "transports/fifo/place.h"

namespace jackfield {

// Two FIFOs, open and connected.
struct FifoPair {
  OwnedFd read, write;
};
using FifoHandOver = std::function<void(FifoPair pair, LinkSink& sink)>;

// What travels, in the byte order of the machine: it never leaves it.
struct FifoHello {
  static constexpr char kMagic[8] = {'J', 'F', 'f', 'i', 'f', 'o', '0', '1'};
  char magic[8];
  unsigned char nonce[16];  // drawn, but for the first four: the client's process, big-endian, so
                            // that the names of its FIFOs tell whose they are
  uint32_t check;           // of what precedes: a Hello that is found amid rubbish is one
  uint32_t unused;
};
static_assert(sizeof(FifoHello) == 32);

struct FifoAnswer {
  char magic[8];
  unsigned char nonce[16];
  uint32_t error;  // 0, or the errno that kept the server from opening its ends
  uint32_t unused;
};
static_assert(sizeof(FifoAnswer) == 32);

uint32_t CheckOf(const FifoHello& hello);

// Serves at `fifo`, which OwnFifo has opened at `place`, until destroyed; then it removes it.
// after: called when the name is gone.
std::unique_ptr<Opening> MakeFifoServer(Loop& loop, LinkSink& sink, FifoPlace place, OwnedFd fifo,
                                        Address actual, FifoHandOver hand_over,
                                        std::function<void()> after);

// Errors: UNAVAILABLE (nobody serves there, or the FIFO is full of others' hellos);
// RESOURCE_EXHAUSTED; FAILED_PRECONDITION (not a FIFO of this user).
absl::StatusOr<std::unique_ptr<Opening>> MakeFifoClient(Loop& loop, LinkSink& sink, FifoPlace place,
                                                        FifoHandOver hand_over);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FIFO_MEETING_H_
