#include "tools/bench/options.h"

#include <charconv>
#include <optional>
#include <sstream>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/bench/medium.h"
#include "tools/bench/placement.h"
#include "tools/bench/targets.h"
#include "tools/cli/program.h"

namespace jackfield::bench {
namespace {

constexpr Flag kFlags[] = {
    {.name = "over",
     .value_name = "ADDRESSES",
     .help = "where it serves: unix:,pipe:?spin=0, … (else every transport)"},
    {.name = "mode", .value_name = "MODE", .help = "latency (default), throughput or fanin"},
    {.name = "size",
     .value_name = "BYTES",
     .help = "of a payload: 8 .. 16777168, 16 MiB with its header (default 64)"},
    {.name = "seconds",
     .value_name = "N",
     .help = "of each measurement (default 1; without --over 0.25)"},
    {.name = "connections",
     .value_name = "N",
     .help = "fanin: connections (default 16), up to 65536 where ulimit -n allows it"},
    {.name = "depth", .value_name = "N", .help = "fanin: calls outstanding on each (default 16)"},
    {.name = "floor",
     .value_name = "",
     .help = "also measures the bare medium, in turns, and the ratio"},
    {.name = "rounds",
     .value_name = "N",
     .help = "repetitions (default 5 with --floor, else 1; without --over 3)"},
    {.name = "counts",
     .value_name = "",
     .help = "also system calls and allocations of a call, both sides together"},
    {.name = "pin",
     .value_name = "WHERE",
     .help = "client and server on two CPUs: split (default); same; none"},
    kOutputFlag,
    {.name = "json", .value_name = "", .help = "the same as -o json"},
    {.name = "csv", .value_name = "FILE", .help = "the rows for a spreadsheet"},
    {.name = "html", .value_name = "FILE", .help = "a page with plots, complete in itself"},
};
// Of a run of every transport: some twelve of them in half a minute.
constexpr uint32_t kRoundsOfEvery = 3, kRoundsWithFloor = 5;
constexpr double kSecondsOfEvery = 0.25;
// A node that spins so long at most, and sleeps then, leaves its CPU to others often enough.
constexpr int64_t kFifoSpinNsMax = 10'000'000;

constexpr std::string_view kModes[] = {"latency", "throughput", "fanin"};
constexpr std::string_view kPins[] = {"split", "same", "none"};

absl::Status Bad(std::string_view why) { return absl::InvalidArgumentError(std::string(why)); }

template <class Number>
absl::Status ReadNumber(std::string_view flag, std::string_view text, Number least, Number most,
                        Number& to) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(number >= least && number <= most)) {
    std::ostringstream range;  // 0.01, not 0.010000
    range << least << " to " << most;
    return Bad(Text(flag, " is a number from ", range.str(), ", not \"", Escaped(text), "\""));
  }
  to = number;
  return absl::OkStatus();
}

// One of `words`, by its place among them.
absl::Status ReadWord(std::string_view flag, std::string_view text,
                      std::span<const std::string_view> words, int& to) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) {
      to = static_cast<int>(i);
      return absl::OkStatus();
    }
  }
  return Bad(Text(flag, " is one of ", Listed(words), ", not \"", Escaped(text), "\"",
                  DidYouMean(text, words)));
}

absl::Status ReadSize(std::string_view text, uint64_t& to) {
  std::optional<uint64_t> number = NumberOf(text);
  if (!number) {
    absl::StatusOr<uint64_t> with_unit = ParseBytes(text);
    if (!with_unit.ok())
      return Bad(
          Text("--size is a number of bytes, such as 64 or 4KiB, not \"", Escaped(text), "\""));
    number = *with_unit;
  }
  const uint64_t size = *number;
  if (size < Options::kSizeMin) {
    return Bad(Text("--size ", size,
                    " is too small: a payload holds at least a sequence number, so ",
                    Options::kSizeMin, " bytes or more"));
  }
  if (size > Options::kSizeMax) {
    return Bad(Text("--size ", size, " is too large: it is at most ", Options::kSizeMax,
                    ", 16 MiB with the header of a message"));
  }
  to = size;
  return absl::OkStatus();
}

// "a,b" at commas, but "pipe:fd=3,4" is one address: what follows a comma and has no colon belongs
// to the one before.
std::vector<std::string> SplitAddresses(std::string_view text) {
  std::vector<std::string> addresses;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    if (!addresses.empty() && part.find(':') == part.npos &&
        addresses.back().find("fd=") != std::string::npos) {
      addresses.back() += Text(",", part);
    } else {
      addresses.emplace_back(part);
    }
    if (comma == text.npos) return addresses;
    text.remove_prefix(comma + 1);
  }
}

// One that spins for good on the CPU that its peer needs, under a scheduler that lets it: neither
// it nor who watches it would ever end.
absl::Status CheckSpin(const Address& address, const Options& options) {
  const auto spin = address.Find("spin");
  if (!spin) return absl::OkStatus();
  absl::StatusOr<int64_t> ns = 0;
  if (*spin != "always" && *spin != "learned") ns = ParseDurationNs(*spin);
  if (!ns.ok()) return ns.status();
  if (!options.one_cpu || !IsFifo() || (*spin != "always" && *ns <= kFifoSpinNsMax))
    return absl::OkStatus();
  return Bad(Text(address.ToString(),
                  ": under SCHED_FIFO (chrt) an end that spins keeps the one CPU ",
                  "of both for good; leave chrt out, let them have two (--pin split, taskset), or "
                  "take ?spin=0"));
}

absl::StatusOr<Address> ReadAddress(std::string_view text, const Registry& registry,
                                    const Options& options) {
  if (text.empty()) return Bad("--over needs at least one address, such as unix: or tcp:");
  // A bare word is meant as a scheme.
  const std::string whole = text.find(':') == text.npos ? Text(text, ":") : std::string(text);
  absl::StatusOr<Address> address = registry.Parse(whole);
  if (!address.ok()) return address.status();
  if (absl::Status status = CheckSpin(*address, options); !status.ok()) return status;
  absl::StatusOr<Caps> caps = CapsOfServed(*address, registry);
  if (!caps.ok()) return caps.status();
  if (options.size_bytes + kHeaderBytes > caps->frame_bytes_max) {
    return Bad(Text(whole, " carries at most ", caps->frame_bytes_max - kHeaderBytes,
                    " bytes a message, not --size ", options.size_bytes));
  }
  return address;
}

}  // namespace

std::string_view Name(Mode mode) { return kModes[static_cast<size_t>(mode)]; }
std::string_view Name(Pin pin) { return kPins[static_cast<size_t>(pin)]; }

std::span<const Flag> Options::Flags() { return kFlags; }

absl::StatusOr<Options> Options::Read(const Arguments& arguments, const Registry& registry,
                                      const MachineChecks& machine) {
  if (!arguments.operands.empty())
    return Bad(Text("\"", Escaped(arguments.operands[0]),
                    "\" is not an option of bench; transports are given by --over"));
  Options options;
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return output.status();
  options.json = arguments.Has("json") || *output == Output::kJson;
  const bool every = !arguments.Has("over");
  options.floor = every || arguments.Has("floor");
  options.rounds = every ? kRoundsOfEvery : options.floor ? kRoundsWithFloor : 1;
  if (every) options.seconds = kSecondsOfEvery;
  std::string_view over;
  std::optional<uint32_t> connections;
  for (const auto& [name, value] : arguments.flags) {
    const std::string flag = Text("--", name);
    absl::Status status;
    int word = 0;
    if (name == "over") {
      over = value;
    } else if (name == "mode") {
      status = ReadWord(flag, value, kModes, word);
      options.mode = static_cast<Mode>(word);
    } else if (name == "pin") {
      status = ReadWord(flag, value, kPins, word);
      options.pin = static_cast<Pin>(word);
    } else if (name == "size") {
      status = ReadSize(value, options.size_bytes);
    } else if (name == "seconds") {
      status = ReadNumber<double>(flag, value, 0.01, kSecondsMax, options.seconds);
    } else if (name == "connections") {
      status = ReadNumber<uint32_t>(flag, value, 1, kConnectionsMax, connections.emplace());
    } else if (name == "depth") {
      status = ReadNumber<uint32_t>(flag, value, 1, kDepthMax, options.depth);
    } else if (name == "rounds") {
      status = ReadNumber<uint32_t>(flag, value, 1, kRoundsMax, options.rounds);
    } else if (name == "csv") {
      options.csv_file = value;
    } else if (name == "html") {
      options.html_file = value;
    }
    if (!status.ok()) return status;
  }
  options.one_cpu = ShareOneCpu(options.pin);
  if (arguments.Has("counts") && options.mode != Mode::kLatency)
    return Bad("--counts is for --mode latency: what a call costs by itself");
  options.counts = options.mode == Mode::kLatency && (every || arguments.Has("counts"));
  options.connections = connections.value_or(options.mode == Mode::kFanin ? 16 : 1);
  if (options.mode != Mode::kFanin) {
    if (options.connections != 1)
      return Bad(Text("--mode ", Name(options.mode),
                      " measures one connection; --connections is for --mode fanin"));
    options.depth = 1;
  }
  if (every) {
    options.over = EveryTarget(registry, machine, options.size_bytes);
    return options;
  }
  for (const std::string& text : SplitAddresses(over)) {
    absl::StatusOr<Address> address = ReadAddress(text, registry, options);
    if (!address.ok()) return address.status();
    options.over.push_back({*std::move(address), ""});
  }
  return options;
}

}  // namespace jackfield::bench
