// A lane whose memory a hostile peer changes at every moment, from another thread: all words, its
// own as well as the other's, and all data. Once against the reader's end, once against the
// writer's.
//
// What the victim must keep: a record that it takes lies within the data, with a length that a
// record may have, in room that its own cursor covers; a private copy of it either is what the
// length said, or shows that it changed; what it is given to write lies within the data; it comes
// to an end in a bounded number of steps. Unmapped pages lie before and behind the shared memory,
// so a step outside it is a crash, with AddressSanitizer or without.
//
// The hostile end writes true records between its mutations, so that a victim gets far, and begins
// a new lane when the victim has found the old one corrupt.
#ifndef JACKFIELD_TESTS_RING_HOSTILE_H_
#define JACKFIELD_TESTS_RING_HOSTILE_H_

#include <cstdint>
#include <string>

namespace jackfield::ring_model {

struct HostileReport {
  uint64_t mutations = 0;
  uint64_t lanes = 0;      // each ended as corrupt, or closed
  uint64_t records = 0;    // taken, or written, by the victim
  uint64_t untouched = 0;  // of those taken: whole, with the bytes of a true record
  uint64_t changed = 0;    // of those taken: the private copy shows that it was tampered with
  std::string fault;       // a rule that the victim broke; empty: none
};

HostileReport AttackReader(uint64_t mutations, uint64_t seed);
HostileReport AttackWriter(uint64_t mutations, uint64_t seed);

}  // namespace jackfield::ring_model

#endif  // JACKFIELD_TESTS_RING_HOSTILE_H_
