#include "tools/verbs/trace.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/table.h"
#include "tools/running/supervisor_client.h"
#include "tools/trace/collect.h"
#include "tools/trace/export.h"
#include "tools/trace/waterfall.h"
#include "tools/verbs/data.h"
#include "tools/verbs/running_wiring.h"
#include "tools/watch/tools_own.h"

namespace jackfield {
namespace {

using trace::Trace;

constexpr int64_t kTimeNs = 1'000'000'000;
constexpr int64_t kTimeNsMax = 3600 * int64_t{1'000'000'000};
constexpr int64_t kRenewNs = 1'000'000'000;  // a third of what it lasts
constexpr size_t kShown = 10;
constexpr size_t kColumns = 100;  // where there is no terminal
// A service records a call when its handler is over, which may be a little after the answer.
constexpr int kLooksMax = 25;
constexpr int64_t kLookNs = 20'000'000;

constexpr Flag kFlags[] = {
    kWiringFlag,
    {'t', "time", "DURATION", "how long services begin traces (else 1s)"},
    {'\0', "one-in", "N", "of so many calls that a service makes by itself, one (else 1)"},
    {'l', "last", "", "begin none: only what is recorded already"},
    {'n', "count", "COUNT", "show so many (else 10)"},
    {'o', "output", "FORMAT",
     "table (the default), json (a line a trace), chrome (for ui.perfetto.dev), otlp\n"
     "(OpenTelemetry, as a collector takes it)"},
};

enum class Format { kTable, kJson, kChrome, kOtlp };

struct Wanted {
  Format format = Format::kTable;
  int64_t time_ns = kTimeNs;
  uint32_t one_in = 1;
  uint64_t count = kShown;
  std::string id;  // "": all
  bool begins = true;
};

absl::StatusOr<Wanted> WantedOf(const Arguments& arguments) {
  Wanted wanted;
  const std::string_view format = arguments.Find("output").value_or("table");
  constexpr std::pair<std::string_view, Format> kFormats[] = {{"table", Format::kTable},
                                                              {"json", Format::kJson},
                                                              {"chrome", Format::kChrome},
                                                              {"otlp", Format::kOtlp}};
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [format](const auto& one) { return one.first == format; });
  if (found == std::end(kFormats)) {
    return absl::InvalidArgumentError(
        Text("--output is table, json, chrome or otlp, not \"", Escaped(format), "\""));
  }
  wanted.format = found->second;
  if (const auto time = arguments.Find("time")) {
    const absl::StatusOr<int64_t> ns = ParseDurationNs(*time);
    if (!ns.ok() || *ns <= 0 || *ns > kTimeNsMax) {
      return absl::InvalidArgumentError(
          Text("--time is a duration up to 1h, such as 5s, not \"", Escaped(*time), "\""));
    }
    wanted.time_ns = *ns;
  }
  if (const auto one_in = arguments.Find("one-in")) {
    const std::optional<uint64_t> number = NumberOf(*one_in);
    if (!number || *number == 0 || *number > UINT32_MAX) {
      return absl::InvalidArgumentError(
          Text("--one-in is a number from 1 on, not \"", Escaped(*one_in), "\""));
    }
    wanted.one_in = static_cast<uint32_t>(*number);
  }
  const absl::StatusOr<uint64_t> count = CountOf(arguments);
  if (!count.ok()) return count.status();
  if (arguments.Has("count")) wanted.count = *count;
  if (!arguments.operands.empty()) wanted.id = arguments.operands[0];
  wanted.begins = wanted.id.empty() && !arguments.Has("last");
  return wanted;
}

size_t Columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kColumns;
}

// Lets each service begin traces, and waits. Tells who does not.
absl::Status BeginTraces(SupervisorClient& client, const Wanted& wanted) {
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
  if (!wiring.ok()) return wiring.status();
  Node& node = client.node();
  const int64_t end_ns = node.clock().NowNs() + wanted.time_ns;
  for (bool first = true;; first = false) {
    for (const init::Service* service : *(*wiring)->services()) {
      const auto request = [&](flatbuffers::FlatBufferBuilder& fbb) {
        return init::CreateTraceRequestDirect(fbb, service->name()->c_str(), wanted.one_in);
      };
      const absl::Status asked = client.init().Trace(request).Wait().status();
      if (!asked.ok() && first) {
        std::fprintf(stderr, "# %s begins no traces: %s\n", service->name()->c_str(),
                     std::string(asked.message()).c_str());
      }
    }
    const int64_t until_ns = std::min(end_ns, node.clock().NowNs() + kRenewNs);
    node.RunUntil([&] { return !client.IsUp(); }, until_ns);
    if (!client.IsUp()) return absl::UnavailableError("the wiring has ended");
    if (node.clock().NowNs() >= end_ns) return absl::OkStatus();
  }
}

std::string TableOf(const std::vector<Trace>& traces) {
  Table table({"TRACE", "TOOK", "CALLS", "BEGAN WITH", "ENDED"});
  for (const Trace& trace : traces) {
    const trace::Call& root = trace.root();
    table.Add({trace.Id().substr(0, 16), FormatDurationNs(trace.took_ns()),
               std::to_string(trace.calls.size()),
               Text(root.caller, " → ", root.service, "  ", root.method),
               absl::StatusCodeToString(static_cast<absl::StatusCode>(root.code()))});
  }
  return table.ToString();
}

// A trace of which parts are missing says less of where the time went, and looks shorter or longer
// than it was: where there are whole ones, only these are listed. Returns how many were left out.
size_t KeepWhole(std::vector<Trace>& traces) {
  if (std::none_of(traces.begin(), traces.end(), trace::IsWhole)) return 0;
  return std::erase_if(traces, [](const Trace& trace) { return !trace::IsWhole(trace); });
}

std::string TextOf(const Wanted& wanted, const std::vector<Trace>& traces) {
  if (wanted.format == Format::kChrome) return trace::ChromeJsonOf(traces);
  if (wanted.format == Format::kOtlp) return trace::OtlpJsonOf(traces);
  std::string text;
  if (wanted.format == Format::kJson) {
    for (const Trace& trace : traces) text += trace::JsonLineOf(trace) + "\n";
    return text;
  }
  if (wanted.id.empty()) return TableOf(traces) + "\n" + trace::WaterfallOf(traces[0], Columns());
  for (const Trace& trace : traces) text += trace::WaterfallOf(trace, Columns());
  return text;
}

int RunTrace(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Wanted> wanted = WantedOf(arguments);
  if (!wanted.ok())
    return Complain(kExitUsage, Text("trace: ", std::string(wanted.status().message())));
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  if (wanted->begins) {
    if (absl::Status begun = BeginTraces(**client, *wanted); !begun.ok())
      return Complain(kExitFailed, std::string(begun.message()));
  }
  trace::Collection collection;
  if (absl::Status added = collection.AddWiring(**client); !added.ok())
    return Complain(kExitFailed, std::string(added.message()));
  std::vector<Trace> traces = collection.Traces();
  std::erase_if(traces, [&](const Trace& trace) {
    return !trace.Id().starts_with(wanted->id) ||
           (wanted->id.empty() && watch::IsToolsOwn(trace.root().method));
  });
  if (wanted->format == Format::kTable && wanted->id.empty()) {
    const size_t left_out = KeepWhole(traces);
    if (left_out > 0 && !arguments.Has("quiet")) {
      std::fprintf(stderr,
                   "# %zu more are not whole: they are under way still, or a service has recorded "
                   "more than 1,024\n# ends of calls since; with --one-in 10 fewer are begun\n",
                   left_out);
    }
  }
  if (wanted->count != 0 && traces.size() > wanted->count) traces.resize(wanted->count);
  if (traces.empty()) {
    return Complain(
        kExitFailed,
        wanted->id.empty()
            ? Text("trace: the services of ", (*client)->wiring().name,
                   " have recorded none; calls that were begun from outside are traced by\n"
                   "  jackfield call --trace TARGET METHOD")
            : Text("trace: no trace begins with \"", Escaped(wanted->id),
                   "\" in what the services of ", (*client)->wiring().name,
                   " have kept, their last 1,024 ends of calls each"));
  }
  const std::string text = TextOf(*wanted, traces);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return Complain(kExitFailed, "cannot write to stdout");
  return kExitOk;
}

}  // namespace

std::string PictureOfOwn(const Program& program, const trace::OwnTrace& own,
                         const std::string& peer, const std::string& method,
                         std::string_view wiring) {
  if (own.spans().empty()) return "";
  const auto client = SupervisorClient::Open(*program.registry, wiring);
  for (int look = 0;; ++look) {
    trace::Collection collection;
    collection.AddOwn(own, peer, method);
    if (client.ok()) collection.AddWiring(**client).IgnoreError();
    const auto id = own.spans().front().trace.trace_id;
    const auto traces_of = [&] {
      std::vector<Trace> traces = collection.Traces();
      std::erase_if(traces, [&id](const Trace& trace) { return trace.id != id; });
      return traces;
    };
    std::vector<Trace> traces = traces_of();
    if (!traces[0].root().at_service && collection.AddService(peer).ok()) traces = traces_of();
    if (trace::IsWhole(traces[0]) || look == kLooksMax)
      return trace::WaterfallOf(traces[0], Columns());
    own.node().RunUntil([] { return false; }, own.node().clock().NowNs() + kLookNs);
  }
}

Verb TraceVerb() {
  return {
      .name = "trace",
      .summary = "show calls on their way through many services, and where their time went",
      .usage = "[ID]",
      .description =
          "Lets all services of the wiring begin traces for a second, and shows the ten that took "
          "longest,\n"
          "then the slowest as a picture: · is on its way, ─ waits for its handler, ━ is in it. "
          "A call that\n"
          "a handler makes belongs to the trace of the call that it handles. With ID, or the "
          "beginning of\n"
          "one, that trace. `jackfield call --trace` traces one call.\n"
          "\n"
          "Each service keeps its last 1,024 ends of calls in traces, where tools of the same user "
          "read\n"
          "them. Calls that are in no trace are not recorded, and cost nothing. One-way messages "
          "are in none.\n"
          "\n"
          "exit status: 0 done, 1 there is no such trace, 2 usage, 3 the wiring is not up\n",
      .flags = kFlags,
      .operands_min = 0,
      .operands_max = 1,
      .run = RunTrace};
}

}  // namespace jackfield
