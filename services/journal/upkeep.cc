#include "services/journal/upkeep.h"

#include <chrono>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::journal {
namespace {

constexpr std::string_view kUsage =
    "--log DIRECTORY [--log-bytes 64MiB] [--log-age 24h] [--log-sync 1s|each|never]";

int64_t WallClockUs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

absl::Status ReadSync(std::string_view text, LogArguments& arguments) {
  arguments.options.sync_each = text == "each";
  if (text == "each" || text == "never") {
    arguments.sync_every = 0s;
    return absl::OkStatus();
  }
  const absl::StatusOr<int64_t> every_ns = ParseDurationNs(text);
  if (!every_ns.ok() || *every_ns < 1'000'000) {
    return absl::InvalidArgumentError(Text("--log-sync is each, never, or a time of 1ms or more, ",
                                           "such as 1s, not \"", Escaped(text), "\""));
  }
  arguments.sync_every = nanoseconds(*every_ns);
  return absl::OkStatus();
}

absl::Status ReadOne(std::string_view flag, std::string_view value, LogArguments& arguments) {
  if (flag == "--log") {
    arguments.directory = value;
    return absl::OkStatus();
  }
  if (flag == "--log-sync") return ReadSync(value, arguments);
  if (flag == "--log-bytes") {
    const absl::StatusOr<uint64_t> bytes = ParseBytes(value);
    if (!bytes.ok()) return bytes.status();
    arguments.options.bytes_max = *bytes;
    return absl::OkStatus();
  }
  const absl::StatusOr<int64_t> age_ns = ParseDurationNs(value);
  if (!age_ns.ok()) return age_ns.status();
  arguments.options.age_max = nanoseconds(*age_ns);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<LogArguments>> ReadLogArguments(std::span<const std::string> args) {
  LogArguments arguments;
  for (size_t i = 0; i < args.size(); i += 2) {
    const std::string_view flag = args[i];
    if (flag != "--log" && flag != "--log-bytes" && flag != "--log-age" && flag != "--log-sync") {
      return absl::InvalidArgumentError(Text("cannot read \"", Escaped(flag), "\"  try: ", kUsage));
    }
    if (i + 1 == args.size())
      return absl::InvalidArgumentError(Text(flag, " needs a value  try: ", kUsage));
    if (absl::Status status = ReadOne(flag, args[i + 1], arguments); !status.ok())
      return absl::InvalidArgumentError(Text(flag, ": ", std::string(status.message())));
  }
  if (args.empty()) return std::nullopt;
  if (arguments.directory.empty())
    return absl::InvalidArgumentError(Text("--log is missing  try: ", kUsage));
  return arguments;
}

Upkeep::Upkeep(Node& node, Log& log, nanoseconds sync_every)
    : node_(node),
      log_(log),
      sync_every_(sync_every),
      sync_timer_([](Timer& timer) { static_cast<Upkeep*>(timer.user)->Sync(); }, this),
      look_timer_([](Timer& timer) { static_cast<Upkeep*>(timer.user)->Look(); }, this) {
  if (log.cut_bytes() != 0) {
    std::fprintf(stderr,
                 "%s: the log in %s ended in %llu bytes that were no whole record, and were cut: a "
                 "record that nobody was told of\n",
                 node.name().c_str(), log.directory().c_str(),
                 static_cast<unsigned long long>(log.cut_bytes()));
  }
  Look();
  if (sync_every_ != 0s) Sync();
}

Upkeep::~Upkeep() {
  node_.timers().Cancel(sync_timer_);
  node_.timers().Cancel(look_timer_);
  if (sync_every_ != 0s) log_.Sync().IgnoreError();  // nobody waits for it
}

// What fails is the error of all that is appended from then on.
void Upkeep::Sync() {
  log_.Sync().IgnoreError();
  node_.timers().Arm(sync_timer_, AfterNs(node_.clock().NowNs(), sync_every_.count()));
}

void Upkeep::Look() {
  log_.DropOld(WallClockUs());
  node_.timers().Arm(look_timer_, AfterNs(node_.clock().NowNs(), kLookEvery.count()));
}

}  // namespace jackfield::journal
