#include "tools/units/units.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "kernel/base/text.h"
#include "services/service.h"
#include "tools/units/ready_probe.h"
#include "tools/wiring/call_name.h"

namespace jackfield::units {
namespace {

constexpr int64_t kReadyNs = 30'000'000'000;  // as `up` waits for a service to be ready

// As a unit may be called; what it cannot is '_'.
std::string UnitName(std::string_view text) {
  std::string name(text);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_' || c == '.');
      },
      '_');
  return name;
}

// Behind a key whose value is not cut into words.
std::string Whole(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '%' ? "%%" : std::string(1, c);
  return out;
}

std::string Seconds(int64_t ns) { return Text((ns + 999'999) / 1'000'000, "ms"); }

std::string_view WordOf(RestartRule::When when) {
  switch (when) {
    case RestartRule::When::kNever:
      return "no";
    case RestartRule::When::kOnFailure:
      return "on-failure";
    case RestartRule::When::kAlways:
      return "always";
  }
  return "no";
}

class Writer {
 public:
  Writer(const Plan& plan, const Places& places, const UnitOptions& options)
      : plan_(plan), places_(places), options_(options), name_(UnitName(plan.name)) {}

  std::string NameOf(const PlannedService& service) const {
    return Text(name_, "-", UnitName(service.name), ".service");
  }

  Unit Service(size_t index) const {
    const PlannedService& service = plan_.services[index];
    std::string text =
        Text("[Unit]\nDescription=", Whole(service.name), " of ", Whole(plan_.name),
             "\nPartOf=", name_, ".target\n", Wanted(service), Limit(service), "\n[Service]\n");
    // Who serves nothing never says that it is ready.
    const std::string probe = ReadyProbe(service, places_[index], options_.jackfield);
    const bool tells =
        probe.empty() && (!service.serves.empty() || service.ready.how == ReadyRule::How::kNotify);
    text += Text("Type=", tells ? "notify\nNotifyAccess=all" : "exec", "\n",
                 "ExecStart=", Command(service), "\n");
    if (!probe.empty()) text += Text("ExecStartPost=/bin/sh -c ", Quoted(probe, true), "\n");
    text += Text(
        "Environment=", Quoted(Text("JACKFIELD_GRANTS=", GrantsOf(index).ToString()), false), "\n");
    for (const auto& [name, value] : service.surroundings.environment)
      text += Text("Environment=", Quoted(Text(name, "=", value), false), "\n");
    // %d: where systemd puts what it has loaded for this unit alone (systemd.unit(5)).
    for (const Secret& secret : service.surroundings.secrets)
      text += Text("LoadCredential=", secret.name, ":", Whole(secret.path),
                   "\nEnvironment=", SecretVariable(secret.name), "=%d/", secret.name, "\n");
    const std::string& directory = service.surroundings.directory;
    text +=
        Text("WorkingDirectory=", Whole(directory.empty() ? options_.directory : directory), "\n");
    if (service.surroundings.descriptors_max != 0)
      text += Text("LimitNOFILE=", service.surroundings.descriptors_max, "\n");
    text += Text("Restart=", WordOf(service.restart.when), "\n");
    if (service.restart.when != RestartRule::When::kNever)
      text += Text("RestartSec=", Seconds(service.restart.pause_least_ns), "\n");
    // Asked to stop in mid-work a service has not failed.
    text += Text("SuccessExitStatus=", kExitStopped,
                 "\nKillMode=mixed\nTimeoutStartSec=", Seconds(kReadyNs),
                 "\nTimeoutStopSec=", Seconds(2 * service.grace_ns + 1'000'000'000),
                 "\n\n[Install]\nWantedBy=", name_, ".target\n");
    return {NameOf(service), text};
  }

  Unit Target() const {
    std::string wants;
    for (const PlannedService& service : plan_.services)
      wants += Text(wants.empty() ? "" : " ", NameOf(service));
    return {name_ + ".target", Text("[Unit]\nDescription=", Whole(plan_.name), "\nWants=", wants,
                                    "\n\n[Install]\nWantedBy=default.target\n")};
  }

 private:
  // Providers first; a channel outlives its service, so that their end is not the client's.
  std::string Wanted(const PlannedService& service) const {
    std::string names;
    for (const size_t call : service.calls) {
      const std::string name = NameOf(plan_.services[plan_.channels[call].server]);
      if (names.find(name) == names.npos) names += Text(names.empty() ? "" : " ", name);
    }
    return names.empty() ? "" : Text("Wants=", names, "\nAfter=", names, "\n");
  }

  // More restarts than `max` before one has settled.
  static std::string Limit(const PlannedService& service) {
    const RestartRule& rule = service.restart;
    if (rule.when == RestartRule::When::kNever) return "";
    const int64_t each_ns = kSettledNs + rule.pause_least_ns;
    return Text("StartLimitBurst=", int64_t{rule.restarts_max} + 1, "\nStartLimitIntervalSec=",
                (int64_t{rule.restarts_max} + 1) * (each_ns / 1'000'000), "ms\n");
  }

  // As `up` starts it: the name of the service is what it is shown by.
  std::string Command(const PlannedService& service) const {
    std::error_code unknown;
    const std::string program =
        service.builtin != nullptr
            ? options_.jackfield
            : std::filesystem::absolute(service.program, unknown).lexically_normal().string();
    std::string line = Text(Quoted("@" + program, true), " ", Quoted(service.name, true));
    if (service.builtin != nullptr) line += Text(" service ", Quoted(service.builtin->name, true));
    for (const std::string& arg : service.args) line += Text(" ", Quoted(arg, true));
    return line;
  }

  Grants GrantsOf(size_t index) const {
    const PlannedService& service = plan_.services[index];
    Grants grants;
    grants.name = service.name;
    grants.grace_ns = service.grace_ns;
    grants.memory_bytes_max = MemoryOf(plan_, service);
    grants.allows = service.allows;
    for (const Address& place : places_[index]) grants.serves.push_back(place.ToString());
    for (const size_t call : service.calls) {
      const PlannedChannel& channel = plan_.channels[call];
      grants.calls.push_back(
          {channel.role,
           ClientAddress(channel.address, places_[channel.server][channel.serve]).ToString(),
           IsAloneInRole(plan_, channel) ? "" : plan_.services[channel.server].name});
    }
    for (const OutsideCall& call : service.outside)
      grants.calls.push_back({call.role, call.address.ToString()});
    return grants;
  }

  const Plan& plan_;
  const Places& places_;
  const UnitOptions& options_;
  const std::string name_;
};

}  // namespace

std::vector<Unit> UnitsOf(const Plan& plan, const Places& places, const UnitOptions& options) {
  const Writer writer(plan, places, options);
  std::vector<Unit> units;
  for (size_t i = 0; i < plan.services.size(); ++i) units.push_back(writer.Service(i));
  units.push_back(writer.Target());
  return units;
}

std::string Quoted(std::string_view text, bool dollars) {
  std::string out;
  bool quotes = text.empty() || text[0] == ';' || text[0] == '#';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%') {
      out += "%%";
    } else if (c == '$' && dollars) {
      out += "$$";
    } else if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
      quotes = true;
    } else if (c == '\n') {
      out += "\\n";
      quotes = true;
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      out += escape;
      quotes = true;
    } else {
      out += c;
      quotes |= c == ' ' || c == '\'';
    }
  }
  return quotes ? Text("\"", out, "\"") : out;
}

}  // namespace jackfield::units
