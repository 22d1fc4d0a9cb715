#include "tools/verbs/call.h"

#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/dynamic/calls.h"
#include "tools/message/values.h"
#include "tools/verbs/data.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"
#include "tools/verbs/target.h"
#include "tools/verbs/trace.h"

namespace jackfield {
namespace {

using dynamic::Remote;
using message::Layout;

constexpr Flag kFlags[] = {
    {'d', "data", "@FILE|-", "the request, or the items, from a file or from stdin"},
    {'t', "template", "", "print an example of the request, every field in it, and end"},
    kTimeoutFlag,
    {'\0', "trace", "", "show where the time of the call went, through all services (on stderr)"},
    kWiringFlag};

// The JSON text: the operand, or what -d names; "{}" when there is neither.
absl::StatusOr<std::string> InputOf(const Arguments& arguments,
                                    const std::vector<std::string>& words, bool items) {
  std::optional<std::string_view> word;
  if (words.size() > 2) word = words[2];
  absl::StatusOr<std::optional<std::string>> data =
      DataOf(word, arguments.Find("data"), "the method");
  if (!data.ok()) return data.status();
  return std::move(*data).value_or(items ? "" : "{}");
}

absl::StatusOr<std::vector<std::string>> MessagesOf(const Remote::Found& found,
                                                    std::string_view text) {
  const absl::StatusOr<std::vector<std::string_view>> values = message::CutValues(text);
  if (!values.ok()) return values.status();
  if (!dynamic::TakesItems(*found.method) && values->size() != 1) {
    return absl::InvalidArgumentError(
        Text("it takes one JSON object, and there are ", values->size()));
  }
  std::vector<std::string> messages;
  for (const std::string_view value : *values) {
    absl::StatusOr<std::string> bytes = found.schema->ToBytes(*found.method, Way::kRequest, value);
    if (!bytes.ok()) {
      return absl::InvalidArgumentError(
          Text(values->size() > 1 ? Text("value ", messages.size() + 1, ", ") : std::string(),
               std::string(bytes.status().message())));
    }
    messages.push_back(*std::move(bytes));
  }
  return messages;
}

int PrintTemplate(const Remote::Found& found) {
  const absl::StatusOr<std::string> text = found.schema->Example(
      *found.method, Way::kRequest, isatty(STDOUT_FILENO) ? Layout::kIndented : Layout::kLine);
  if (!text.ok())
    return Complain(kExitFailed, Text("the schema ", std::string(text.status().message())));
  std::printf("%s\n", text->c_str());
  return kExitOk;
}

int RunCall(const Program& program, const Arguments& arguments) {
  const std::vector<std::string> words = WordsOfTarget(arguments.operands);
  if (words.size() < 2 || words.size() > 3) {
    return Complain(kExitUsage, words.size() < 2
                                    ? "call: which method?\n  try: jackfield ls TARGET"
                                    : "call: there is one word too many behind the method; JSON is "
                                      "one word, in quotes");
  }
  Reached reached = ReachTarget(program, arguments, words[0]);
  if (reached.remote == nullptr) return reached.exit_status;
  Remote& remote = *reached.remote;
  const absl::StatusOr<Remote::Found> found = remote.Find(words[1]);
  if (!found.ok()) return ComplainOfRemote(remote, found.status());
  if (arguments.Has("template")) return PrintTemplate(*found);

  const Method& method = *found->method;
  const absl::StatusOr<std::string> input = InputOf(arguments, words, dynamic::TakesItems(method));
  if (!input.ok()) {
    return Complain(absl::IsNotFound(input.status()) ? kExitFailed : kExitUsage,
                    Text("call: ", std::string(input.status().message())));
  }
  const absl::StatusOr<std::vector<std::string>> messages = MessagesOf(*found, *input);
  if (!messages.ok()) {
    return Complain(
        kExitUsage,
        Text(method.name, ": bad JSON: ", Escaped(std::string(messages.status().message())),
             "\n  try: jackfield call ", Escaped(words[0]), " ", method.name, " --template"));
  }
  dynamic::DynamicOptions options;
  options.timeout = TimeoutOf(arguments).value_or(0s);
  if (isatty(STDOUT_FILENO) && !dynamic::GivesItems(method)) options.layout = Layout::kIndented;
  absl::Status unprinted;
  std::optional<trace::OwnTrace> own;
  if (arguments.Has("trace")) own.emplace(remote.node());
  const dynamic::CallEnd end =
      dynamic::CallMethod(remote, *found, *messages, options,
                          [&](std::string_view json) { return unprinted = PrintLine(json); });
  if (!unprinted.ok()) return Complain(kExitFailed, std::string(unprinted.message()));
  if (!end.is_utf8) {
    std::fputs("# some text is no UTF-8; its bytes are \\xNN above, which is no JSON\n", stderr);
  }
  if (remote.interrupted()) return kExitInterrupted;
  if (own) {
    const std::string picture =
        PictureOfOwn(program, *own, remote.process(), std::string(method.name),
                     arguments.Find("wiring").value_or(""));
    std::fputs(picture.c_str(), stderr);
  }
  if (!end.status.ok()) {
    return Complain(kExitCallStatus + static_cast<int>(end.status.code()),
                    Text(method.name, ": ", StatusText(end.status)));
  }
  if (!arguments.Has("quiet")) {
    const std::string items = dynamic::GivesItems(method)
                                  ? Text(end.messages, end.messages == 1 ? " item " : " items ")
                                  : std::string();
    std::fprintf(stderr, "# ok %s%s over %s:\n", items.c_str(),
                 FormatDurationNs(end.took_ns).c_str(),
                 std::string(remote.channel().address().scheme()).c_str());
  }
  return kExitOk;
}

}  // namespace

Verb CallVerb() {
  return {
      .name = "call",
      .summary = "call a method of a service, by the schema that it serves: JSON in, JSON out",
      .usage = "TARGET [INTERFACE/]METHOD [JSON]",
      .description =
          "TARGET: an address, such as unix:@greeter, or a service of a running wiring.\n"
          "Without JSON the request is {}. Where the "
          "method takes a stream, each JSON object is an item; where it gives one,\n"
          "each item is a line. Streams have no time limit but --timeout and the method's own.\n"
          "\n"
          "exit status: 0 the answer is on stdout, 1 it failed before the call, 2 the command or "
          "the JSON\n"
          "is wrong, 3 nobody is reached there, 64 + N the call ended with absl::StatusCode N (68\n"
          "DEADLINE_EXCEEDED, 69 NOT_FOUND, 76 UNIMPLEMENTED, 78 UNAVAILABLE), 130 interrupted\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 3,
      .run = RunCall};
}

}  // namespace jackfield
