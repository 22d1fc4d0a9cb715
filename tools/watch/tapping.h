// Follows the messages of services of a running wiring, in words, until there were enough.
//
//   Tapping tapping(registry, client, {.method = "Reserve"});
//   absl::Status chosen = tapping.Choose({"stock"});
//   Tapping::End end = tapping.Run([](const Seen& seen) { …; return true; });
//
// SIGINT, SIGTERM and SIGHUP are blocked for good from Choose on, and end it.
//
// Thread: the main one. It blocks.
#ifndef JACKFIELD_TOOLS_WATCH_TAPPING_H_
#define JACKFIELD_TOOLS_WATCH_TAPPING_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernel/registry.h"
#include "tools/running/supervisor_client.h"
#include "tools/supervisor/signals.h"
#include "tools/watch/line.h"
#include "tools/watch/names.h"

namespace jackfield::watch {

class Tapping {
 public:
  struct Filter {
    std::string method;  // only methods whose name contains it
    std::string peer;    // only what goes to it or comes from it; "": all
    bool own = false;    // also what the bus's own tools ask (jackfield.…)
    // Where both ends are tapped, a message is told by the one that has sent it.
    bool once = true;
  };
  // Requires: both outlive it.
  Tapping(const Registry& registry, SupervisorClient& client, Filter filter)
      : client_(client),
        filter_(std::move(filter)),
        names_(registry, client.wiring().name + "@" + std::to_string(client.wiring().pid)) {}

  // Those of these names; of one that has instances all. Errors: NOT_FOUND (names the nearest);
  // UNAVAILABLE.
  absl::Status Choose(const std::vector<std::string>& services);

  // Tells of each message, of one service in their order. take: false: enough. trouble: a sentence
  // that the user should read; it goes on.
  enum class End { kEnough, kStopped, kWiringEnded };
  using Take = std::function<bool(const Seen& seen)>;
  using Trouble = std::function<void(const std::string& sentence)>;
  End Run(const Take& take, const Trouble& trouble);

 private:
  struct Tapped {
    std::string service;
    int pid = 0, fd = -1;  // of the memory that `reader` reads
    std::optional<TapReader> reader;
    std::map<uint64_t, std::string> peers;
    Follower follower;
    std::string trouble;  // why it is not read now; said once
  };
  absl::Status Renew(Tapped& tapped);
  absl::Status LearnPeers(Tapped& tapped);
  bool ReadNew(Tapped& tapped, const Take& take, const Trouble& trouble);
  bool Tell(Tapped& tapped, const TappedMessage& message, const Take& take);
  bool IsToldByItsSender(const Event& event, const std::string& peer) const;
  void Decode(Seen& seen, const TappedMessage& message);

  SupervisorClient& client_;
  const Filter filter_;
  Names names_;
  std::set<uint32_t> unknown_;  // types that were looked for in vain
  std::vector<Tapped> tapped_;
  Signals signals_;
};

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_TAPPING_H_
