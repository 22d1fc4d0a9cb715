// Files that are data and outlive their writers, at places that users chose: what `jackfield ls
// --resources` shows of them. For the Resources of the schemes that keep such files.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_KEPT_FILES_H_
#define JACKFIELD_TRANSPORTS_ENGINE_KEPT_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "transports/resources.h"

namespace jackfield {

// Adds those of `scheme` that are noted (engine/place_record.h), as things that are kept; the notes
// of files that are gone, as things to be removed. what: "log file".
void AddKeptFiles(std::string_view scheme, std::string_view what, std::vector<Resource>& found);

// Fills in the age, whether somebody holds the lock (flock) on `path`, and who. No file, no owner.
void LookAtLock(const std::string& path, Resource& resource);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_KEPT_FILES_H_
