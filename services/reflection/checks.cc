#include "services/reflection/checks.h"

#include <algorithm>
#include <set>
#include <string>

#include "kernel/base/text.h"
#include "services/reflection/reading.h"

namespace jackfield::message {
namespace {

using reflection::BaseType;

// Tables of a .bfbs inside one another: a schema, a service, a call, a table, a field, its type.
constexpr uint32_t kDepthMax = 16;
constexpr uint32_t kTablesMax = 1'000'000;  // it shares tables, and each way to one counts

absl::Status Bad(std::string_view text) { return absl::InvalidArgumentError(std::string(text)); }

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && IsLetter(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsLetter(c) || (c >= '0' && c <= '9'); });
}

// "shop.v1.Item"
bool IsFullName(std::string_view name) {
  if (name.size() > kNameBytesMax) return false;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    if (!IsName(name.substr(0, dot))) return false;
    name.remove_prefix(dot + 1);
  }
  return IsName(name);
}

absl::Status NoName(std::string_view what, std::string_view name) {
  return Bad(
      Text("names ", what, " \"", Escaped(name.substr(0, kNameBytesMax)), "\", which is no name"));
}

absl::Status CheckCount(std::string_view what, size_t count, size_t most) {
  return count <= most ? absl::OkStatus()
                       : Bad(Text("has ", count, " ", what, "; ", most, " are the limit"));
}

class Checks {
 public:
  explicit Checks(const reflection::Schema& schema) : schema_(schema) {}

  absl::Status Check() {
    if (absl::Status status = CheckCounts(); !status.ok()) return status;
    if (absl::Status status = CheckTypeNames(); !status.ok()) return status;
    for (const reflection::Enum* type : *schema_.enums()) {
      if (absl::Status status = CheckEnum(*type); !status.ok()) return status;
    }
    for (const reflection::Object* object : *schema_.objects()) {
      if (absl::Status status = CheckObject(*object); !status.ok()) return status;
    }
    if (schema_.services() == nullptr) return absl::OkStatus();
    for (const reflection::Service* service : *schema_.services()) {
      if (absl::Status status = CheckService(*service); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckCounts() const {
    size_t fields = 0, values = 0, methods = 0;
    for (const reflection::Object* object : *schema_.objects()) fields += object->fields()->size();
    for (const reflection::Enum* type : *schema_.enums()) values += type->values()->size();
    if (schema_.services() != nullptr) {
      for (const reflection::Service* service : *schema_.services()) {
        if (service->calls() != nullptr) methods += service->calls()->size();
      }
    }
    const struct {
      std::string_view what;
      size_t count, most;
    } counts[] = {{"types", size_t{schema_.objects()->size()} + schema_.enums()->size(), kTypesMax},
                  {"fields", fields, kFieldsMax},
                  {"values of enums", values, kValuesMax},
                  {"methods", methods, kMethodsMax}};
    for (const auto& [what, count, most] : counts) {
      if (absl::Status status = CheckCount(what, count, most); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status CheckTypeNames() {
    std::set<std::string_view> names;
    const auto add = [&names](std::string_view name) {
      if (!IsFullName(name)) return NoName("a type", name);
      if (!names.insert(name).second) return Bad(Text("has two types of the name ", name));
      return absl::OkStatus();
    };
    for (const reflection::Object* object : *schema_.objects()) {
      if (absl::Status status = add(object->name()->string_view()); !status.ok()) return status;
      if (!object->is_struct()) tables_.insert(object->name()->string_view());
    }
    for (const reflection::Enum* type : *schema_.enums()) {
      if (absl::Status status = add(type->name()->string_view()); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const reflection::Object* Object(int32_t index) const {
    const bool is_one = index >= 0 && static_cast<uint32_t>(index) < schema_.objects()->size();
    return is_one ? schema_.objects()->Get(static_cast<uint32_t>(index)) : nullptr;
  }
  const reflection::Enum* Enum(int32_t index) const {
    const bool is_one = index >= 0 && static_cast<uint32_t>(index) < schema_.enums()->size();
    return is_one ? schema_.enums()->Get(static_cast<uint32_t>(index)) : nullptr;
  }

  absl::Status CheckEnum(const reflection::Enum& type) const {
    const std::string_view name = type.name()->string_view();
    const BaseType is = type.underlying_type()->base_type();
    if (type.is_union() ? is != BaseType::UType : !IsInteger(is))
      return Bad(Text("counts ", name, " in something that is no whole number"));
    if (type.values()->size() == 0) return Bad(Text("has no values in ", name));
    for (const reflection::EnumVal* value : *type.values()) {
      const std::string_view value_name = value->name()->string_view();
      if (!IsName(value_name)) return NoName(Text("a value of ", name), value_name);
      if (!type.is_union() || value->value() == 0) continue;
      const reflection::Type* member = value->union_type();
      const bool is_string = member != nullptr && member->base_type() == BaseType::String;
      const bool is_object = member != nullptr && member->base_type() == BaseType::Obj &&
                             Object(member->index()) != nullptr;
      if (!is_string && !is_object)
        return Bad(Text("has no type for ", value_name, " of the union ", name));
    }
    return absl::OkStatus();
  }

  absl::Status CheckObject(const reflection::Object& object) const {
    const std::string_view name = object.name()->string_view();
    if (object.is_struct() && (object.bytesize() < 1 || object.bytesize() > kStructBytesMax)) {
      return Bad(Text("has a struct ", name, " of ", object.bytesize(), " bytes; 1 to ",
                      kStructBytesMax, " are possible"));
    }
    for (const reflection::Field* field : *object.fields()) {
      const std::string_view field_name = field->name()->string_view();
      if (!IsName(field_name)) return NoName(Text("a field of ", name), field_name);
      if (!IsType(*field->type(), object.is_struct()))
        return Bad(Text("has no type for ", name, ".", field_name));
    }
    return absl::OkStatus();
  }

  // Is it one that a field of a table, or of a struct, may have?
  bool IsType(const reflection::Type& type, bool in_struct) const {
    const BaseType is = type.base_type();
    if (is == BaseType::Vector || is == BaseType::Array) {
      if (in_struct != (is == BaseType::Array)) return false;
      if (is == BaseType::Array && type.fixed_length() == 0) return false;
    }
    const BaseType element = ElementOf(type);
    if (element == BaseType::Obj) {
      const reflection::Object* object = Object(type.index());
      return object != nullptr && (object->is_struct() || !in_struct);
    }
    if (element == BaseType::UType || element == BaseType::Union) {
      const reflection::Enum* of = Enum(type.index());
      return of != nullptr && of->is_union() && !in_struct;
    }
    if (element == BaseType::String) return !in_struct && type.index() < 0;
    if (!IsScalar(element)) return false;
    if (type.index() < 0) return true;
    const reflection::Enum* of = Enum(type.index());
    return of != nullptr && !of->is_union() && of->underlying_type()->base_type() == element;
  }

  absl::Status CheckService(const reflection::Service& service) const {
    const std::string_view name = service.name()->string_view();
    if (!IsFullName(name)) return NoName("an interface", name);
    if (service.calls() == nullptr) return absl::OkStatus();
    for (const reflection::RPCCall* call : *service.calls()) {
      const std::string_view call_name = call->name()->string_view();
      if (!IsName(call_name)) return NoName(Text("a method of ", name), call_name);
      for (const reflection::Object* table : {call->request(), call->response()}) {
        if (!tables_.contains(table->name()->string_view()))
          return Bad(Text("has no table for the request or the reply of ", name, "/", call_name));
      }
    }
    return absl::OkStatus();
  }

  const reflection::Schema& schema_;
  std::set<std::string_view> tables_;
};

}  // namespace

absl::Status CheckSchema(std::string_view bytes) {
  if (bytes.size() > kSchemaBytesMax)
    return Bad(Text("has ", bytes.size(), " bytes; ", kSchemaBytesMax, " are the limit"));
  flatbuffers::Verifier::Options limits;
  limits.max_depth = kDepthMax;
  limits.max_tables = kTablesMax;
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                                 limits);
  if (bytes.size() < 8 || !reflection::VerifySchemaBuffer(verifier))
    return Bad("is no binary schema of FlatBuffers (.bfbs)");
  return Checks(*reflection::GetSchema(bytes.data())).Check();
}

}  // namespace jackfield::message
