#include "tools/verbs/load.h"

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/out_file.h"
#include "tools/cli/table.h"
#include "tools/dynamic/calls.h"
#include "tools/load/compare.h"
#include "tools/load/conduct.h"
#include "tools/load/files.h"
#include "tools/load/find.h"
#include "tools/load/options.h"
#include "tools/load/page.h"
#include "tools/load/report.h"
#include "tools/load/requests.h"
#include "tools/verbs/data.h"
#include "tools/verbs/load_profile.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"
#include "tools/verbs/target.h"

namespace jackfield {
namespace {

using dynamic::Remote;
using load::Heading;
using load::Job;

constexpr int kExitAssertion = 99;
constexpr nanoseconds kTimeout = 5s;  // of a call, where nobody says another

std::span<const Flag> Flags() {
  static const std::vector<Flag> kFlags = [] {
    std::vector<Flag> flags = {
        {'d', "data", "@FILE|-", "the request, or its template, from a file or from stdin"}};
    for (const Flag& flag : load::Options::Flags()) flags.push_back(flag);
    for (const Flag& flag : {kOutputFlag, kTimeoutFlag, kWiringFlag}) flags.push_back(flag);
    return flags;
  }();
  return kFlags;
}

absl::StatusOr<std::string> ReadFile(std::string_view path) {
  absl::StatusOr<std::optional<std::string>> text =
      DataOf(std::nullopt, Text("@", path), "the method");
  if (!text.ok()) return text.status();
  return std::move(*text).value_or("");
}

int ComplainOf(const absl::Status& status) {
  return Complain(absl::IsNotFound(status) ? kExitFailed : kExitUsage,
                  Text("load: ", std::string(status.message())));
}

absl::StatusOr<std::vector<std::string>> RequestsOf(const Arguments& arguments,
                                                    const std::vector<std::string>& words,
                                                    const load::Options& options,
                                                    const Remote::Found& found) {
  std::optional<std::string_view> word;
  if (words.size() > 2) word = words[2];
  if (options.requests_file.has_value()) {
    if (word.has_value() || arguments.Has("data")) {
      return absl::InvalidArgumentError(
          "the requests stand in --requests, or one behind the method or in --data");
    }
    const absl::StatusOr<std::string> text = ReadFile(*options.requests_file);
    if (!text.ok()) return text.status();
    return load::RequestsOfText(found, *text);
  }
  absl::StatusOr<std::optional<std::string>> data =
      DataOf(word, arguments.Find("data"), "the method");
  if (!data.ok()) return data.status();
  absl::StatusOr<load::Template> parsed =
      load::Template::Parse(data->value_or("{}"), options.seed, ReadFile);
  if (!parsed.ok()) return parsed.status();
  return load::RequestsOfTemplate(found, *parsed, options.pool);
}

std::string Counted(uint64_t count, std::string_view noun) {
  return Text(count, " ", noun, count == 1 ? "" : noun.ends_with('s') ? "es" : "s");
}

// The claims, a line on stderr for each that does not hold. Returns the exit status.
int CheckClaims(const load::Options& options, const load::Result& result) {
  int exit_status = kExitOk;
  for (const load::Assertion& claim : options.assertions) {
    for (const auto& stage : result.stages) {
      const std::string where = result.stages.size() > 1
                                    ? Text("at ", load::RateText(stage->stage.rate_begin), ", ")
                                    : std::string();
      const absl::StatusOr<bool> holds = claim.Holds(*stage);
      if (!holds.ok())
        return Complain(kExitFailed, Text(where, std::string(holds.status().message())));
      if (*holds) continue;
      exit_status = kExitAssertion;
      Complain(exit_status,
               Text(where, claim.text(), " does not hold: it is ", claim.Found(*stage)));
    }
  }
  return exit_status;
}

struct Loading {
  const Arguments& arguments;
  const load::Options& options;
  Output output;
  load::Conductor& conductor;
  const Job& job;
  Heading heading;
  bool quiet() const { return arguments.Has("quiet"); }
};

int ComplainOfRun(const absl::Status& status) {
  if (absl::IsCancelled(status)) return kExitInterrupted;
  return Complain(absl::IsUnavailable(status) ? kExitUnreachable : kExitFailed,
                  Text("load: ", Escaped(std::string(status.message()))));
}

int RunOnce(Loading& loading) {
  const load::Options& options = loading.options;
  OutFile csv, hgrm, html;
  for (const auto& [file, name] :
       {std::pair(&csv, &options.csv_file), std::pair(&hgrm, &options.hgrm_file),
        std::pair(&html, &options.html_file)}) {
    if (const absl::Status status = file->Open(*name); !status.ok()) return ComplainOf(status);
  }
  const load::Arrivals arrivals = options.moments_ns.empty()
                                      ? options.ArrivalsOf(*options.profile)
                                      : load::Arrivals::At(options.moments_ns);
  loading.heading.schedule = options.ScheduleText(arrivals.profile());
  const absl::StatusOr<load::Conductor::Conducted> run =
      loading.conductor.Conduct(loading.job, arrivals);
  if (!run.ok()) return ComplainOfRun(run.status());
  const load::Result& result = run->result;
  const std::string text = loading.output == Output::kJson
                               ? load::JsonOf(loading.heading, result) + "\n"
                               : load::TableOf(loading.heading, result);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  absl::Status written;
  if (csv.open()) written.Update(csv.Write(load::CsvOf(run->run->sheet())));
  if (hgrm.open()) written.Update(hgrm.Write(load::HgrmOf(result)));
  if (html.open())
    written.Update(html.Write(load::PageOf(loading.heading, result, run->run->sheet())));
  if (!written.ok()) return Complain(kExitFailed, std::string(written.message()));
  if (result.interrupted) return kExitInterrupted;
  for (const std::string& fault : result.faults) Complain(kExitFailed, fault);
  if (!result.valid()) return kExitFailed;
  return CheckClaims(options, result);
}

int RunFind(Loading& loading) {
  const absl::StatusOr<load::Found> found =
      load::FindRate(loading.conductor, loading.job, loading.quiet());
  if (!found.ok()) return ComplainOfRun(found.status());
  const std::string claim = loading.options.find->text();
  if (loading.output == Output::kJson) {
    std::printf(
        "{\"claim\":%s,\"holds_per_s\":%.1f,\"fails_per_s\":%.1f,\"probes\":%d,"
        "\"valid\":%s}\n",
        JsonString(claim).c_str(), found->holds, found->fails, found->probes,
        found->fault.empty() ? "true" : "false");
  } else if (found->holds > 0) {
    std::printf("%s holds at %s and fails at %s\n", claim.c_str(),
                load::RateText(found->holds).c_str(),
                found->fails > 0 ? load::RateText(found->fails).c_str() : "no rate that was tried");
  }
  std::fflush(stdout);
  if (!found->fault.empty()) return Complain(kExitFailed, found->fault);
  if (found->holds > 0) return kExitOk;
  return Complain(kExitAssertion,
                  Text(claim, " holds at no rate: it fails at ", load::RateText(found->fails)));
}

int RunCompare(Loading& loading, const std::string& address) {
  Job other = loading.job;
  other.address = address;
  const absl::StatusOr<load::Comparison> compared =
      load::Compare(loading.conductor, loading.job, other, loading.quiet());
  if (!compared.ok()) return ComplainOfRun(compared.status());
  if (compared->left_out > loading.options.pairs / 2 || compared->pairs < load::kPairsLeast) {
    return Complain(kExitFailed, Text(compared->left_out, " of ", loading.options.pairs,
                                      " pairs are not valid; the first: ", compared->fault));
  }
  if (loading.output == Output::kJson) std::printf("{\"pairs\":%u,\"rows\":[", compared->pairs);
  Table table({"", "A", "B", "B/A", "95%", ""});
  bool first = true;
  for (const load::Comparison::Row& row : compared->rows) {
    char name[16], ratio[32] = "-", interval[64] = "";
    std::snprintf(name, sizeof name, "p%g", row.quantile * 100);
    const load::Ratio found = row.ratio.value_or(load::Ratio());
    if (row.ratio.has_value()) {
      std::snprintf(ratio, sizeof ratio, "%.3f", found.ratio);
      std::snprintf(interval, sizeof interval, "%.3f..%.3f", found.low, found.high);
    }
    const auto median = [&](double ns) {
      return row.ratio.has_value() ? FormatDurationNs(static_cast<int64_t>(ns)) : std::string("-");
    };
    table.Add({name, median(row.a_ns), median(row.b_ns), ratio, interval,
               !row.ratio.has_value() ? "too few calls to tell"
               : !found.differs()     ? "no difference shown"
               : found.ratio > 1      ? "B is slower"
                                      : "B is faster"});
    if (loading.output == Output::kJson) {
      std::printf(
          "%s{\"quantile\":%g,\"a_ns\":%.0f,\"b_ns\":%.0f,\"told\":%s,\"ratio\":%.5g,"
          "\"low\":%.5g,\"high\":%.5g}",
          first ? "" : ",", row.quantile, row.a_ns, row.b_ns,
          row.ratio.has_value() ? "true" : "false", found.ratio, found.low, found.high);
    }
    first = false;
  }
  if (loading.output == Output::kJson) {
    std::printf("]}\n");
  } else {
    std::printf("A %s, B %s: %s, each %s\n\n%s", loading.job.address.c_str(), address.c_str(),
                Text(compared->pairs, " pairs of runs").c_str(),
                loading.options.ScheduleText(*loading.options.profile).c_str(),
                table.ToString().c_str());
  }
  std::fflush(stdout);
  return kExitOk;
}

// A word alone that is no address and no SERVICE/METHOD: a load that is kept in the wiring's file.
bool NamesProfile(const Arguments& arguments) {
  return arguments.operands.size() == 1 &&
         arguments.operands[0].find_first_of(":/") == std::string::npos;
}

int RunTarget(const Program& program, const Arguments& arguments) {
  const std::vector<std::string> words = WordsOfTarget(arguments.operands);
  if (words.size() < 2 || words.size() > 3) {
    return Complain(kExitUsage, words.size() < 2
                                    ? "load: which method?\n  try: jackfield ls TARGET"
                                    : "load: there is one word too many behind the method; JSON is "
                                      "one word, in quotes");
  }
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return ComplainOf(output.status());
  const absl::StatusOr<load::Options> options = load::Options::Parse(arguments, ReadFile);
  if (!options.ok()) return ComplainOf(options.status());

  Reached reached = ReachTarget(program, arguments, words[0]);
  if (reached.remote == nullptr) return reached.exit_status;
  Remote& remote = *reached.remote;
  const absl::StatusOr<Remote::Found> found = remote.Find(words[1]);
  if (!found.ok()) return ComplainOfRemote(remote, found.status());
  const Method& method = *found->method;
  if (method.kind != Method::Kind::kCall) {
    return Complain(kExitUsage,
                    Text("load: ", method.name,
                         method.kind == Method::Kind::kOneWay ? " is one-way" : " is a stream",
                         "; load makes calls, with one request and one answer each"));
  }
  absl::StatusOr<std::vector<std::string>> requests =
      RequestsOf(arguments, words, *options, *found);
  if (!requests.ok()) {
    return Complain(absl::IsNotFound(requests.status()) ? kExitFailed : kExitUsage,
                    Text("load: ", Escaped(std::string(requests.status().message())),
                         absl::IsNotFound(requests.status())
                             ? std::string()
                             : Text("\n  try: jackfield call ", Escaped(words[0]), " ", method.name,
                                    " --template")));
  }
  Job job;
  job.registry = program.registry;
  job.address = remote.channel().address().ToString();
  job.type = method.type;
  job.timeout = TimeoutOf(arguments).value_or(0s);
  if (job.timeout == 0s) job.timeout = method.timeout != 0s ? method.timeout : kTimeout;
  job.requests = *std::move(requests);
  job.processes = options->processes;
  job.connections = options->connections;
  job.out_max = options->out_max;
  job.waiting_max = options->waiting_max;
  job.drain_ns = options->drain_ns;
  load::Conductor conductor(remote, *options, arguments.Has("quiet"));
  Loading loading{
      arguments,
      *options,
      *output,
      conductor,
      job,
      {std::string(method.name), job.address, "",
       Text(Counted(job.processes, "process"), ", ", Counted(job.connections, "connection"),
            ", at most ", job.out_max, " out")}};
  if (options->find.has_value()) return RunFind(loading);
  if (!options->against.has_value()) return RunOnce(loading);
  Reached other = ReachTarget(program, arguments, *options->against);
  if (other.remote == nullptr) return other.exit_status;
  const absl::StatusOr<Remote::Found> same = other.remote->Find(method.name);
  if (!same.ok()) return ComplainOfRemote(*other.remote, same.status());
  return RunCompare(loading, other.remote->channel().address().ToString());
}

int RunLoad(const Program& program, const Arguments& arguments) {
  if (!NamesProfile(arguments)) return RunTarget(program, arguments);
  const absl::StatusOr<Arguments> profile = ArgumentsOfProfile(program, arguments, Flags());
  if (profile.ok()) return RunTarget(program, *profile);
  const std::string text = Text("load: ", std::string(profile.status().message()));
  return Complain(absl::IsUnavailable(profile.status()) ? kExitUnreachable : kExitUsage, text);
}

}  // namespace

std::span<const Flag> LoadFlags() { return Flags(); }

Verb LoadVerb() {
  return {
      .name = "load",
      .summary = "call a method at a given rate, and how long that took from when each was due",
      .usage = "TARGET [INTERFACE/]METHOD [JSON] | NAME",
      .description =
          "TARGET: an address, such as unix:@echo, or a service of a running wiring. Calls are due "
          "at\nmoments that do not depend on answers (open loop), and latency counts from there: a "
          "service\nthat stalls delays all that were due meanwhile, and that is seen.\n"
          "\n"
          "NAME: a load that is kept in the file of a running wiring, as [load.NAME] with a "
          "target, "
          "data\nand any of the flags below; flags of the command line stand in place of its own.\n"
          "\n"
          "JSON may have holes, filled anew for each request:\n"
          "  {{n}}            0, 1, 2 … up to --pool, and again\n"
          "  {{uniform A B}}  a whole number from A to B\n"
          "  {{zipf N S}}     1..N, the k-th with a weight of k^-S\n"
          "  {{pick FILE}}    a line of a file\n"
          "  {{uuid}}         a random UUID\n"
          "  {{bytes SIZE}}   so many letters and digits\n"
          "\n"
          "A run that cannot be believed says why: the service does not keep up, the generator was "
          "late,\ncalls were not sent. Its exit status is 1, whatever is claimed with --assert.\n"
          "\n"
          "exit status: 0 done, 1 the run is not valid, or it failed, 2 the command or the JSON "
          "is\n"
          "wrong, 3 nobody is reached there, 76 it has no such method, 99 a claim does not hold, "
          "130\ninterrupted (what there is by then is printed)\n",
      .flags = Flags(),
      .operands_min = 1,
      .operands_max = 3,
      .run = RunLoad};
}

}  // namespace jackfield
