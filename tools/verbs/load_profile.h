// A load that is kept in a wiring file, [load.NAME], as a command line of the verb `load`.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_VERBS_LOAD_PROFILE_H_
#define JACKFIELD_TOOLS_VERBS_LOAD_PROFILE_H_

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/cli/program.h"
#include "tools/wiring/load_table.h"

namespace jackfield {

// Are its flags ones of the verb? Errors: INVALID_ARGUMENT: "FILE:LINE:COLUMN: " and why.
absl::Status CheckProfile(std::string_view file, const LoadEntry& load,
                          std::span<const Flag> known);

// What `given`, whose only operand is the name of a load, means: that load of the running wiring
// (--wiring, or the only one that is up), whose file is read for it. Flags of `given` stand in
// place of the file's. Errors: those of the wiring's file and of CheckProfile; NOT_FOUND (no such
// load; names the nearest), UNAVAILABLE and those of PickWiring where no wiring is up.
absl::StatusOr<Arguments> ArgumentsOfProfile(const Program& program, const Arguments& given,
                                             std::span<const Flag> known);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_LOAD_PROFILE_H_
