// FIFOs in a guarded directory: made, opened, checked, owned, reclaimed. Every name is looked up in
// the directory's descriptor, and none is followed if it is a symlink.
//
// Whose a FIFO is and whether its owner lives is told by a lock (flock) on the FIFO itself: it goes
// with its holder, whatever kills that, needs no second file, and cannot be mistaken as a process
// number can that has been given out again. A child that the owner forks shares the lock until it
// execs or ends.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_FIFO_PLACE_H_
#define JACKFIELD_TRANSPORTS_FIFO_PLACE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

// A well-known FIFO: a name in a directory that is open, and guarded.
struct FifoPlace {
  OwnedFd directory;
  std::string name;
  std::string what;  // for errors: "fifo:/run/kv/hello"
};

// `path`: absolute. Errors: as OpenGuardedDirectory.
absl::StatusOr<FifoPlace> OpenFifoPlace(const std::string& path, const std::string& what);

// Opens a FIFO that is there, never blocking. flags: O_RDONLY, O_WRONLY or O_RDWR.
// Errors: UNAVAILABLE (there is none, or, for O_WRONLY, nobody reads it); FAILED_PRECONDITION
// (there is something that is not a FIFO of this user with one name: it is left alone, and not even
// opened); RESOURCE_EXHAUSTED.
absl::StatusOr<OwnedFd> OpenFifo(int directory_fd, const std::string& name, int flags,
                                 const std::string& what);

// Makes the FIFO, or takes over one whose owner is dead, opens it for reading and writing, so that
// it never ends, and owns it.
// Errors: as OpenFifo, and ALREADY_EXISTS (its owner lives, and which process it is).
absl::StatusOr<OwnedFd> OwnFifo(const FifoPlace& place);

// Makes a FIFO of a new name, opens it (flags: O_RDONLY or O_WRONLY), and owns it. UNAVAILABLE:
// another program took it for a dead one's between two steps: try another name.
absl::StatusOr<OwnedFd> MakeOwnFifo(int directory_fd, const std::string& name, int flags,
                                    const std::string& what);

// Is `name` still that open file? Then removes the name.
void UnlinkIfSame(int directory_fd, const std::string& name, int fd);

// The private FIFOs of a client, by the number it has drawn.
struct PrivateNames {
  std::string up, down;  // client to server; server to client
};
PrivateNames PrivateNamesOf(const unsigned char (&nonce)[16]);
// The process that a number's first bytes tell; 0: no such name.
int PidOfPrivateName(std::string_view name);

constexpr std::string_view kPrivatePrefix = ".jackfield-fifo-";  // of those names
constexpr std::string_view kChosenPrefix = "fifo-";  // of a server's, in the runtime directory

// Removes the FIFOs in that directory whose names begin so and that no living process owns.
// Returns how many.
int SweepDeadFifos(int directory_fd, std::string_view prefix);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_FIFO_PLACE_H_
