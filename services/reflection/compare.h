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
// (checks.h).
#ifndef JACKFIELD_SERVICES_REFLECTION_COMPARE_H_
#define JACKFIELD_SERVICES_REFLECTION_COMPARE_H_

#include <string>
#include <string_view>
#include <vector>

#include "flatbuffers/reflection_generated.h"

namespace jackfield::evolution {

// What the two are called where they differ.
struct Words {
  std::string_view was, is;   // "was int, is string"
  std::string_view gone;      // what the newer one lacks
  std::string_view give_up;   // said with a field that it lacks
  std::string_view required;  // a field of the newer one that the older one does not know
};
inline constexpr Words kBeforeAndAfter = {
    "was", "is", "is gone", "; to give it up, keep it, marked (deprecated)",
    "is new and required, so that messages from before would be refused"};

// Of one interface, by its full name, which `older` has: a sentence for each change, as
// "kv.Key.age: was int, is string". Names are schema names, which print.
std::vector<std::string> IncompatibleChanges(const reflection::Schema& older,
                                             const reflection::Schema& newer,
                                             std::string_view interface,
                                             const Words& words = kBeforeAndAfter);

// A client has been made with the schema `here`, its service with `there`: do they understand each
// other? Then one of the two has become the other by changes that are good, whichever is the newer.
// Else what stands between them, by the shorter list: "kv.Key.age: here int, at the service
// string". Requires: `here` has the interface.
std::vector<std::string> Misunderstandings(const reflection::Schema& here,
                                           const reflection::Schema& there,
                                           std::string_view interface);

// Of all types, for schemas without methods.
std::vector<std::string> IncompatibleTypes(const reflection::Schema& older,
                                           const reflection::Schema& newer);

}  // namespace jackfield::evolution

#endif  // JACKFIELD_SERVICES_REFLECTION_COMPARE_H_
