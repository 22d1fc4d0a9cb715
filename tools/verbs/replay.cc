#include "tools/verbs/replay.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "tools/dynamic/calls.h"
#include "tools/recording/recording.h"
#include "tools/verbs/data.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

using dynamic::Remote;

constexpr Flag kFlags[] = {
    {'s', "show", "N", "tell of so many calls that differ (else 10)"}, kTimeoutFlag, kWiringFlag};
constexpr uint64_t kShown = 10;
constexpr size_t kFieldsShown = 5;  // of one call

struct Sum {
  uint64_t made = 0, same = 0, different = 0, one_way = 0;
};

std::string CodeOf(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

class Replay {
 public:
  Replay(Remote& remote, nanoseconds timeout, uint64_t shown) : remote_(remote), shown_(shown) {
    options_.timeout = timeout;
  }

  // Errors: UNIMPLEMENTED (no such method), INVALID_ARGUMENT (a request is not of its type), and
  // those of a connection that is gone.
  absl::Status Make(size_t line, const recording::Call& call) {
    const absl::StatusOr<Remote::Found> found = remote_.Find(call.method);
    if (!found.ok()) return found.status();
    const absl::StatusOr<std::string> bytes =
        found->schema->ToBytes(*found->method, Way::kRequest, call.request);
    if (!bytes.ok())
      return absl::InvalidArgumentError(
          Text("line ", line, ": ", call.method, ": ", std::string(bytes.status().message())));
    ++sum_.made;
    if (call.code.empty()) {
      ++sum_.one_way;
      return remote_.channel()
          .Send(found->method->type, Bytes(std::string_view(*bytes)), {.timeout = options_.timeout})
          .Wait();
    }
    std::string answer;
    const dynamic::CallEnd end = dynamic::CallMethod(remote_, *found, std::array{*bytes}, options_,
                                                     [&answer](std::string_view json) {
                                                       answer = json;
                                                       return absl::OkStatus();
                                                     });
    if (remote_.interrupted()) return absl::CancelledError("stopped");
    Judge(line, call, CodeOf(end.status), std::string(end.status.message()), answer);
    return absl::OkStatus();
  }
  const Sum& sum() const { return sum_; }

 private:
  void Judge(size_t line, const recording::Call& call, const std::string& code,
             const std::string& text, const std::string& answer) {
    std::vector<std::string> differences;
    if (code != call.code)
      differences.push_back(Text("it ended ", call.code, " before, ", code,
                                 text.empty() ? "" : " (", text, text.empty() ? "" : ")", " now"));
    else if (code == "OK")
      differences = recording::Differences(call.answer, answer, kFieldsShown);
    ++(differences.empty() ? sum_.same : sum_.different);
    if (differences.empty() || sum_.different > shown_) return;
    std::printf("line %zu  %s  %s\n", line, call.method.c_str(), call.request.c_str());
    for (const std::string& difference : differences) std::printf("  %s\n", difference.c_str());
  }

  Remote& remote_;
  const uint64_t shown_;
  dynamic::DynamicOptions options_;
  Sum sum_;
};

int RunReplay(const Program& program, const Arguments& arguments) {
  uint64_t shown = kShown;
  if (const auto text = arguments.Find("show")) {
    const std::optional<uint64_t> number = NumberOf(*text);
    if (!number)
      return Complain(kExitUsage, Text("replay: --show is a number, not \"", Escaped(*text), "\""));
    shown = *number;
  }
  const std::string& path = arguments.operands[0];
  const absl::StatusOr<std::optional<std::string>> text =
      DataOf(std::nullopt, path == "-" ? path : Text("@", path), "the file");
  if (!text.ok())
    return Complain(absl::IsNotFound(text.status()) ? kExitFailed : kExitUsage,
                    Text("replay: ", std::string(text.status().message())));
  const absl::StatusOr<recording::Recording> recorded = recording::Parse(text->value_or(""));
  if (!recorded.ok())
    return Complain(kExitUsage,
                    Text(Escaped(path), ": ", std::string(recorded.status().message())));
  Reached reached =
      ReachTarget(program, arguments,
                  arguments.operands.size() > 1 ? arguments.operands[1] : recorded->service);
  if (reached.remote == nullptr) return reached.exit_status;
  Replay replay(*reached.remote, TimeoutOf(arguments).value_or(0s), shown);
  for (size_t i = 0; i < recorded->calls.size(); ++i) {
    const absl::Status made = replay.Make(i + 2, recorded->calls[i]);
    if (reached.remote->interrupted()) return kExitInterrupted;
    if (!made.ok()) return ComplainOfRemote(*reached.remote, made);
  }
  const Sum& sum = replay.sum();
  if (sum.different > shown)
    std::printf("… and %llu more that differ\n",
                static_cast<unsigned long long>(sum.different - shown));
  std::printf("%llu calls: %llu the same, %llu different, %llu one-way\n",
              static_cast<unsigned long long>(sum.made), static_cast<unsigned long long>(sum.same),
              static_cast<unsigned long long>(sum.different),
              static_cast<unsigned long long>(sum.one_way));
  return sum.different == 0 ? kExitOk : kExitFailed;
}

}  // namespace

Verb ReplayVerb() {
  return {
      .name = "replay",
      .summary = "make recorded calls again, and say where the answers differ",
      .usage = "FILE [TARGET]",
      .description =
          "FILE: what `jackfield record` wrote; -: stdin. TARGET: an address, or a service of a "
          "running wiring\n"
          "(else one of the same name as in the recording), over whichever medium. The calls are "
          "made one after\n"
          "the other, as fast as they are answered. Of an answer that differs each field is "
          "named, with what it\n"
          "was and what it is.\n"
          "\n"
          "exit status: 0 all the same, 1 some differ, 2 usage, 3 it cannot be reached\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 2,
      .run = RunReplay};
}

}  // namespace jackfield
