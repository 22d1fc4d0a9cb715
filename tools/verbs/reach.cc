#include "tools/verbs/reach.h"

#include <string>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/verbs/running_wiring.h"
#include "tools/verbs/target.h"

namespace jackfield {

absl::StatusOr<nanoseconds> TimeoutOf(const Arguments& arguments) {
  const std::optional<std::string_view> text = arguments.Find("timeout");
  if (!text.has_value()) return 0s;
  const absl::StatusOr<int64_t> ns = ParseDurationNs(*text);
  if (!ns.ok())
    return absl::InvalidArgumentError(Text("--timeout: ", std::string(ns.status().message())));
  if (*ns < 1000) {
    return absl::InvalidArgumentError(
        Text("--timeout is at least 1us, not \"", Escaped(*text), "\""));
  }
  return nanoseconds(*ns);
}

std::string StatusText(const absl::Status& status) {
  const std::string text(status.message());
  const Outcome outcome = OutcomeOf(status);
  return Text(absl::StatusCodeToString(status.code()), ": ", Escaped(text),
              outcome == Outcome::kOk
                  ? std::string()
                  : Text(" (", Name(outcome), " ", Name(ReasonOf(status)), ")"));
}

Reached ReachTarget(const Program& program, const Arguments& arguments, std::string_view target) {
  const auto refuse = [](int exit_status, const absl::Status& status) {
    return Reached{nullptr, Complain(exit_status, std::string(status.message()))};
  };
  const absl::StatusOr<nanoseconds> timeout = TimeoutOf(arguments);
  if (!timeout.ok()) return refuse(kExitUsage, timeout.status());
  const absl::StatusOr<std::string> address = AddressOfTarget(program, arguments, target);
  if (!address.ok()) return {nullptr, ComplainOfRunning(address.status())};
  dynamic::RemoteOptions options;
  if (*timeout != 0s) options.connect_timeout = options.timeout = *timeout;
  absl::StatusOr<std::unique_ptr<dynamic::Remote>> remote =
      dynamic::Remote::Open(*program.registry, *address, options);
  if (!remote.ok()) return refuse(kExitUsage, remote.status());
  if (absl::Status status = (*remote)->Reach(); !status.ok())
    return {nullptr, ComplainOfRemote(**remote, status)};
  return {*std::move(remote), kExitOk};
}

int ComplainOfRemote(const dynamic::Remote& remote, const absl::Status& status) {
  if (remote.interrupted()) return kExitInterrupted;
  const std::string text(status.message());
  // Somebody is there, and does not want this caller.
  if (ReasonOf(status) == Reason::kPermission)
    return Complain(kExitCallStatus + static_cast<int>(absl::StatusCode::kPermissionDenied),
                    Escaped(text));
  if (!remote.reached() || absl::IsUnavailable(status))
    return Complain(kExitUnreachable, Escaped(text));
  if (ReasonOf(status) == Reason::kUnknownMethod) {
    return Complain(kExitCallStatus + static_cast<int>(absl::StatusCode::kUnimplemented),
                    Escaped(text));
  }
  return Complain(absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed, Escaped(text));
}

}  // namespace jackfield
