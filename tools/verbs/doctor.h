// jackfield doctor: what of this machine matters to the bus, and what is wrong with it.
#ifndef JACKFIELD_TOOLS_VERBS_DOCTOR_H_
#define JACKFIELD_TOOLS_VERBS_DOCTOR_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb DoctorVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_DOCTOR_H_
