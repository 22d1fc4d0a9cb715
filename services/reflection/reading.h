// What everybody asks who reads a binary schema.
//
// Thread: any. Requires of every schema: CheckSchema has passed it (checks.h).
#ifndef JACKFIELD_SERVICES_REFLECTION_READING_H_
#define JACKFIELD_SERVICES_REFLECTION_READING_H_

#include <string>
#include <string_view>
#include <vector>

#include "flatbuffers/reflection_generated.h"

namespace jackfield::message {

bool IsScalar(reflection::BaseType type);
bool IsInteger(reflection::BaseType type);  // not a bool, not the type of a union

// "int", "string"; of scalars and strings.
std::string_view NameOf(reflection::BaseType type);

// The full name of the table, struct, enum or union that a type, or each of many, is; "": none.
std::string_view TypeName(const reflection::Schema& schema, const reflection::Type& type);

// What a field of that type is one of, or many of.
reflection::BaseType ElementOf(const reflection::Type& type);

// The fields of a table in the order of their ids: a .bfbs has them by name.
std::vector<const reflection::Field*> FieldsById(const reflection::Object& object);

// The value of an attribute; nullptr: it has none of that name.
template <class Attributed>
const flatbuffers::String* AttributeOf(const Attributed& of, std::string_view key) {
  if (of.attributes() == nullptr) return nullptr;
  for (const reflection::KeyValue* attribute : *of.attributes()) {
    if (attribute->key()->string_view() == key) return attribute->value();
  }
  return nullptr;
}

// force_align of a list; 0: it has none, or not as a number.
uint32_t ForcedAlignment(const reflection::Field& field);

// The table that a field with nested_flatbuffer holds a buffer of, or nullptr: by its name in full,
// or the first that ends in it.
const reflection::Object* NestedIn(const reflection::Schema& schema,
                                   const reflection::Field& field);

// "1.5"; so that the same number is read from it.
std::string NumberText(double number);

}  // namespace jackfield::message

#endif  // JACKFIELD_SERVICES_REFLECTION_READING_H_
