#include "tools/verbs/pub.h"

#include <cstdio>
#include <optional>
#include <string>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "services/topics/names.h"
#include "services/topics/topics_service.h"
#include "tools/verbs/data.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'d', "data", "@FILE|-", "the payload, from a file or from stdin"}, kTimeoutFlag, kWiringFlag};

int RunPub(const Program& program, const Arguments& arguments) {
  const std::string& topic = arguments.operands[1];
  if (const absl::Status status = topics::CheckTopic(topic); !status.ok())
    return Complain(kExitUsage, Text("pub: ", std::string(status.message())));
  std::optional<std::string_view> word;
  if (arguments.operands.size() > 2) word = arguments.operands[2];
  const absl::StatusOr<std::optional<std::string>> data =
      DataOf(word, arguments.Find("data"), "the topic");
  if (!data.ok()) {
    return Complain(absl::IsNotFound(data.status()) ? kExitFailed : kExitUsage,
                    Text("pub: ", std::string(data.status().message())));
  }
  const std::string payload = data->value_or("");
  Reached reached = ReachTarget(program, arguments, arguments.operands[0]);
  if (reached.remote == nullptr) return reached.exit_status;
  dynamic::Remote& remote = *reached.remote;

  CallOptions options;
  options.timeout = TimeoutOf(arguments).value_or(0s);
  const auto message = [&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto bytes =
        fbb.CreateVector(reinterpret_cast<const uint8_t*>(payload.data()), payload.size());
    return topics::CreateMessage(fbb, fbb.CreateString(topic), bytes);
  };
  const absl::StatusOr<MessageOf<topics::Published>> published =
      topics::TopicsClient(remote.channel()).Publish(message, options).Wait();
  if (remote.interrupted()) return kExitInterrupted;
  if (!published.ok()) {
    return Complain(kExitCallStatus + static_cast<int>(published.status().code()),
                    StatusText(published.status()));
  }
  if (!arguments.Has("quiet")) {
    std::fprintf(stderr, "# message %llu, to %u subscriber%s\n",
                 static_cast<unsigned long long>((*published)->sequence()),
                 (*published)->subscribers(), (*published)->subscribers() == 1 ? "" : "s");
  }
  return kExitOk;
}

}  // namespace

Verb PubVerb() {
  return {
      .name = "pub",
      .summary = "publish a message to a topic",
      .usage = "TARGET TOPIC [TEXT]",
      .description =
          "TARGET: an address, or a service of a running wiring: the built-in service topics, or "
          "one\nwhose clients may publish. Without TEXT the message is empty.\n"
          "\n"
          "exit status: as of call\n",
      .flags = kFlags,
      .operands_min = 2,
      .operands_max = 3,
      .run = RunPub};
}

}  // namespace jackfield
