// Files that are data and outlive their writers, at places that users chose: what `jackfield ls
// --resources` shows of them. For the Resources of the schemes that keep such files.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_KEPT_FILES_H_
#define JACKFIELD_TRANSPORTS_ENGINE_KEPT_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "transports/resources.h"

namespace jackfield {

// Adds those of `scheme` that are noted (engine/place_record.h), as things that are kept; the notes
// of files that are gone, as things to be removed. what: "log file".
void AddKeptFiles(std::string_view scheme, std::string_view what, std::vector<Resource>& found);

// Removes one that `resources` lists, if its owner is dead and it is not to be kept. One that is
// gone already is no error. For Resources::Remove, of files whose names never come again for
// another thing: notes, and those that bear their process.
absl::Status RemoveListedFile(const Resources& resources, const Resource& resource);

// Fills in the age, whether somebody holds the lock (flock) on `path`, and who.
void LookAtLock(const std::string& path, Resource& resource);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_KEPT_FILES_H_
