// Tells when a file has been saved, however: written in place, or written beside it and renamed, as
// editors do. So it is the folder that is watched (inotify), and for a link the folder of what it
// leads to as well.
//
// Saving often comes in several steps: it is told once, when nothing has happened for kQuietNs.
//
// Thread: the node's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_FILE_WATCH_H_
#define JACKFIELD_TOOLS_SUPERVISOR_FILE_WATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "kernel/node.h"

namespace jackfield {

class FileWatch {
 public:
  static constexpr int64_t kQuietNs = 50'000'000;

  // Errors: UNAVAILABLE (its folder is not there), PERMISSION_DENIED, RESOURCE_EXHAUSTED
  // (descriptors, fs.inotify.max_user_instances, max_user_watches).
  static absl::StatusOr<std::unique_ptr<FileWatch>> Open(Node& node, const std::string& file,
                                                         std::function<void()> saved);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;

 private:
  struct Watched {
    int number = -1;  // inotify's; -1: none
    std::string folder, name;
  };

  FileWatch(Node& node, std::string file, std::function<void()> saved)
      : node_(node), file_(std::move(file)), saved_(std::move(saved)) {}
  absl::Status Watch(Watched& watched, std::string folder, std::string name);
  void WatchTarget();
  void Read();
  bool Concerns(int number, uint32_t mask, std::string_view name) const;

  Node& node_;
  const std::string file_;
  const std::function<void()> saved_;
  OwnedFd fd_;
  Watched link_, target_;  // of what is no link, only the first
  Op op_{[](Op& op, int32_t result) {
           if (result >= 0) static_cast<FileWatch*>(op.user)->Read();
         },
         this};
  Timer quiet_{[](Timer& timer) {
                 auto* self = static_cast<FileWatch*>(timer.user);
                 self->WatchTarget();
                 self->saved_();
               },
               this};
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_FILE_WATCH_H_
