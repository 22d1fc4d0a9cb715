#include "tools/verbs/change_running.h"

#include <cstdio>
#include <optional>
#include <sstream>

#include "kernel/base/text.h"
#include "tools/running/supervisor_client.h"
#include "tools/running/why_stuck.h"
#include "tools/verbs/init_json.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

// What stands as before is a complaint, the rest is what the command prints.
absl::Status Print(MessageOf<init::ChangeLine>& line, Output output) {
  if (output == Output::kJson)
    return PrintInitJson("Reload", line.message().payload(), message::Layout::kLine);
  const std::string text = line->about() == nullptr
                               ? TextOf(line->text())
                               : Text(TextOf(line->about()), ": ", TextOf(line->text()));
  if (line->kind() == init::ChangeKind::NotDone) {
    Complain(kExitFailed, text);
  } else {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

int ComplainOfChange(const absl::Status& why) {
  const bool wrong = absl::IsInvalidArgument(why);
  if (wrong) {  // each line begins with its place in the file, where an editor finds it
    std::istringstream lines{std::string(why.message())};
    for (std::string line; std::getline(lines, line);)
      std::fprintf(stderr, "%s\n", Escaped(line).c_str());
    return Complain(kExitUsage, "nothing was changed");
  }
  const bool refused = absl::IsFailedPrecondition(why) || absl::IsNotFound(why);
  return Complain(refused ? kExitUsage : kExitFailed, std::string(why.message()));
}

}  // namespace

int ChangeRunning(const Program& program, const Arguments& arguments, std::string_view wanted,
                  const std::vector<std::string>& sets) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const auto client = SupervisorClient::Open(*program.registry, wanted);
  if (!client.ok()) return ComplainOfRunning(client.status());
  const auto request = [&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto all_sets = fbb.CreateVectorOfStrings(sets);
    return init::CreateReloadRequest(fbb, all_sets, arguments.Has("forget"),
                                     arguments.Has("dry-run"));
  };
  auto lines = (*client)->init().Reload(request);
  if (!lines.ok()) return Complain(kExitFailed, std::string(lines.status().message()));
  bool all = true, any = false;
  while (std::optional<MessageOf<init::ChangeLine>> line = lines->Read().Wait()) {
    any = true;
    all &= (*line)->kind() != init::ChangeKind::NotDone;
    if (const absl::Status printed = Print(*line, *output); !printed.ok())
      return Complain(kExitFailed, std::string(printed.message()));
  }
  if (const absl::Status ended = lines->Finish().Wait(); !ended.ok())
    return ComplainOfChange(ended);
  if (!any && *output == Output::kTable && !arguments.Has("quiet"))
    std::fputs("# nothing is different\n", stderr);
  return all ? kExitOk : kExitFailed;
}

}  // namespace jackfield
