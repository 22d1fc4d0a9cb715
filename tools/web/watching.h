// What a running wiring is doing, for whoever asks over HTTP: asked of its supervisor and read off
// its services' pages when it is wanted, and not again while it is fresh. So however many ask, the
// services are asked twice a second at most, and not at all if nobody does.
//
// Thread: one. It blocks, for 0.3 s where a service is silent, for 5 s where the supervisor is.
#ifndef JACKFIELD_TOOLS_WEB_WATCHING_H_
#define JACKFIELD_TOOLS_WEB_WATCHING_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernel/registry.h"
#include "tools/running/situation.h"
#include "tools/running/supervisor_client.h"
#include "tools/watch/latencies.h"
#include "tools/watch/pages.h"
#include "tools/watch/reader.h"

namespace jackfield::web {

// Of one look.
struct Moment {
  std::string wiring;   // its name
  std::string trouble;  // why there is nothing more to see, in sentences; "": there is
  Situation situation;
  std::vector<watch::PageCopy> pages;
};

class Watching {
 public:
  // A look is shown for so long.
  static constexpr int64_t kFreshNs = 500'000'000;

  // wanted: as FindWiring. One that has ended is looked for again, by that name. Requires: the
  // registry outlives it.
  Watching(const Registry& registry, std::unique_ptr<SupervisorClient> client, std::string wanted);

  const Moment& Now();  // until it is called again

 private:
  void Look();
  void Miss(std::string why);

  const Registry& registry_;
  std::unique_ptr<SupervisorClient> client_;  // none: it was not up
  std::string wanted_;
  watch::Pages pages_;
  watch::Latencies latencies_;
  Rates rates_;
  Moment moment_;
  int64_t looked_ns_ = 0;  // of the steady clock; 0: never
};

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_WATCHING_H_
