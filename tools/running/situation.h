// A running wiring at one moment, as all that show it have it: `top`, `ps`, `metrics` and the page
// of `ui`. Who is stuck, and who waits for whom, is decided here and nowhere else.
//
// Thread: its owner's; plain values. Texts are made harmless for a terminal (Escaped).
#ifndef JACKFIELD_TOOLS_RUNNING_SITUATION_H_
#define JACKFIELD_TOOLS_RUNNING_SITUATION_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "services/init/init_service.h"
#include "tools/watch/latencies.h"

namespace jackfield {

struct Situation {
  struct Service {
    std::string name;
    init::State state = init::State::Waiting;
    std::string note;      // NoteOf
    bool is_well = false;  // it runs, and nothing keeps it from its work
    bool stopped = false, silent = false;
    int pid = 0;  // 0: a thread, or never started
    uint64_t restarts = 0, handled = 0;
    uint32_t clients = 0, handling = 0, waiting = 0;
    int64_t since_ns = 0, oldest_ns = 0;

    // Does it say what it is doing? If not, its numbers and those of its channels are not known.
    bool tells() const;
  };
  struct Channel {
    std::string client, role;
    std::string server;         // "": one outside of the wiring
    std::string address, over;  // over: the scheme; "-": it is not known yet
    bool open = false, one_way = false;
    bool told = false;  // its client tells; else what follows is not known
    uint64_t sent = 0, delivered = 0, failed = 0, in_doubt = 0, refused = 0, dropped = 0;
    uint32_t calls = 0;  // under way
    std::string oldest;  // of these: "shop.Stock/Reserve"; "": there is none
    int64_t oldest_ns = 0;
    // The oldest has been under way for kLongNs, or is to a service that is stopped or silent,
    // which is waited for however short the deadlines are.
    bool stuck = false;
    std::string because;     // if stuck, what is known of the server; may be ""
    double sent_per_s = -1;  // since the look before; negative: not known
    watch::Quantiles took;   // since the look before

    const std::string& server_or_role() const { return server.empty() ? role : server; }
  };

  std::string wiring, file;
  int pid = 0;  // of the supervisor
  int64_t up_ns = 0;
  uint64_t log_lines_lost = 0;
  std::vector<Service> services;  // providers first
  std::vector<Channel> channels;

  size_t CountWell() const;
};

// Without rates and times.
Situation SituationOf(const init::Wiring& wiring);

// What channels send a second, from one look to the next.
class Rates {
 public:
  // Fills in sent_per_s. now_ns: of a clock that does not jump; later than the time before.
  void Fill(Situation& situation, int64_t now_ns);

 private:
  using Key = std::array<std::string, 3>;  // client, role, server
  std::map<Key, uint64_t> sent_;
  int64_t taken_ns_ = 0;  // 0: never
};

// Fills in took, of the channels that have sent something (rates come before).
void FillTimes(Situation& situation, const watch::ByChannel& took);

// {"client":…,"server":…,"over":…,"open":true,"sent_per_s":12.5,"p50_ns":8100,"p99_ns":9500,
// "calls":0,"oldest_ns":0,"in_doubt":0,"role":…,"one_way":false,"oldest":…,"stuck":false,
// "because":…}; what is not known yet is null.
std::string JsonOf(const Situation::Channel& channel);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_SITUATION_H_
