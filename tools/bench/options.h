// What the command line asks for.
#ifndef JACKFIELD_TOOLS_BENCH_OPTIONS_H_
#define JACKFIELD_TOOLS_BENCH_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/frame.h"
#include "kernel/registry.h"
#include "tools/cli/arguments.h"
#include "transports/machine.h"

namespace jackfield::bench {

enum class Mode { kLatency, kThroughput, kFanin };
enum class Pin { kSplit, kSame, kNone };

std::string_view Name(Mode mode);
std::string_view Name(Pin pin);

struct Target {
  Address address;
  std::string lacks;  // why it cannot be measured here; "": it can
};

struct Options {
  static constexpr uint64_t kSizeMin = 8;  // a sequence number
  static constexpr uint64_t kSizeMax = (16 << 20) - kHeaderBytes;
  static constexpr uint32_t kConnectionsMax = 65'536;  // a sequence has 16 bits for it (stamp.h)
  static constexpr uint32_t kDepthMax = 4096;
  static constexpr uint32_t kRoundsMax = 1000;
  static constexpr double kSecondsMax = 3600;

  // Those that the verb has beyond the common ones.
  static std::span<const Flag> Flags();
  // Errors: INVALID_ARGUMENT, one sentence that says what is wrong and what would be right.
  static absl::StatusOr<Options> Read(const Arguments& arguments, const Registry& registry,
                                      const MachineChecks& machine);

  // Resolved by the registry. Those that the user named are able to carry a call of this size;
  // where none is named it is every transport, and some may not.
  std::vector<Target> over;
  Mode mode = Mode::kLatency;
  uint64_t size_bytes = 64;  // of a payload
  double seconds = 1;        // of one measurement, after its warm-up
  uint32_t connections = 1;  // fanin only
  uint32_t depth = 16;       // calls outstanding on each connection; 1 but in fanin
  uint32_t rounds = 1;
  Pin pin = Pin::kSplit;
  bool one_cpu = false;  // client and server have one CPU for both (placement.h)
  bool json = false;
  bool floor = false;
  bool counts = false;  // system calls, in a run of their own, and allocations: as columns
  std::optional<std::string> csv_file, html_file;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_OPTIONS_H_
