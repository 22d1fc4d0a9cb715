#include "tools/verbs/export.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "services/allow/who.h"
#include "tools/units/places.h"
#include "tools/units/ready_probe.h"
#include "tools/units/units.h"
#include "tools/verbs/load_plan.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'o', "output", "DIR", "write the units there, not to stdout; it is made if it is not there"},
    kOverFlag,
    kSetFlag};

std::string PathOfThis() {
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return unknown ? "jackfield" : path.string();
}

int Write(const std::string& directory, const std::vector<units::Unit>& all) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) {
    return Complain(kExitFailed, Text("export: cannot make the directory ", Escaped(directory),
                                      ": ", failed.message()));
  }
  for (const units::Unit& unit : all) {
    const std::string path = directory + "/" + unit.name;
    std::FILE* file = std::fopen(path.c_str(), "we");
    const bool wrote = file != nullptr && std::fputs(unit.text.c_str(), file) >= 0;
    const int error = errno;
    const bool closed = file == nullptr || std::fclose(file) == 0;
    if (wrote && closed) continue;
    return Complain(kExitFailed, Text("export: cannot write ", Escaped(path), ": ",
                                      std::strerror(wrote ? errno : error)));
  }
  return kExitOk;
}

// Badges are secrets, and a unit is none: what they are to prove nobody could. "": nothing is.
std::string WhyNotAllowed(const Plan& plan) {
  for (const PlannedService& service : plan.services) {
    for (const allow::Rule& rule : service.allows) {
      const absl::StatusOr<allow::Who> who = allow::Who::Parse(rule.who);
      if (who.ok() && who->is_service())
        return Text(
            "allow of ", service.name, " names the service ", rule.who,
            ", which only `jackfield up` can prove; for systemd let it run as a user of its "
            "own, and write \"uid:NAME\"");
    }
  }
  return "";
}

int RunExport(const Program& program, const Arguments& arguments) {
  const std::string& what = arguments.operands[0];
  if (what != "systemd") {
    return Complain(kExitUsage, Text("export: to what? There is systemd, not \"", Escaped(what),
                                     "\"\n  try: jackfield export systemd FILE"));
  }
  if (arguments.operands.size() != 2) {
    return Complain(kExitUsage,
                    "export: of which wiring?\n  try: jackfield export systemd shop.toml -o units");
  }
  Arguments of_file = arguments;
  of_file.operands.erase(of_file.operands.begin());
  const absl::StatusOr<Plan> plan = LoadPlan(program, of_file);
  if (!plan.ok()) return ComplainOfWiring(plan.status(), Would::kLook);
  if (const std::string why = WhyNotAllowed(*plan); !why.empty())
    return Complain(kExitUsage, Text("export: ", why));
  const absl::StatusOr<units::Places> places = units::ChoosePlaces(*plan, *program.registry);
  if (!places.ok()) {
    if (absl::IsInvalidArgument(places.status()))
      return ComplainOfWiring(places.status(), Would::kLook);
    return Complain(kExitFailed, Text("export: ", std::string(places.status().message())));
  }
  std::error_code unknown;
  const std::vector<units::Unit> all = units::UnitsOf(
      *plan, *places,
      {.jackfield = PathOfThis(), .directory = std::filesystem::current_path(unknown).string()});
  if (!arguments.Has("quiet")) {
    std::vector<std::string> notes = plan->notes;
    for (const PlannedService& service : plan->services) {
      if (std::string note = units::ReadyNote(service); !note.empty())
        notes.push_back(std::move(note));
    }
    for (const std::string& note : notes) std::fprintf(stderr, "# %s\n", note.c_str());
  }
  const auto directory = arguments.Find("output");
  if (directory) {
    if (const int status = Write(std::string(*directory), all); status != kExitOk) return status;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (!directory)
      std::printf("%s# %s\n%s", i == 0 ? "" : "\n", all[i].name.c_str(), all[i].text.c_str());
    else if (!arguments.Has("quiet"))
      std::fprintf(stderr, "wrote %s/%s\n", std::string(*directory).c_str(), all[i].name.c_str());
  }
  return kExitOk;
}

}  // namespace

Verb ExportVerb() {
  return {.name = "export",
          .summary = "a wiring as units of systemd, for who has a supervisor already",
          .usage = "systemd FILE [-- ARGS…]",
          .description =
              "A service unit for each service, with its grants, and a target for all of them. "
              "Where the wiring\n"
              "leaves a place to the service one is chosen now. Refused are media whose ends are "
              "inherited (pipe:)\n"
              "and threads (inproc:). What `ready` becomes is said. Then, for this user:\n"
              "\n"
              "  jackfield export systemd shop.toml -o ~/.config/systemd/user\n"
              "  systemctl --user daemon-reload && systemctl --user start shop.target\n"
              "\n"
              "exit status: 0 done, 1 it cannot be written, 2 the wiring is wrong, or has what "
              "units cannot have\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 2,
          .rest = RestAllowed::kYes,
          .run = RunExport};
}

}  // namespace jackfield
