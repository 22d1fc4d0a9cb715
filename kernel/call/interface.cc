#include "kernel/call/interface.h"

#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

std::vector<std::string_view> ShortNames(const Interface& interface) {
  std::vector<std::string_view> names;
  for (const Method& method : interface.methods) names.push_back(method.short_name());
  return names;
}

}  // namespace

absl::StatusOr<const Method*> FindMethod(const Interface& interface, std::string_view name) {
  std::string_view wanted = name;
  if (wanted.size() > interface.name.size() && wanted.starts_with(interface.name) &&
      wanted[interface.name.size()] == '/') {
    wanted.remove_prefix(interface.name.size() + 1);
  }
  for (const Method& method : interface.methods) {
    if (method.short_name() == wanted) return &method;
  }
  const std::vector<std::string_view> names = ShortNames(interface);
  const std::string_view nearest = Nearest(wanted, names);
  return Refused(Reason::kUnknownMethod,
                 Text(interface.name, " has no method \"", Escaped(wanted), "\"",
                      nearest.empty() ? Text("; it has ", Listed(names))
                                      : Text("; did you mean \"", nearest, "\"?")));
}

std::string UnknownMethodText(std::string_view service, uint32_t type,
                              std::span<const Interface* const> interfaces) {
  std::string text = Text(service, " has no method of type ", type);
  const char* joint = "; it serves ";
  for (const Interface* interface : interfaces) {
    text += Text(joint, interface->name, " (", Listed(ShortNames(*interface)), ")");
    joint = ", ";
  }
  return text;
}

}  // namespace jackfield
