// How anything ended: OK, REFUSED, FAILED or IN_DOUBT, and the reason.
// Thread rules, ownership, limits and errors: kernel/base/outcome.h
//
//   if (OutcomeOf(status) == Outcome::kInDoubt) { … }
#ifndef JACKFIELD_PUBLIC_OUTCOME_H_
#define JACKFIELD_PUBLIC_OUTCOME_H_

#include "kernel/base/outcome.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_OUTCOME_H_
