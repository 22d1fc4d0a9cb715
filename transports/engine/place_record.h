// A note of a place that a user has chosen (`fifo:/srv/kv/hello`), so that what a crash leaves
// there can be found: a symlink in the runtime directory whose target is the place and whose name
// says what was made there and by which process (pid, start, pid namespace),
// "fifo@fe00-a7213f-4121-381223-9be1c6d2". It is for `jackfield ls --resources` and `clean` alone;
// nothing works worse without it.
//
// Whoever shares the runtime directory reads it, also from a container that has none of its places:
// a note of something that is not to be seen is removed only if its maker is dead (engine/owner.h).
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_PLACE_RECORD_H_
#define JACKFIELD_TRANSPORTS_ENGINE_PLACE_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "transports/engine/process.h"

namespace jackfield {

struct PlaceRecord {
  std::string scheme;
  uint64_t device = 0, inode = 0;  // of what was made
  ProcessName maker;
  std::string place;  // its path
  std::string path;   // of the record itself

  int pid() const { return static_cast<int>(maker.pid); }
};

// Notes that this process made the file that `fd` is open on, at `place`, an absolute path.
// Replaces what was noted of the same file. Returns the record's path, for RemovePlaceRecord; "" if
// it could not be made.
std::string MakePlaceRecord(std::string_view scheme, int fd, const std::string& place);
// The same for what has no descriptor of its own: a socket at a path.
std::string MakePlaceRecord(std::string_view scheme, const std::string& place);

void RemovePlaceRecord(const std::string& path);
// All that was noted of one place: by who has just removed or replaced what a dead one had there.
void RemovePlaceRecordsOf(std::string_view scheme, const std::string& place);

// Those of one scheme, in this user's runtime directory, whichever it is by the environment.
std::vector<PlaceRecord> PlaceRecordsOf(std::string_view scheme);

// Is that very file still at its place? A file system may give an inode's number again at once, so
// whoever removes something makes sure of its kind as well.
bool IsStillThere(const PlaceRecord& record);

// Both places that RuntimeDirectory() may name, so that a program without XDG_RUNTIME_DIR finds
// what one with it has left.
std::vector<std::string> RuntimeDirectories();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_PLACE_RECORD_H_
