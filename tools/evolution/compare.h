// What has changed between two binary schemas that a program made with the one, and a peer made
// with the other, would misunderstand.
//
//   std::vector<std::string> changes = IncompatibleChanges(older, newer, "kv.Store");
//
// Good are: fields that are new at the end of a table, or have an id; values that are new in an
// enum or a union; methods and interfaces that are new; a field that is marked (deprecated); the
// order of all but struct fields; comments; deadlines. All else is told, by both sides' words: a
// field is who it is by its number, a method by its name. It goes both ways: what the old side
// would misread is told, and what the new one would.
//
// Only what the methods' messages can hold is looked at; of a schema without methods, all types.
//
// Thread: any. Nothing is kept. Requires of both schemas: CheckSchema has passed them
// (tools/message/checks.h).
#ifndef JACKFIELD_TOOLS_EVOLUTION_COMPARE_H_
#define JACKFIELD_TOOLS_EVOLUTION_COMPARE_H_

#include <string>
#include <string_view>
#include <vector>

#include "flatbuffers/reflection_generated.h"

namespace jackfield::evolution {

// Of one interface, by its full name, which `older` has: a sentence for each change, as
// "kv.Key.age: was int, is string". Names are schema names, which print.
std::vector<std::string> IncompatibleChanges(const reflection::Schema& older,
                                             const reflection::Schema& newer,
                                             std::string_view interface);

// Of all types, for schemas without methods.
std::vector<std::string> IncompatibleTypes(const reflection::Schema& older,
                                           const reflection::Schema& newer);

}  // namespace jackfield::evolution

#endif  // JACKFIELD_TOOLS_EVOLUTION_COMPARE_H_
