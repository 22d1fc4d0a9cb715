#include "services/reflection/reading.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "kernel/base/text.h"

namespace jackfield::message {

using reflection::BaseType;

namespace {

constexpr std::string_view kBaseNames[] = {"none",  "utype",  "bool",   "byte",  "ubyte",
                                           "short", "ushort", "int",    "uint",  "long",
                                           "ulong", "float",  "double", "string"};

}  // namespace

std::string_view NameOf(BaseType type) {
  const auto index = static_cast<size_t>(type);
  return index < std::size(kBaseNames) ? kBaseNames[index] : "?";
}

std::string_view TypeName(const reflection::Schema& schema, const reflection::Type& type) {
  if (type.index() < 0 || ElementOf(type) == BaseType::String) return "";
  const auto index = static_cast<uint32_t>(type.index());
  return ElementOf(type) == BaseType::Obj ? schema.objects()->Get(index)->name()->string_view()
                                          : schema.enums()->Get(index)->name()->string_view();
}

bool IsScalar(BaseType type) { return type >= BaseType::UType && type <= BaseType::Double; }
bool IsInteger(BaseType type) { return type >= BaseType::Byte && type <= BaseType::ULong; }

BaseType ElementOf(const reflection::Type& type) {
  const bool many = type.base_type() == BaseType::Vector || type.base_type() == BaseType::Array;
  return many ? type.element() : type.base_type();
}

uint32_t ForcedAlignment(const reflection::Field& field) {
  const flatbuffers::String* forced = AttributeOf(field, "force_align");
  uint32_t alignment = 0;
  if (forced != nullptr)
    std::from_chars(forced->c_str(), forced->c_str() + forced->size(), alignment);
  return alignment;
}

const reflection::Object* NestedIn(const reflection::Schema& schema,
                                   const reflection::Field& field) {
  if (field.type()->base_type() != BaseType::Vector || field.type()->element() != BaseType::UByte)
    return nullptr;
  const flatbuffers::String* name = AttributeOf(field, "nested_flatbuffer");
  if (name == nullptr) return nullptr;
  const std::string end = Text(".", name->string_view());
  const reflection::Object* found = nullptr;
  for (const reflection::Object* object : *schema.objects()) {
    if (object->is_struct()) continue;
    if (object->name()->string_view() == name->string_view()) return object;
    if (found == nullptr && object->name()->string_view().ends_with(end)) found = object;
  }
  return found;
}

std::vector<const reflection::Field*> FieldsById(const reflection::Object& object) {
  std::vector<const reflection::Field*> fields(object.fields()->begin(), object.fields()->end());
  std::stable_sort(fields.begin(), fields.end(),
                   [](const auto* a, const auto* b) { return a->id() < b->id(); });
  return fields;
}

std::string NumberText(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return std::string(text, end);
}

}  // namespace jackfield::message
