#include "transports/engine/path_permissions.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/about.h"

namespace jackfield {
namespace {

constexpr size_t kGroupBytesMax = 1 << 20;  // of a group's entry, its members included

// All of `text` is a number of that base.
bool ParseNumber(std::string_view text, int base, unsigned& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  return !text.empty() && error == std::errc() && stop == end;
}

// 0, or an errno; ENOENT: there is no such group.
int FindGroup(const std::string& name, gid_t& gid) {
  if (ParseNumber(name, 10, gid)) return 0;
  std::vector<char> bytes(4096);
  for (;;) {
    group entry{};
    group* found = nullptr;
    const int error = getgrnam_r(name.c_str(), &entry, bytes.data(), bytes.size(), &found);
    if (error == ERANGE && bytes.size() < kGroupBytesMax) {
      bytes.resize(2 * bytes.size());
      continue;
    }
    if (found == nullptr) return error == 0 ? ENOENT : error;
    gid = entry.gr_gid;
    return 0;
  }
}

}  // namespace

absl::StatusOr<PathPermissions> ReadPathPermissions(const Address& address, Place place) {
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why));
  };
  const auto mode = address.Find("mode"), gid = address.Find("gid");
  if ((mode || gid) && place == Place::kElsewhere)
    return bad(
        Text(mode ? "mode" : "gid",
             " is of a socket file: it needs a path (unix:/run/x.sock, shm:?path=/run/x.sock)"));
  PathPermissions permissions;
  if (gid) {
    if (gid->empty()) return bad("gid is the name or the number of a group");
    permissions.group = *gid;
    permissions.mode = 0660;
  }
  if (mode) {
    unsigned bits = 0;
    if (!ParseNumber(*mode, 8, bits) || bits > 0777) return bad("mode is octal, such as 0660");
    permissions.mode = bits;
  }
  return permissions;
}

absl::Status SetPathPermissions(const PathPermissions& permissions, const std::string& path,
                                std::string_view what) {
  if (permissions.name_a_group()) {
    gid_t gid = 0;
    const int error = FindGroup(permissions.group, gid);
    if (error == ENOENT) {
      return absl::InvalidArgumentError(Text(what, ": there is no group \"", permissions.group,
                                             "\" (getent group lists those that there are)"));
    }
    if (error != 0) return SysError(error, Text(what, ": look up the group ", permissions.group));
    if (lchown(path.c_str(), static_cast<uid_t>(-1), gid) != 0) {
      if (errno != EPERM) return SysError(errno, Text(what, ": give ", path, " to its group"));
      return MakeStatus(Outcome::kRefused, Reason::kPermission,
                        Text(what, ": uid ", geteuid(), " is not in the group ", permissions.group,
                             ", so it may not give a file to it: usermod -aG ", permissions.group,
                             " USER and log in anew, or run the service as root"));
    }
  }
  // After the owner: a change of that may take bits away.
  if (chmod(path.c_str(), permissions.mode) != 0)
    return SysError(errno, Text(what, ": set the permissions of ", path));
  return absl::OkStatus();
}

}  // namespace jackfield
