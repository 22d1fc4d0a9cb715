// The service `names`: who serves what, where, and with which schema. A listing lasts as long as
// the stream of who has announced it, and so no longer than its session: what a dead process served
// is not found any more as soon as the medium tells of its end.
//
// Thread: the node's. Outlives the port it is registered on.
#ifndef JACKFIELD_SERVICES_NAMES_NAMES_H_
#define JACKFIELD_SERVICES_NAMES_NAMES_H_

#include <cstdint>

#include "absl/status/status.h"
#include "jackfield/port.h"
#include "jackfield/service.h"
#include "services/names/directory.h"
#include "services/names/names_service.h"

namespace jackfield::names {

class NamesServer final : public NamesService {
 public:
  static constexpr uint32_t kWatchersMax = 1024;

  // Every listing and watcher is a call under way, and Find must still find room.
  static PortOptions OptionsForPort();

  // ---- The methods of names.fbs.

  // Errors: those of Directory::Listing::Enter.
  Handling Announce(ServerStreamOf<Announcement, Announced> call) override;
  // Errors: those of Directory::Find.
  Handling Find(CallOf<FindRequest, names::Service> call) override;
  // Errors: RESOURCE_EXHAUSTED (there are kWatchersMax).
  Handling Watch(ServerStreamOf<WatchRequest, Change> call) override;

  const Directory& directory() const { return directory_; }

 private:
  Directory directory_;
  uint32_t watchers_ = 0;
};

// Serves it until it is asked to stop: the service "names" of a wiring.
absl::Status RunNames(jackfield::Service& service);

}  // namespace jackfield::names

#endif  // JACKFIELD_SERVICES_NAMES_NAMES_H_
