// A wiring that has been checked: every service found, every channel's medium able to carry calls,
// an order to start in. Nothing has been started; programs' permissions have been looked at, and
// whether the kernel has the media.
//
// Thread: any; plain values. A Plan points to the program's built-in services, which outlive it.
#ifndef JACKFIELD_TOOLS_WIRING_PLAN_H_
#define JACKFIELD_TOOLS_WIRING_PLAN_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/caps.h"
#include "kernel/registry.h"
#include "services/service.h"
#include "tools/cli/program.h"
#include "tools/wiring/carry.h"
#include "tools/wiring/surroundings.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

// Services and channels are named by their index in the plan.
struct PlannedChannel {
  size_t client = 0;
  size_t server = 0;
  std::string role;
  Address address;  // as wired; bare: the server chooses a place and reports it
  Carried carries = Carried::kCalls;
  Caps caps;
  size_t serve = 0;  // which of the server's addresses
  Place place;
  Place over_place;  // where its medium is written
};

// A call to a service that already runs.
struct OutsideCall {
  std::string role;
  Address address;
  Carried carries = Carried::kCalls;
  Place place;
};

struct PlannedService {
  std::string name;                         // of an instance: tools/wiring/instance_name.h
  const BuiltinService* builtin = nullptr;  // or a program:
  std::string program;                      // its path
  std::vector<std::string> args;
  int64_t grace_ns = kGraceNs;
  uint64_t memory_bytes = 0;  // limits.memory; 0: not given
  Surroundings surroundings;
  RestartRule restart;
  ReadyRule ready;
  TopicsRule topics;                // its channel has the role kTopicsRole
  std::vector<allow::Rule> allows;  // who may call it; empty: whoever can reach it
  std::vector<BuildStep> build;     // what `up` does first (tools/building)
  std::string not_built;            // what is wrong unless that is done: its program is not there
  std::vector<Address> serves;  // what it is to serve at; channels that ask for the same share one
  std::vector<size_t> calls;    // channels that it is the client of
  std::vector<size_t> called;   // channels that it is the server of
  std::vector<OutsideCall> outside;
  // It serves others than the plan's: the first so many of `serves` are for them. While it runs the
  // wiring is not done.
  size_t edges = 0;
  bool wanted_from_outside() const { return called.empty() || edges > 0; }
};

struct Plan {
  std::string file;
  std::string name;  // as the file says, or its own without its ending
  LogLimits logs;
  std::vector<PlannedService> services;  // a service stands behind those that it calls
  std::vector<PlannedChannel> channels;  // in the order of the file
  bool one_process = false;              // a medium reaches no further: services are threads
  std::vector<std::string> notes;        // what a user should know; a sentence each
};

struct PlanOptions {
  std::string over;  // for every channel, but those that --set names; "": as the file says
  std::vector<std::string> args;  // for the services that nothing calls, behind their own
};

// Errors: INVALID_ARGUMENT; each line of the message is one thing that is wrong, with its place.
absl::StatusOr<Plan> MakePlan(Wiring wiring, const Program& program, const PlanOptions& options);

// Where a client reaches the server that was wired as `wired` and reports that it serves at
// `actual`.
Address ClientAddress(const Address& wired, const Address& actual);

// The message memory that `service` gets: what the wiring says, else its part of what this process
// and those that it starts may use together (kernel/loop/memory_limit.h).
uint64_t MemoryOf(const Plan& plan, const PlannedService& service);

// What `check` warns of: a service at a place that other users can reach, which says nothing of who
// may call it. A sentence each.
std::vector<std::string> OpenToAnybody(const Plan& plan, const Registry& registry);

size_t NameWidth(const Plan& plan);  // of its longest name of a service, in bytes

// "3 services, 2 channels"; "1 service, 0 channels, 2 to the outside"
std::string Summary(const Plan& plan);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_PLAN_H_
