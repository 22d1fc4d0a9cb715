#include "tools/verbs/grants.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "tools/verbs/target.h"
#include "tools/wiring/carry.h"

namespace jackfield {
namespace {

// As a wiring names services and roles.
bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

absl::Status NoName(std::string_view what, std::string_view text) {
  return absl::InvalidArgumentError(Text("\"", Escaped(text), "\" cannot name ", what,
                                         "; a name is made of a-z, A-Z, 0-9, '-' and '_'"));
}

// ROLE=TARGET; SERVICE alone is its own role.
absl::StatusOr<std::pair<std::string, std::string>> CutCall(std::string_view text) {
  const size_t equals = text.find('='), colon = text.find(':');
  const bool has_role = equals != text.npos && (colon == text.npos || equals < colon);
  if (!has_role && colon != text.npos) {
    return absl::InvalidArgumentError(Text("--call ", Escaped(text),
                                           ": by which role does the program ask for it?\n  try: "
                                           "--call ROLE=",
                                           Escaped(text)));
  }
  const std::string_view role = text.substr(0, has_role ? equals : text.size());
  const std::string_view target = has_role ? text.substr(equals + 1) : text;
  if (!IsName(role)) return NoName("a role", role);
  if (target.empty()) {
    return absl::InvalidArgumentError(Text("--call ", role,
                                           "=: whom? Write an address, such as --call ", role,
                                           "=unix:@", role, ", or a service of a running wiring"));
  }
  return std::pair{std::string(role), std::string(target)};
}

}  // namespace

absl::StatusOr<std::string> NameOfProgram(const Arguments& arguments, std::string_view command) {
  if (const auto name = arguments.Find("name")) {
    if (!IsName(*name)) return NoName("a program", *name);
    return std::string(*name);
  }
  std::string name(command.substr(command.rfind('/') + 1));
  if (const size_t dot = name.find('.', 1); dot != name.npos) name.resize(dot);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !IsName(std::string_view(&c, 1)); }, '_');
  return name.empty() ? "program" : name;
}

absl::Status CheckGrant(const Program& program, std::string_view text, Role role) {
  const absl::StatusOr<Address> address = program.registry->Parse(text);
  if (!address.ok()) return address.status();
  auto carried = Carry(*program.registry, program.machine, *address, role, Carried::kCalls);
  if (!carried.ok()) {
    auto one_way = Carry(*program.registry, program.machine, *address, role, Carried::kOneWay);
    if (!one_way.ok()) return carried.status();
    carried = std::move(one_way);
  }
  if (carried->caps.one_process || (carried->caps.inherited && address->bare())) {
    return absl::FailedPreconditionError(
        Text(text,
             " joins only what one wiring starts, and this program is started alone; choose "
             "another address, such as unix:@NAME"));
  }
  return absl::OkStatus();
}

GrantsRead ReadGrants(const Program& program, const Arguments& arguments,
                      std::string_view command) {
  Grants grants;
  absl::StatusOr<std::string> name = NameOfProgram(arguments, command);
  if (!name.ok()) return {name.status()};
  grants.name = *std::move(name);
  for (std::string& address : arguments.All("serve")) {
    if (absl::Status status = CheckGrant(program, address, Role::kServe); !status.ok())
      return {status};
    if (program.registry->Parse(address)->bare()) {
      return {absl::FailedPreconditionError(
          Text("--serve ", address,
               " leaves the place to the program, and nobody would hear of it\n  try: --serve "
               "unix:@",
               grants.name))};
    }
    grants.serves.push_back(std::move(address));
  }
  for (const std::string& text : arguments.All("call")) {
    absl::StatusOr<std::pair<std::string, std::string>> call = CutCall(text);
    if (!call.ok()) return {call.status()};
    for (const GrantedCall& other : grants.calls) {
      if (other.role == call->first) {
        return {
            absl::InvalidArgumentError(Text("--call names the role \"", other.role, "\" twice"))};
      }
    }
    absl::StatusOr<std::string> address = AddressOfTarget(program, arguments, call->second);
    if (!address.ok()) return {address.status(), true};
    if (absl::Status status = CheckGrant(program, *address, Role::kConnect); !status.ok())
      return {status};
    grants.calls.push_back({std::move(call->first), *std::move(address)});
  }
  return {std::move(grants)};
}

}  // namespace jackfield
