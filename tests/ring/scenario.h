// What the explorer runs: a writer that sends records through one lane and closes it, a reader that
// takes them until the end; both as engine/ring's driver does it, on the templates that it uses.
//
// Checked in every execution: each published record is taken once, in order, with its own bytes;
// nothing else is; nobody sleeps with work pending; the survivor of a kill ends; nobody leaves the
// data. A mutant is a mistake that somebody could make; the test fails if none of these notices it.
#ifndef JACKFIELD_TESTS_RING_SCENARIO_H_
#define JACKFIELD_TESTS_RING_SCENARIO_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/ring/machine.h"

namespace jackfield::ring_model {

enum class Mutant {
  kNone,
  // Memory orders.
  kTailStoredRelaxed,
  kTailLoadedRelaxed,
  kHeadStoredRelaxed,
  kHeadLoadedRelaxed,
  kClosedStoredRelaxed,
  kClosedLoadedRelaxed,
  kNoFenceOfTheWriter,
  kNoFenceOfTheReader,
  // The protocol.
  kReaderSleepsWithoutALook,
  kReaderLooksBeforeItSaysThatItSleeps,
  kWriterWaitsWithoutALook,
  kPublishedBeforeItIsWritten,
  kNotRungAfterPublish,
  kNotRungAfterRelease,
  kNotRungAfterClose,
  kReleasedBeforeItIsRead,
  kClosedBeforeTheLastIsPublished,
  kDeathEndsWithoutALastLook,
  kSkippedGapIsNotReleased,
  kEnd,
};
std::string_view NameOf(Mutant mutant);

struct Scenario {
  std::string_view name;
  uint64_t capacity;
  std::vector<uint32_t> record_bytes;  // multiples of 8, from 48 to capacity / 2
  uint32_t batch_records = 1;          // published together
  uint32_t gap_bytes = 0;              // in front of every second record
  bool close_publishes = false;        // the last batch
};
// The ones that every mutant must fail in at least one of, and the code in none.
const std::vector<Scenario>& Scenarios();

struct Exploration {
  bool kept;  // all properties held
  uint64_t executions = 0, steps = 0, kills = 0;
  bool exhausted = false;
  std::string failure;
};
Exploration Explore(const Scenario& scenario, Mutant mutant, const Bounds& bounds);

}  // namespace jackfield::ring_model

#endif  // JACKFIELD_TESTS_RING_SCENARIO_H_
