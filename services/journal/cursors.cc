#include "services/journal/cursors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <utility>

#include "jackfield/node.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"

namespace jackfield::journal {
namespace {

absl::Status CheckName(std::string_view name) {
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
  if (!name.empty() && name.size() <= Cursors::kNameBytesMax && printable) return absl::OkStatus();
  return absl::InvalidArgumentError(Text("the name of a cursor is 1 to ", Cursors::kNameBytesMax,
                                         " bytes of text without spaces, not \"",
                                         Escaped(name.substr(0, 200)), "\""));
}

}  // namespace

absl::StatusOr<Cursors> Cursors::Open(const std::string& path, uint64_t last, bool synced) {
  Cursors cursors(path, synced);
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    uint64_t done = 0;
    std::string name;
    if (!(words >> done >> name) || !CheckName(name).ok() || cursors.done_.size() == kCursorsMax) {
      return absl::DataLossError(
          Text("cannot read the cursor \"", Escaped(line.substr(0, 200)), "\" in ", path,
               "  try: to mend that file, or to remove it, with all cursors"));
    }
    cursors.done_[name] = std::min(done, last);
  }
  return cursors;
}

std::optional<uint64_t> Cursors::Find(std::string_view name) const {
  const auto found = done_.find(name);
  if (found == done_.end()) return std::nullopt;
  return found->second;
}

absl::Status Cursors::Set(std::string_view name, uint64_t done) {
  if (absl::Status status = CheckName(name); !status.ok()) return status;
  auto changed = done_;
  changed[std::string(name)] = done;
  if (changed.size() > kCursorsMax) {
    return absl::ResourceExhaustedError(
        Text("there are ", kCursorsMax, " cursors, which is the limit  try: Forget"));
  }
  if (absl::Status status = Write(changed); !status.ok()) return status;
  done_ = std::move(changed);
  return absl::OkStatus();
}

absl::Status Cursors::Forget(std::string_view name) {
  auto changed = done_;
  const auto found = changed.find(name);
  if (found == changed.end()) return absl::OkStatus();
  changed.erase(found);
  if (absl::Status status = Write(changed); !status.ok()) return status;
  done_ = std::move(changed);
  return absl::OkStatus();
}

absl::Status Cursors::Write(const std::map<std::string, uint64_t, std::less<>>& done) const {
  std::string text;
  for (const auto& [name, number] : done) text += Text(number, " ", name, "\n");
  const std::string beside = path_ + ".new";
  const OwnedFd file(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.ok()) return SysError(errno, Text("open ", beside));
  errno = ENOSPC;  // of a write that took a part
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return SysError(errno, Text("write ", beside));
  if (synced_ && fdatasync(file.get()) != 0) return SysError(errno, Text("sync ", beside));
  if (std::rename(beside.c_str(), path_.c_str()) != 0)
    return SysError(errno, Text("rename ", beside));
  return absl::OkStatus();
}

}  // namespace jackfield::journal
