// What one end of a rendezvous over shm: may hand to the other, true or not, as an input says.
//
// Thread: any. Whoever asks for a descriptor owns it.
#ifndef JACKFIELD_TESTS_FUZZ_HOSTILE_SHM_H_
#define JACKFIELD_TESTS_FUZZ_HOSTILE_SHM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "kernel/base/owned_fd.h"
#include "tests/fuzz/input.h"
#include "transports/shm/shm_records.h"

namespace jackfield::hostile {

inline constexpr uint64_t kLaneBytes = 64 << 10;
inline constexpr uint32_t kDataOffset = 8192;
inline constexpr uint64_t kSegmentBytes = kDataOffset + 2 * kLaneBytes;

// Memory as a client hands it over: input of 0 makes it true. Else it is of another size, lacks a
// seal, has one too many or holes, or is something else altogether.
OwnedFd MakeMemory(Input& input);
// A bell, or what is called one: input of 0 makes it true.
OwnedFd MakeBell(Input& input);
// The two properties that a server may rely on.
bool IsSealedMemory(int fd, uint64_t bytes);
bool IsBell(int fd);

// What a true client says with three descriptors.
ShmHello TrueHello();
// Overwrites words of a record where the input says so, not at all if that is 0.
void TellLies(Input& input, std::span<std::byte> record);
// Sends the record, whole and with all of the descriptors if the input says 0; else in pieces,
// with the descriptors in a later one, or again in each, or less than all of it; `between` runs
// after each piece. False: not all of it was sent, or not in the true way.
bool SendInPieces(Input& input, int socket_fd, std::span<const std::byte> record,
                  std::span<const OwnedFd> fds, const std::function<void()>& between);

// Steps, until the input is over: words written into the memory, bells rung, bytes and descriptors
// sent on the socket, half of it closed. memory may be empty; bell_fd may be -1.
void Disturb(Input& input, int socket_fd, int bell_fd, std::span<std::byte> memory,
             const std::function<void()>& between);

}  // namespace jackfield::hostile

#endif  // JACKFIELD_TESTS_FUZZ_HOSTILE_SHM_H_
