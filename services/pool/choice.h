// Which server of a pool a call goes to: pure functions, without the bus.
//
// Thread: any.
#ifndef JACKFIELD_SERVICES_POOL_CHOICE_H_
#define JACKFIELD_SERVICES_POOL_CHOICE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace jackfield {

// How fit a server is for one more call, the best first.
enum class Fitness : uint8_t {
  kReady,       // open, and it has room
  kFull,        // open: a call waits for room
  kConnecting,  // a call waits for a connection
  kEnded,       // its channel: a call is REFUSED
};

struct Candidate {
  Fitness fitness = Fitness::kReady;
  uint32_t calls_under_way = 0;  // from here
};

inline constexpr size_t kNobody = SIZE_MAX;

// Of the fittest, two are drawn at random, and the one with fewer calls under way is chosen; of
// equals the one that was drawn first. So the load is even, and a server that is slow, or stopped,
// gets nothing more while others have less to do: with one look at two of them, and without
// everybody running to the same idlest one ("the power of two choices", Mitzenmacher 2001).
//
// `avoided` (or kNobody) is chosen only if nobody else is as fit. random: 64 random bits.
// Requires: !candidates.empty().
size_t ChooseOne(std::span<const Candidate> candidates, uint64_t random, size_t avoided = kNobody);

// A number for a name or a key, the same in every process and on every machine.
uint64_t HashOf(std::string_view text);
uint64_t HashOf(uint64_t number);

// Rendezvous hashing (highest random weight): the server whose name and the key together have the
// highest hash. A key stays with its server as long as that is in the pool; when one comes, it
// takes its part of the keys from all others, and when one goes, its keys are spread over them.
// Requires: !names.empty(). names, key: by HashOf.
size_t ChooseByKey(std::span<const uint64_t> names, uint64_t key);

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_POOL_CHOICE_H_
