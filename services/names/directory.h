// Who is listed under which name, and who wants to know of it. No bus.
//
// A watcher has a set of names that have changed since it was told, so that what it has yet to hear
// is never more than the names there are.
//
// Thread: one. The directory outlives listings and watchers.
#ifndef JACKFIELD_SERVICES_NAMES_DIRECTORY_H_
#define JACKFIELD_SERVICES_NAMES_DIRECTORY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/list.h"

namespace jackfield::names {

inline constexpr size_t kNamesMax = 4096;
inline constexpr size_t kNameBytesMax = 128;
inline constexpr size_t kAddressesMax = 16;
inline constexpr size_t kInterfacesMax = 64;
inline constexpr size_t kTextBytesMax = 255;  // of an address, of the name of an interface

struct Listed {
  struct Interface {
    std::string name;
    uint64_t schema_hash = 0;
  };
  std::string name;
  std::vector<std::string> addresses = {};
  std::vector<Interface> interfaces = {};
  std::string owner = {};
  int pid = 0;
};

class Directory {
 public:
  class Listing;
  class Watcher;

  // Errors: NOT_FOUND, which names the nearest.
  absl::StatusOr<const Listed*> Find(std::string_view name) const;
  size_t names() const { return listed_.size(); }

 private:
  struct WatcherTag {};
  void Tell(const std::string& name);
  std::map<std::string, const Listed*, std::less<>> listed_;
  List<Watcher, WatcherTag> watchers_;
};

// A place in the directory, for as long as it lives.
class Directory::Listing {
 public:
  explicit Listing(Directory& directory) : directory_(directory) {}
  ~Listing();
  Listing(const Listing&) = delete;
  // Once. Errors: INVALID_ARGUMENT (the name, or more than the limits above), ALREADY_EXISTS (who
  // has the name), RESOURCE_EXHAUSTED (kNamesMax).
  absl::Status Enter(Listed listed);

 private:
  Directory& directory_;
  Listed listed_;
  bool entered_ = false;
};

class Directory::Watcher : public ListNode<WatcherTag> {
 public:
  // name, interface: only of such; "": of all. wake: is called when there is something to be told.
  Watcher(Directory& directory, std::string_view name, std::string_view interface,
          std::function<void()> wake);

  // The next change; nullopt: there is none now. `there` is valid until the directory changes.
  struct Change {
    std::string name;
    const Listed* there = nullptr;  // null: it has gone
  };
  std::optional<Change> Next();

 private:
  friend class Directory;
  bool Wants(const Listed& listed) const;
  const Directory& directory_;
  const std::string name_, interface_;
  const std::function<void()> wake_;
  std::set<std::string> changed_;
  std::set<std::string> told_;  // that they are there
};

}  // namespace jackfield::names

#endif  // JACKFIELD_SERVICES_NAMES_DIRECTORY_H_
