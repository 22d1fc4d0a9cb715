#include "tools/stubs/checks.h"

#include <array>
#include <map>
#include <set>

#include "kernel/base/text.h"
#include "tools/stubs/words.h"

namespace jackfield::stubs {
namespace {

constexpr std::string_view kAttributes[] = {"deadline_ms", "idempotent", "one_way", "streaming",
                                            "tables_max"};

// Namespaces that generated code names. Within another of the same name it would find that one.
constexpr std::string_view kNamed[] = {"jackfield", "absl", "std"};

// shop.v1 looks for a name in shop.v1, then in shop, then in the root, where it is to be found.
absl::Status CheckSpace(const Place& place, const std::set<std::string>& types) {
  for (size_t dot = place.service.rfind('.'); dot != std::string::npos;) {
    const std::string space = place.service.substr(0, dot);
    dot = space.rfind('.');
    if (const std::string part = space.substr(dot + 1); IsCppWord(part)) {
      return place.Refuse(Text(part, ", a part of its namespace, is a word of C++"),
                          "name that part otherwise");
    }
    for (const std::string_view named : kNamed) {
      if (dot != std::string::npos && space.substr(dot + 1) == named) {
        return place.Refuse(
            Text("within the namespace ", space, " its stubs would not find ::", named),
            Text("name that part of it otherwise than \"", named, "\""));
      }
      if (types.contains(Text(space, ".", named))) {
        return place.Refuse(Text("beside the type ", space, ".", named,
                                 " its stubs would not find the namespace ", named),
                            "give the type another name");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckMethodNames(const Place& place, const ServiceModel& service) {
  std::map<std::string, std::string> taken = {
      {service.name + "Client", "the client's class"},
      {service.name + "Service", "the server's base class"},
      {"RegisterOn", "a function of the server's base class"},
      {service.name + "Methods", "the table of its methods"},
      {"Methods", "an alias in the client"},
      {"PayloadT", "a template parameter of the client"},
      {"DoneT", "a template parameter of the client"},
      {"channel_", "a member of the client"}};
  for (const MethodModel& method : service.methods) {
    for (const std::string& table : {method.request, method.reply}) {
      const std::string name = table.substr(table.rfind(':') + 1);
      if (IsCppWord(name)) {
        return Place{place.source, place.service, method.name}.Refuse(
            Text("the name of its table ", name, " is a word of C++"),
            "begin it with a capital letter");
      }
    }
    std::set<std::string> names = {method.name};
    if (method.streaming == Streaming::kNone && !method.one_way)
      names.insert({method.name + "Async", method.name + "Future"});
    if (method.one_way) names.insert("Try" + method.name);
    for (const std::string& name : names) {
      const Place here{place.source, place.service, method.name};
      const auto [at, is_new] = taken.emplace(name, "a stub of the method " + method.name);
      if (!is_new)
        return here.Refuse(Text("its stub ", name, " would have the name of ", at->second),
                           "give it another name");
      if (IsCppWord(name)) {
        return here.Refuse(Text(name, " is a word of C++"), "begin it with a capital letter");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Place::Refuse(std::string_view what, std::string_view try_this) const {
  return absl::InvalidArgumentError(Text(source, ": ", service, method.empty() ? "" : "/", method,
                                         ": ", what, "  try: ", try_this));
}

absl::Status CheckAttributeName(const Place& place, std::string_view attribute) {
  const std::string_view nearest = Nearest(attribute, kAttributes);
  return place.Refuse(Text("the attribute \"", attribute, "\" means nothing for a method",
                           nearest.empty() ? Text("; there are ", Listed(kAttributes))
                                           : Text("; did you mean \"", nearest, "\"?")),
                      "correct it, or leave it out");
}

absl::Status CheckNames(const SchemaModel& model, const reflection::Schema& schema) {
  std::set<std::string> types;  // full names
  for (const auto* object : *schema.objects()) types.insert(object->name()->str());
  for (const auto* type : *schema.enums()) types.insert(type->name()->str());
  for (const ServiceModel& service : model.services) {
    const Place place{model.source, service.full_name, ""};
    if (absl::Status status = CheckSpace(place, types); !status.ok()) return status;
    for (const char* suffix : {"Client", "Service", "Methods"}) {
      if (types.contains(service.full_name + suffix)) {
        return place.Refuse(
            Text("its stub ", service.name, suffix, " would have the name of a type of the schema"),
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
          Text("it has the message type of ", at->second->full_name,
               " (the 32-bit hashes of their names are equal)"),
          "give one of the two another name");
    }
  }
  return absl::OkStatus();
}

}  // namespace jackfield::stubs
