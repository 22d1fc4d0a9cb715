// A file for a server that has chosen no place for it: in the runtime directory, under a name that
// bears its process (engine/process.h), pid, start and pid namespace,
// "log-4121-381223-1123581321345589144-1". So no later process of the same number takes what an
// earlier one left for its own, and whether its owner lives can be told: in its namespace. In
// another it is unknown (engine/owner.h).
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_OWN_FILE_H_
#define JACKFIELD_TRANSPORTS_ENGINE_OWN_FILE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/transport.h"
#include "transports/resources.h"

namespace jackfield {

// Serves with a new path of that kind. prefix: "log". next: counts the names of this process.
// serve: makes what is to be in the file, which is there and empty, or fails with UNAVAILABLE if
// the runtime directory went in that moment, and is called again. The file is removed if it fails.
absl::StatusOr<std::unique_ptr<Opening>> ServeOwnFile(
    std::string_view prefix, std::atomic<uint32_t>& next,
    const std::function<absl::StatusOr<std::unique_ptr<Opening>>(const std::string& path)>& serve);

// Removes it, and what was noted of it: a writer that was killed could not (engine/place_record.h).
void RemoveOwnFile(std::string_view scheme, const std::string& path);

// Adds all that have such names, and those whose names go on behind it
// ("log-4121-381223-1123581321345589144-1.x").
void AddOwnFiles(std::string_view prefix, std::string_view what, std::vector<Resource>& found);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_OWN_FILE_H_
