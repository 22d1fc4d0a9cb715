#include "tools/message/same.h"

#include <bit>
#include <map>
#include <string_view>

#include "kernel/base/text.h"
#include "services/reflection/reading.h"

namespace jackfield::message {
namespace {

using reflection::BaseType;

absl::Status Differs(std::string_view what, std::string_view how) {
  return absl::InvalidArgumentError(
      Text("says of ", what, " what no compiler of schemas says: ", how));
}

class Comparison {
 public:
  Comparison(const reflection::Schema& peers, const reflection::Schema& parsed)
      : peers_(peers), parsed_(parsed) {}

  absl::Status Compare() const {
    if (peers_.objects()->size() != parsed_.objects()->size() ||
        peers_.enums()->size() != parsed_.enums()->size())
      return Differs("its types", "their number");
    std::map<std::string_view, const reflection::Object*> objects;
    for (const reflection::Object* object : *parsed_.objects())
      objects[object->name()->string_view()] = object;
    for (const reflection::Object* object : *peers_.objects()) {
      const auto other = objects.find(object->name()->string_view());
      if (other == objects.end()) return Differs(object->name()->string_view(), "its name");
      if (absl::Status status = Object(*object, *other->second); !status.ok()) return status;
    }
    std::map<std::string_view, const reflection::Enum*> enums;
    for (const reflection::Enum* type : *parsed_.enums()) enums[type->name()->string_view()] = type;
    for (const reflection::Enum* type : *peers_.enums()) {
      const auto other = enums.find(type->name()->string_view());
      if (other == enums.end()) return Differs(type->name()->string_view(), "its name");
      if (absl::Status status = Enum(*type, *other->second); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  bool SameType(const reflection::Type& a, const reflection::Type& b) const {
    return a.base_type() == b.base_type() && a.element() == b.element() &&
           a.fixed_length() == b.fixed_length() && TypeName(peers_, a) == TypeName(parsed_, b);
  }

  absl::Status Object(const reflection::Object& a, const reflection::Object& b) const {
    const std::string_view name = a.name()->string_view();
    if (a.is_struct() != b.is_struct()) return Differs(name, "whether it is a struct");
    if (a.minalign() != b.minalign()) return Differs(name, "where it lies");
    if (a.bytesize() != b.bytesize()) return Differs(name, "its size");
    if (a.fields()->size() != b.fields()->size()) return Differs(name, "its fields");
    std::map<std::string_view, const reflection::Field*> fields;
    for (const reflection::Field* field : *b.fields()) fields[field->name()->string_view()] = field;
    for (const reflection::Field* field : *a.fields()) {
      const std::string where = Text(name, ".", field->name()->string_view());
      const auto other = fields.find(field->name()->string_view());
      if (other == fields.end()) return Differs(where, "its name");
      if (absl::Status status = Field(where, *field, *other->second); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Field(std::string_view where, const reflection::Field& a,
                     const reflection::Field& b) const {
    if (!SameType(*a.type(), *b.type())) return Differs(where, "its type");
    if (a.id() != b.id() || a.offset() != b.offset()) return Differs(where, "its place");
    if (a.required() != b.required() || a.key() != b.key() || a.optional() != b.optional())
      return Differs(where, "whether it must be there");
    if (a.default_integer() != b.default_integer() ||
        std::bit_cast<uint64_t>(a.default_real()) != std::bit_cast<uint64_t>(b.default_real()))
      return Differs(where, "its default");
    return absl::OkStatus();
  }

  absl::Status Enum(const reflection::Enum& a, const reflection::Enum& b) const {
    const std::string_view name = a.name()->string_view();
    if (a.is_union() != b.is_union() ||
        a.underlying_type()->base_type() != b.underlying_type()->base_type() ||
        a.values()->size() != b.values()->size())
      return Differs(name, "its values");
    for (uint32_t i = 0; i < a.values()->size(); ++i) {
      const reflection::EnumVal &x = *a.values()->Get(i), &y = *b.values()->Get(i);
      if (x.name()->string_view() != y.name()->string_view() || x.value() != y.value() ||
          (a.is_union() && x.value() != 0 && !SameType(*x.union_type(), *y.union_type())))
        return Differs(Text(name, ".", x.name()->string_view()), "its number or type");
    }
    return absl::OkStatus();
  }

  const reflection::Schema& peers_;
  const reflection::Schema& parsed_;
};

}  // namespace

absl::Status CheckSame(const reflection::Schema& peers, const reflection::Schema& parsed) {
  return Comparison(peers, parsed).Compare();
}

}  // namespace jackfield::message
