// Makes the name of a file as durable as its bytes.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SYNC_DIRECTORY_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SYNC_DIRECTORY_H_

#include <string>

namespace jackfield {

// Syncs the directory that `path` is in. Best effort: some file systems refuse it (EINVAL).
// Thread: any. Blocks: on the disk.
void SyncDirectoryOf(const std::string& path);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SYNC_DIRECTORY_H_
