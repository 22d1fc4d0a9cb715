#include "tools/message/example.h"

#include <algorithm>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/payload.h"
#include "services/reflection/reading.h"

namespace jackfield::message {
namespace {

using reflection::BaseType;

class Example {
 public:
  explicit Example(const reflection::Schema& schema) : schema_(schema) {}

  absl::StatusOr<std::string> Write(std::string_view table) {
    for (const reflection::Object* object : *schema_.objects()) {
      if (object->name()->string_view() == table) Object(*object);
    }
    if (!fault_.empty()) return absl::InvalidArgumentError(fault_);
    return std::move(text_);
  }

 private:
  void Add(std::string_view text) {
    if (text_.size() <= kExampleBytesMax) text_ += text;
    if (text_.size() > kExampleBytesMax && fault_.empty())
      fault_ = Text("has no example of at most ", kExampleBytesMax, " bytes");
  }
  const reflection::Object& ObjectOf(const reflection::Type& type) const {
    return *schema_.objects()->Get(static_cast<uint32_t>(type.index()));
  }
  const reflection::Enum& EnumOf(const reflection::Type& type) const {
    return *schema_.enums()->Get(static_cast<uint32_t>(type.index()));
  }

  // Is there room for another table of that kind?
  bool MayEnter(const reflection::Object& object) const {
    if (object.is_struct()) return true;
    return text_.size() < kExampleBytesAmple && path_.size() < kExampleDepthMax &&
           std::find(path_.begin(), path_.end(), &object) == path_.end();
  }

  void Object(const reflection::Object& object) {
    if (path_.size() > size_t{kVerifyDepthMax}) {
      if (fault_.empty())
        fault_ = Text("has no example of at most ", kVerifyDepthMax, " tables inside one another");
      return;
    }
    path_.push_back(&object);
    Add("{");
    bool first = true;
    for (const reflection::Field* field : FieldsById(object)) {
      if (!fault_.empty()) break;
      if (field->deprecated() || ElementOf(*field->type()) == BaseType::UType) continue;
      Field(*field, first);
    }
    Add("}");
    path_.pop_back();
  }

  void Name(std::string_view name, bool& first) {
    Add(Text(first ? "\"" : ", \"", name, "\": "));
    first = false;
  }

  void Field(const reflection::Field& field, bool& first) {
    const reflection::Type& type = *field.type();
    const std::string_view name = field.name()->string_view();
    const bool many = type.base_type() == BaseType::Vector;
    if (const reflection::Object* nested = NestedIn(schema_, field)) {
      if (!field.required() && !MayEnter(*nested)) return;
      Name(name, first);
      return Object(*nested);
    }
    switch (ElementOf(type)) {
      case BaseType::Union: {
        const reflection::EnumVal* member = MemberOf(type, field.required() && !many);
        if (member == nullptr && !(many && field.required())) return;
        Name(Text(name, "_type"), first);
        Add(member == nullptr ? "[]"
            : many            ? Text("[\"", member->name()->string_view(), "\"]")
                              : Text("\"", member->name()->string_view(), "\""));
        Name(name, first);
        if (many) Add("[");
        if (member != nullptr) Value(*member->union_type(), field);
        if (many) Add("]");
        return;
      }
      case BaseType::Obj:
        if (!MayEnter(ObjectOf(type)) && (many || !field.required())) {
          if (!many) return;
          Name(name, first);
          return Add("[]");
        }
        break;
      default:
        break;
    }
    Name(name, first);
    if (type.base_type() == BaseType::Array) {
      for (uint16_t i = 0; i < type.fixed_length() && fault_.empty(); ++i) {
        Add(i == 0 ? "[" : ", ");
        Value(type, field);
      }
      return Add("]");
    }
    if (many) Add("[");
    Value(type, field);
    if (many) Add("]");
  }

  // The first member that may be entered.
  const reflection::EnumVal* MemberOf(const reflection::Type& type, bool must) const {
    const reflection::EnumVal* any = nullptr;
    for (const reflection::EnumVal* value : *EnumOf(type).values()) {
      if (value->value() == 0) continue;
      const reflection::Type& is = *value->union_type();
      if (is.base_type() == BaseType::String || MayEnter(ObjectOf(is))) return value;
      if (any == nullptr) any = value;
    }
    return must ? any : nullptr;
  }

  // One value of the type, or one element.
  void Value(const reflection::Type& type, const reflection::Field& field) {
    switch (ElementOf(type)) {
      case BaseType::Obj:
        return Object(ObjectOf(type));
      case BaseType::String:
        return Add("\"\"");
      case BaseType::Float:
      case BaseType::Double:
        return Add(NumberText(field.default_real()));
      case BaseType::Bool:
        return Add(field.default_integer() != 0 ? "true" : "false");
      case BaseType::ULong:
        if (type.index() < 0)
          return Add(std::to_string(static_cast<uint64_t>(field.default_integer())));
        [[fallthrough]];
      default:
        return Add(type.index() < 0 ? std::to_string(field.default_integer())
                                    : Text("\"", EnumName(type, field.default_integer()), "\""));
    }
  }

  // Of the default, or of the first value.
  std::string_view EnumName(const reflection::Type& type, int64_t number) const {
    const auto& values = *EnumOf(type).values();
    for (const reflection::EnumVal* value : values) {
      if (value->value() == number) return value->name()->string_view();
    }
    return values.Get(0)->name()->string_view();
  }

  const reflection::Schema& schema_;
  std::vector<const reflection::Object*> path_;
  std::string text_, fault_;
};

}  // namespace

absl::StatusOr<std::string> ExampleOf(const reflection::Schema& schema, std::string_view table) {
  return Example(schema).Write(table);
}

}  // namespace jackfield::message
