#include "services/reflection/compare.h"

#include <bit>
#include <set>
#include <utility>

#include "kernel/base/text.h"
#include "services/reflection/reading.h"

namespace jackfield::evolution {
namespace {

using message::AttributeOf;
using message::ElementOf;
using message::FieldsById;
using message::TypeName;
using reflection::BaseType;

template <class List>
auto Find(const List* list, std::string_view name) -> decltype(list->Get(0)) {
  if (list == nullptr) return nullptr;
  for (const auto* entry : *list) {
    if (entry->name()->string_view() == name) return entry;
  }
  return nullptr;
}

std::string TypeText(const reflection::Schema& schema, const reflection::Type& type) {
  const std::string_view name = TypeName(schema, type);
  const std::string element(name.empty() ? message::NameOf(ElementOf(type)) : name);
  if (type.base_type() == BaseType::Vector) return Text("[", element, "]");
  if (type.base_type() == BaseType::Array) return Text("[", element, ":", type.fixed_length(), "]");
  return element;
}

// The type of a union, which each field of one has beside it: it goes with that.
bool IsTypeOfUnion(const reflection::Field& field) {
  return ElementOf(*field.type()) == BaseType::UType;
}

std::string DefaultText(const reflection::Schema& schema, const reflection::Field& field) {
  const BaseType is = field.type()->base_type();
  if (field.optional()) return "null";
  if (is == BaseType::Bool) return field.default_integer() != 0 ? "true" : "false";
  if (is == BaseType::Float || is == BaseType::Double)
    return message::NumberText(field.default_real());
  if (field.type()->index() >= 0) {
    const auto index = static_cast<uint32_t>(field.type()->index());
    for (const reflection::EnumVal* value : *schema.enums()->Get(index)->values()) {
      if (value->value() == field.default_integer())
        return Text(value->name()->string_view(), " (", value->value(), ")");
    }
  }
  return std::to_string(field.default_integer());
}

std::string_view KindOf(const reflection::RPCCall& call) {
  if (AttributeOf(call, "one_way") != nullptr) return "one_way";
  const flatbuffers::String* streaming = AttributeOf(call, "streaming");
  const std::string_view way = streaming == nullptr ? "none" : streaming->string_view();
  return way == "server"   ? "a stream of the server"
         : way == "client" ? "a stream of the client"
         : way == "both"   ? "a stream both ways"
                           : "a call with one answer";
}

class Comparison {
 public:
  Comparison(const reflection::Schema& older, const reflection::Schema& newer, const Words& words)
      : old_(older), new_(newer), words_(words) {}

  void Interface(std::string_view name) {
    const reflection::Service* was = Find(old_.services(), name);
    const reflection::Service* is = Find(new_.services(), name);
    if (was == nullptr || was->calls() == nullptr) return;
    if (is == nullptr) return Tell(name, words_.gone);
    for (const reflection::RPCCall* call : *was->calls()) Method(name, *call, *was, *is);
  }

  void Types() {
    for (const reflection::Object* was : *old_.objects()) {
      const reflection::Object* is = Find(new_.objects(), was->name()->string_view());
      if (is == nullptr)
        Tell(was->name()->string_view(), words_.gone);
      else
        Object(*was, *is);
    }
    for (const reflection::Enum* was : *old_.enums()) {
      const reflection::Enum* is = Find(new_.enums(), was->name()->string_view());
      if (is == nullptr)
        Tell(was->name()->string_view(), words_.gone);
      else
        Enum(*was, *is);
    }
  }

  std::vector<std::string> Take() { return std::move(changes_); }

 private:
  void Tell(std::string_view where, std::string_view what) {
    changes_.push_back(Text(where, ": ", what));
  }
  template <class Was, class Is>
  void TellBoth(std::string_view where, std::string_view of, const Was& was, const Is& is) {
    Tell(where, Text(of, words_.was, " ", was, ", ", words_.is, " ", is));
  }

  void Method(std::string_view interface, const reflection::RPCCall& was,
              const reflection::Service& old_service, const reflection::Service& new_service) {
    const std::string where = Text(interface, "/", was.name()->string_view());
    const reflection::RPCCall* is = Find(new_service.calls(), was.name()->string_view());
    if (is == nullptr)
      return Tell(where, Text(words_.gone, BecameOf(was, old_service, new_service)));
    if (KindOf(was) != KindOf(*is)) TellBoth(where, "", KindOf(was), KindOf(*is));
    Message(where, "the request ", *was.request(), *is->request());
    Message(where, "the reply ", *was.response(), *is->response());
  }

  // A method that is new and has the same messages may be the old one, under another name.
  static std::string BecameOf(const reflection::RPCCall& was,
                              const reflection::Service& old_service,
                              const reflection::Service& new_service) {
    if (new_service.calls() == nullptr) return "";
    for (const reflection::RPCCall* call : *new_service.calls()) {
      if (Find(old_service.calls(), call->name()->string_view()) != nullptr ||
          call->request()->name()->string_view() != was.request()->name()->string_view() ||
          call->response()->name()->string_view() != was.response()->name()->string_view())
        continue;
      return Text("; ", call->name()->string_view(),
                  " is new, but a call is known by its method's name");
    }
    return "";
  }

  void Message(std::string_view where, std::string_view which, const reflection::Object& was,
               const reflection::Object& is) {
    if (was.name()->string_view() != is.name()->string_view())
      TellBoth(where, which, was.name()->string_view(), is.name()->string_view());
    else
      Object(was, is);
  }

  void Object(const reflection::Object& was, const reflection::Object& is) {
    const std::string_view name = was.name()->string_view();
    if (!seen_.insert(name).second) return;
    if (was.is_struct() != is.is_struct()) {
      return TellBoth(name, "", was.is_struct() ? "a struct" : "a table",
                      is.is_struct() ? "a struct" : "a table");
    }
    if (was.is_struct()) return Struct(was, is);
    const auto old_fields = FieldsById(was), new_fields = FieldsById(is);
    for (const reflection::Field* field : old_fields) {
      if (!IsTypeOfUnion(*field)) OldField(name, *field, is, new_fields);
    }
    for (const reflection::Field* field : new_fields) {
      const bool is_new = field->id() >= old_fields.size();
      if (is_new && field->required()) {
        Tell(Text(name, ".", field->name()->string_view()), words_.required);
      }
    }
  }

  void OldField(std::string_view name, const reflection::Field& was, const reflection::Object& is,
                const std::vector<const reflection::Field*>& new_fields) {
    const std::string_view field = was.name()->string_view();
    const std::string where = Text(name, ".", field);
    const reflection::Field* same = Find(is.fields(), field);
    if (same != nullptr && same->id() != was.id()) {
      TellBoth(where, "its number ", was.id(), same->id());
      return;
    }
    if (same != nullptr) return Field(where, was, *same);
    if (was.id() >= new_fields.size()) return Tell(where, Text(words_.gone, words_.give_up));
    const reflection::Field& there = *new_fields[was.id()];
    Tell(where, Text("field ", was.id(), " ", words_.was, " ", field, ": ",
                     TypeText(old_, *was.type()), ", ", words_.is, " ", there.name()->string_view(),
                     ": ", TypeText(new_, *there.type())));
  }

  void Field(std::string_view where, const reflection::Field& was, const reflection::Field& is) {
    const std::string old_type = TypeText(old_, *was.type()), new_type = TypeText(new_, *is.type());
    if (old_type != new_type) return TellBoth(where, "", old_type, new_type);
    if (was.required() != is.required()) {
      TellBoth(where, "", was.required() ? "required" : "not required",
               is.required() ? "required" : "not required");
    }
    if (DefaultOf(was) != DefaultOf(is) || (IsScalar(was) && was.optional() != is.optional()))
      TellBoth(where, "its default ", DefaultText(old_, was), DefaultText(new_, is));
    if (message::ForcedAlignment(was) != message::ForcedAlignment(is)) {
      TellBoth(where, "its alignment ", message::ForcedAlignment(was),
               message::ForcedAlignment(is));
    }
    Nested(where, was, is);
    Inside(*was.type(), *is.type());
  }

  static bool IsScalar(const reflection::Field& field) {
    return message::IsScalar(field.type()->base_type());
  }
  static std::pair<int64_t, uint64_t> DefaultOf(const reflection::Field& field) {
    return {field.default_integer(), std::bit_cast<uint64_t>(field.default_real())};
  }

  void Nested(std::string_view where, const reflection::Field& was, const reflection::Field& is) {
    const reflection::Object* inside = message::NestedIn(old_, was);
    const reflection::Object* now = message::NestedIn(new_, is);
    const auto text = [](const reflection::Object* object) {
      return object == nullptr ? std::string("bytes") : object->name()->str();
    };
    if (text(inside) != text(now))
      return TellBoth(where, "what is inside ", text(inside), text(now));
    if (inside != nullptr) Object(*inside, *now);
  }

  // Of types with the same text.
  void Inside(const reflection::Type& was, const reflection::Type& is) {
    if (was.index() < 0 || is.index() < 0 || ElementOf(was) == BaseType::String) return;
    const auto a = static_cast<uint32_t>(was.index()), b = static_cast<uint32_t>(is.index());
    if (ElementOf(was) == BaseType::Obj)
      Object(*old_.objects()->Get(a), *new_.objects()->Get(b));
    else
      Enum(*old_.enums()->Get(a), *new_.enums()->Get(b));
  }

  // Its bytes are its fields, one behind the other: nothing of it can change.
  void Struct(const reflection::Object& was, const reflection::Object& is) {
    const std::string old_text = StructText(old_, was), new_text = StructText(new_, is);
    const std::string_view name = was.name()->string_view();
    if (old_text != new_text)
      return Tell(name, Text("a struct cannot change: ", words_.was, " { ", old_text, " }, ",
                             words_.is, " { ", new_text, " }"));
    if (was.minalign() != is.minalign())
      TellBoth(name, "its alignment ", was.minalign(), is.minalign());
    const auto old_fields = FieldsById(was), new_fields = FieldsById(is);
    for (size_t i = 0; i < old_fields.size(); ++i)
      Inside(*old_fields[i]->type(), *new_fields[i]->type());
  }

  static std::string StructText(const reflection::Schema& schema,
                                const reflection::Object& object) {
    std::string text;
    for (const reflection::Field* field : FieldsById(object)) {
      text += Text(text.empty() ? "" : ", ", field->name()->string_view(), ": ",
                   TypeText(schema, *field->type()));
    }
    return text;
  }

  void Enum(const reflection::Enum& was, const reflection::Enum& is) {
    const std::string_view name = was.name()->string_view();
    if (!seen_.insert(name).second) return;
    if (was.is_union() != is.is_union())
      return TellBoth(name, "", was.is_union() ? "a union" : "an enum",
                      is.is_union() ? "a union" : "an enum");
    const BaseType old_type = was.underlying_type()->base_type();
    const BaseType new_type = is.underlying_type()->base_type();
    if (old_type != new_type)
      return TellBoth(name, "", message::NameOf(old_type), message::NameOf(new_type));
    for (const reflection::EnumVal* value : *was.values()) {
      const std::string where = Text(name, ".", value->name()->string_view());
      const reflection::EnumVal* same = Find(is.values(), value->name()->string_view());
      if (same == nullptr)
        Tell(where, Text(words_.gone, " (value ", value->value(), ")"));
      else if (same->value() != value->value())
        TellBoth(where, "", value->value(), same->value());
      else if (was.is_union() && value->value() != 0)
        Member(where, *value->union_type(), *same->union_type());
    }
  }

  void Member(std::string_view where, const reflection::Type& was, const reflection::Type& is) {
    const std::string old_type = TypeText(old_, was), new_type = TypeText(new_, is);
    if (old_type != new_type) return TellBoth(where, "", old_type, new_type);
    Inside(was, is);
  }

  const reflection::Schema& old_;
  const reflection::Schema& new_;
  const Words& words_;
  std::set<std::string_view> seen_;  // types
  std::vector<std::string> changes_;
};

}  // namespace

std::vector<std::string> IncompatibleChanges(const reflection::Schema& older,
                                             const reflection::Schema& newer,
                                             std::string_view interface, const Words& words) {
  Comparison comparison(older, newer, words);
  comparison.Interface(interface);
  return comparison.Take();
}

std::vector<std::string> Misunderstandings(const reflection::Schema& here,
                                           const reflection::Schema& there,
                                           std::string_view interface) {
  static constexpr Words kThereIsNewer = {"here", "at the service", "the service does not have it",
                                          "",
                                          "the service requires it, and does not get it from here"};
  static constexpr Words kHereIsNewer = {"at the service", "here", "only the service has it", "",
                                         "is required here, and the service does not send it"};
  std::vector<std::string> forwards = IncompatibleChanges(here, there, interface, kThereIsNewer);
  if (forwards.empty()) return {};
  if (Find(there.services(), interface) == nullptr) return forwards;
  std::vector<std::string> backwards = IncompatibleChanges(there, here, interface, kHereIsNewer);
  return backwards.size() < forwards.size() ? backwards : forwards;
}

std::vector<std::string> IncompatibleTypes(const reflection::Schema& older,
                                           const reflection::Schema& newer) {
  Comparison comparison(older, newer, kBeforeAndAfter);
  comparison.Types();
  return comparison.Take();
}

}  // namespace jackfield::evolution
