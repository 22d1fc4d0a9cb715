// The wiring file as plain values, each with its place in the file. What it means is found out in
// tools/wiring/plan.h.
//
//   jackfield = 1
//   name      = "shop"
//   over      = "unix:"                       # of every channel that does not say otherwise
//   logs      = { size = "8MiB", files = 4 }  # of each service
//
//   [service.kv]
//   run = "kv --dir ./data"                   # a built-in service, or a program: "./kv", relative
//                                             # to this file
//
//   [service.orders]
//   run   = ["./orders", "--workers=4"]       # the same, for arguments with spaces in them
//   calls = { kv = "shm:", log = { service = "logger", over = "unix:" } }
//                                             # or: calls = ["kv", "logger"]
//   limits = { memory = "64MiB",              # of messages; else its part of what there is
//              nofile = 1024 }                # descriptors; else as many as who starts it
//   env = { LANG = "C" }                      # beside the environment of who starts it
//   env_file = "./kv.env"                     # the same, a NAME=VALUE a line; env wins
//   secrets = { TOKEN = "./kv.token" }        # a file that it alone gets; TOKEN_FILE has its path
//   cwd = "./data"                            # where it runs; else where who starts it does
//   build = "//services/kv"                   # what `up` does first: tools/wiring/build_key.h
//   topics = { pub = ["order.*"], sub = ["price.>"] }    # tools/wiring/topics_key.h
//   allow = ["gate", "uid:1000"]              # who may call it: tools/wiring/allow_key.h
//   restart = { when = "on-failure", backoff = "100ms..10s", max = 5 }    # or: "on-failure"
//   ready = "exec:./is-up"                    # or "notify", "port"; else it says so itself
//   grace = "5s"                              # for what is on its way when it ends; else 2s
//
//   [service.packer]
//   run = "./packer"
//   instances = 3                             # packer.1, packer.2 and packer.3, in one role
//
//   [service.gate]
//   run   = "./gate"
//   serve = ["tcp://127.0.0.1:7000"]          # for others than the services of this file
//   calls = { stock = { at = "tcp://127.0.0.1:7001" } }     # a service that already runs
//
// A role is the name of the service that it calls unless its entry names one, or several:
// calls = { pack = { services = ["packer", "crane"], over = "unix:" } }.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_WIRING_H_
#define JACKFIELD_TOOLS_WIRING_WIRING_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/service.h"
#include "tools/wiring/allow_rule.h"
#include "tools/wiring/build_step.h"
#include "tools/wiring/environment.h"
#include "tools/wiring/log_limits.h"
#include "tools/wiring/place.h"
#include "tools/wiring/ready_rule.h"
#include "tools/wiring/restart_rule.h"
#include "tools/wiring/topics_rule.h"

namespace jackfield {

struct ServeEntry {
  std::string address;
  Place place;
};

struct CallEntry {
  std::string role = {};
  // Each by its name, or by that of its instance; one with instances means them all.
  std::vector<std::string> services = {};
  std::string over = {};  // "": the wiring's
  Place place = {};
  Place over_place = {};  // or that of `at`
  std::string at = {};    // where it already runs; "": it is a service of this wiring
  bool one_way = false;   // nothing is answered
};

struct ServiceEntry {
  std::string name;
  std::vector<std::string> run;  // what, then its arguments; never empty
  std::vector<CallEntry> calls;  // in the file's order
  std::vector<ServeEntry> serves;
  uint64_t memory_bytes = 0;     // limits.memory; 0: not given
  uint32_t descriptors_max = 0;  // limits.nofile; 0: not given
  int64_t grace_ns = kGraceNs;   // grace = "5s": services/service.h says for what
  RestartRule restart;
  ReadyRule ready;
  TopicsRule topics;
  AllowRule allow;
  std::vector<BuildStep> build;
  Variables env;
  Variables secrets;          // name and path as written
  std::string env_file, cwd;  // paths as written; "": not given
  Place restart_place, env_file_place, cwd_place, secrets_place, ready_place;
  uint32_t instances = 1;
  uint32_t instance = 0;  // which of them, from 1; 0: all of them (tools/wiring/instances.h)
  Place place;
  Place run_place;
};

struct Wiring {
  std::string file;  // for messages
  std::string name;
  std::string over;  // "": not given
  Place over_place;
  LogLimits logs;
  std::vector<ServiceEntry> services;  // in the file's order
};

inline constexpr size_t kWiringBytesMax = 1 << 20;
inline constexpr size_t kServicesMax = 256;           // each instance is one
inline constexpr int64_t kInstancesMax = 64;          // of one service
inline constexpr size_t kCallEntriesMax = 64;         // of one service
inline constexpr size_t kServiceNameBytesMax = 64;    // its instance's number included
inline constexpr size_t kChannelsOfServiceMax = 512;  // that it is the client of
inline constexpr size_t kServeEntriesMax = 16;        // the same
inline constexpr int64_t kDescriptorsLeast = 16, kDescriptorsMost = 1 << 20;  // of limits.nofile

// `text` as a Wiring. `sets` are "key.key=value" from the command line: each replaces or adds one
// value before the file is read; where the first key is no key of a wiring but a service's name it
// is one of that service; a value that is no TOML is taken as a string. Errors:
// INVALID_ARGUMENT; each line of the message is one thing that is wrong: "FILE:LINE:COLUMN:
// sentence". FAILED_PRECONDITION: one of `sets` cannot be read, in one sentence.
absl::StatusOr<Wiring> ParseWiring(std::string_view file, std::string_view text,
                                   std::span<const std::string> sets);

// Is it a file that can be read again, and not a descriptor that this program was started with
// (/dev/stdin, a shell's <(…))?
bool IsSavedFile(std::string_view file);
// Its text. Errors: as ReadWiring.
absl::StatusOr<std::string> ReadWiringText(const std::string& file);

// Both together. Errors: as well NOT_FOUND and UNAVAILABLE, in one sentence.
absl::StatusOr<Wiring> ReadWiring(const std::string& file, std::span<const std::string> sets);

// "FILE:LINE:COLUMN: ", or "FILE, as changed by the command line: ".
std::string Prefix(std::string_view file, Place place);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_WIRING_H_
