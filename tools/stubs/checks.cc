#include "tools/stubs/checks.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "kernel/text.h"

namespace jackfield::stubs {
namespace {

constexpr std::string_view kAttributes[] = {"deadline_ms", "idempotent", "one_way", "streaming", "tables_max"};

// What cannot name a member function. Not all words of C++: a method begins with a capital letter in our schemas, but
// flatc does not insist.
constexpr std::string_view kWords[] = {
    "alignas",  "alignof",  "and",       "asm",     "auto",     "bool",     "break",    "case",      "catch",    "char",
    "class",    "co_await", "co_return", "co_yield", "concept", "const",    "consteval", "constexpr", "constinit", "continue",
    "decltype", "default",  "delete",    "do",      "double",   "else",     "enum",     "explicit",  "export",   "extern",
    "false",    "float",    "for",       "friend",  "goto",     "if",       "inline",   "int",       "long",     "mutable",
    "namespace", "new",     "noexcept",  "not",     "nullptr",  "operator", "or",       "private",   "protected", "public",
    "register", "requires", "return",    "short",   "signed",   "sizeof",   "static",   "struct",    "switch",   "template",
    "this",     "throw",    "true",      "try",     "typedef",  "typeid",   "typename", "union",     "unsigned", "using",
    "virtual",  "void",     "volatile",  "while",   "xor"};

absl::Status CheckMethodNames(const Place& place, const ServiceModel& service) {
  std::map<std::string, std::string> taken = {{service.name + "Client", "the client's class"},
                                              {service.name + "Service", "the server's base class"},
                                              {"RegisterOn", "a function of the server's base class"},
                                              {"Methods", "a name in the client"},
                                              {"channel_", "a member of the client"}};
  for (const MethodModel& method : service.methods) {
    std::set<std::string> names = {method.name};
    if (method.streaming == Streaming::kNone && !method.one_way) names.insert({method.name + "Async", method.name + "Future"});
    if (method.one_way) names.insert("Try" + method.name);
    for (const std::string& name : names) {
      const Place here{place.source, place.service, method.name};
      const auto [at, is_new] = taken.emplace(name, "made of the method " + method.name);
      if (!is_new) return here.Refuse(Text("its stub ", name, " would have the name of ", at->second), "give it another name");
      if (std::find(std::begin(kWords), std::end(kWords), std::string_view(name)) != std::end(kWords)) {
        return here.Refuse(Text(name, " is a word of C++"), "begin it with a capital letter");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Place::Refuse(std::string_view what, std::string_view try_this) const {
  return absl::InvalidArgumentError(
      Text(source, ": ", service, method.empty() ? "" : "/", method, ": ", what, "  try: ", try_this));
}

absl::Status CheckAttributeName(const Place& place, std::string_view attribute) {
  const std::string_view nearest = Nearest(attribute, kAttributes);
  return place.Refuse(Text("the attribute \"", attribute, "\" means nothing for a method",
                           nearest.empty() ? Text("; there are ", Listed(kAttributes)) : Text("; did you mean \"", nearest, "\"?")),
                      "correct it, or leave it out");
}

absl::Status CheckNames(const SchemaModel& model, const reflection::Schema& schema) {
  std::set<std::string> types;  // full names
  for (const auto* object : *schema.objects()) types.insert(object->name()->str());
  for (const auto* type : *schema.enums()) types.insert(type->name()->str());
  for (const ServiceModel& service : model.services) {
    const Place place{model.source, service.full_name, ""};
    for (const char* suffix : {"Client", "Service", "Methods"}) {
      if (types.contains(service.full_name + suffix)) {
        return place.Refuse(Text("its stub ", service.name, suffix, " would have the name of a type of the schema"),
                            "give one of the two another name");
      }
    }
    if (absl::Status status = CheckMethodNames(place, service); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckHashes(const SchemaModel& model) {
  std::map<uint32_t, const MethodModel*> methods;
  for (const ServiceModel& service : model.services) {
    for (const MethodModel& method : service.methods) {
      const auto [at, is_new] = methods.emplace(Fnv32(method.full_name), &method);
      if (is_new) continue;
      return Place{model.source, service.full_name, method.name}.Refuse(
          Text("it has the message type of ", at->second->full_name, " (the 32-bit hashes of their names are equal)"),
          "give one of the two another name");
    }
  }
  return absl::OkStatus();
}

}  // namespace jackfield::stubs
