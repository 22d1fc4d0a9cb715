#include "tools/verbs/sub.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "kernel/base/text.h"
#include "services/topics/names.h"
#include "services/topics/subscription.h"
#include "tools/verbs/data.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

using topics::Subscription;
using topics::SubscriptionOptions;
using topics::TopicItem;

constexpr Flag kFlags[] = {
    {'n', "count", "COUNT", "end after so many messages"},
    {'\0', "from", "N|oldest", "first what the log of the topics has from this message on"},
    kOutputFlag,
    kTimeoutFlag,
    kWiringFlag};

// Errors: INVALID_ARGUMENT.
absl::StatusOr<uint64_t> FromOf(const Arguments& arguments) {
  const std::optional<std::string_view> text = arguments.Find("from");
  if (!text.has_value()) return SubscriptionOptions::kNow;
  if (*text == "oldest") return SubscriptionOptions::kOldest;
  if (const std::optional<uint64_t> number = NumberOf(*text); number.value_or(0) != 0)
    return *number;
  return absl::InvalidArgumentError(
      Text("--from is a number, 1 or more, or oldest, not \"", Escaped(*text), "\""));
}

bool IsUtf8(std::string_view text) {
  const std::string whole(text);  // with a zero behind it, which ends a character that is cut
  const char* at = whole.c_str();
  while (at < whole.c_str() + whole.size()) {
    if (flatbuffers::FromUTF8(&at) < 0) return false;
  }
  return true;
}

// JSON is text: bytes that are none are written as \xNN, as `call` does.
std::string JsonOf(const TopicItem& item) {
  const std::string_view text = item.text();
  const bool is_text = IsUtf8(text);
  return Text("{\"topic\":", JsonString(item.topic()), ",\"sequence\":", item.sequence(),
              ",\"missed\":", item.missed_is_known() ? std::to_string(item.missed()) : "null",
              ",\"last_value\":", item.is_last_value() ? "true" : "false",
              ",\"text\":", JsonString(is_text ? std::string(text) : Escaped(text)), "}");
}

void SayMissed(const TopicItem& item) {
  const std::string number = std::to_string(item.missed());
  if (!item.missed_is_known())
    std::fputs("# messages may be missed here: the service was away\n", stderr);
  else if (item.missed() != 0)
    std::fprintf(stderr, "# %s missed here\n", number.c_str());
}

int RunSub(const Program& program, const Arguments& arguments) {
  const std::string& pattern = arguments.operands[1];
  const absl::StatusOr<Output> output = OutputOf(arguments);
  const absl::StatusOr<uint64_t> count = CountOf(arguments);
  const absl::StatusOr<uint64_t> from = FromOf(arguments);
  for (const absl::Status& status :
       {topics::CheckPattern(pattern), output.status(), count.status(), from.status()}) {
    if (!status.ok()) return Complain(kExitUsage, Text("sub: ", std::string(status.message())));
  }
  const bool quiet = arguments.Has("quiet"), json = *output == Output::kJson;
  Reached reached = ReachTarget(program, arguments, arguments.operands[0]);
  if (reached.remote == nullptr) return reached.exit_status;
  dynamic::Remote& remote = *reached.remote;

  absl::StatusOr<std::unique_ptr<Subscription>> subscription =
      Subscription::Open(remote.channel(), pattern, {.from = *from});
  if (!subscription.ok()) return ComplainOfRemote(remote, subscription.status());
  if (!quiet) {
    (*subscription)->OnBegin([&] {
      std::fprintf(stderr, "# subscribed to %s at %s\n", pattern.c_str(),
                   remote.channel().address().ToString().c_str());
    });
  }
  for (uint64_t read = 0; *count == 0 || read < *count; ++read) {
    const absl::StatusOr<TopicItem> item = (*subscription)->Read().Wait();
    if (remote.interrupted()) return kExitInterrupted;
    if (!item.ok()) {
      return Complain(kExitCallStatus + static_cast<int>(item.status().code()),
                      StatusText(item.status()));
    }
    if (!json && !quiet) SayMissed(*item);
    const absl::Status printed =
        PrintLine(json ? JsonOf(*item) : Text(item->topic(), " ", Escaped(item->text())));
    if (!printed.ok()) return Complain(kExitFailed, std::string(printed.message()));
  }
  return kExitOk;
}

}  // namespace

Verb SubVerb() {
  return {.name = "sub",
          .summary = "print the messages of the topics that match a pattern",
          .usage = "TARGET PATTERN",
          .description =
              "TARGET: as of pub, or a service that publishes itself. In PATTERN * stands for one "
              "level\nof a topic, and > at its end for one or more: 'shop.*.tea', 'shop.>' (in "
              "quotes, for the shell).\n"
              "First the last value of each topic, then what is published: TOPIC TEXT, a line "
              "each.\n"
              "It goes on when the service is started again. ^C ends it.\n"
              "--from 1 begins with all there ever was, and tells how many are gone; --from oldest "
              "with what\nthere is; both where the topics have a log (services/topics/README.md).\n"
              "\n"
              "exit status: as of call\n",
          .flags = kFlags,
          .operands_min = 2,
          .operands_max = 2,
          .run = RunSub};
}

}  // namespace jackfield
