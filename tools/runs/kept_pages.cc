#include "tools/runs/kept_pages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "flatbuffers/flatbuffers.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "services/init/init_service.h"

namespace jackfield {
namespace {

constexpr std::string_view kEnding = ".page";
constexpr size_t kBlockBytes = 4096;

std::string FileOf(const std::string& directory, std::string_view service) {
  return Text(directory, "/", service, kEnding);
}

// All but blocks of zeros, which need no room on the disk.
absl::Status WriteBlocks(int fd, std::string_view bytes, const std::string& path) {
  if (ftruncate(fd, static_cast<off_t>(bytes.size())) != 0)
    return SysError(errno, Text("write to ", path));
  for (size_t at = 0; at < bytes.size(); at += kBlockBytes) {
    const std::string_view block = bytes.substr(at, kBlockBytes);
    if (block.find_first_not_of('\0') == block.npos) continue;
    const ssize_t written = pwrite(fd, block.data(), block.size(), static_cast<off_t>(at));
    if (written != static_cast<ssize_t>(block.size()))
      return SysError(written < 0 ? errno : ENOSPC, Text("write to ", path));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> KeptPagesIn(const std::string& directory) {
  std::vector<std::string> services;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator entry(directory, unreadable), end;
       !unreadable && entry != end; entry.increment(unreadable)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > kEnding.size() && name.ends_with(kEnding))
      services.push_back(name.substr(0, name.size() - kEnding.size()));
  }
  std::sort(services.begin(), services.end());
  return services;
}

absl::StatusOr<KeptPage> ReadKeptPage(const std::string& directory, std::string_view service) {
  const std::string path = FileOf(directory, service);
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.ok()) return SysError(errno, Text("open ", path));
  std::string bytes(kKeptPageBytesMax + 1, '\0');
  const ssize_t got = read(fd.get(), bytes.data(), bytes.size());
  if (got < 0) return SysError(errno, Text("read ", path));
  bytes.resize(static_cast<size_t>(got));
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (bytes.size() > kKeptPageBytesMax || !verifier.VerifyBuffer<init::Last>(nullptr))
    return absl::DataLossError(Text(path, " is no page of a service; remove it"));
  const init::Last& last = *flatbuffers::GetRoot<init::Last>(bytes.data());
  return KeptPage{
      .ending = last.ending() == nullptr ? "ended" : last.ending()->str(),
      .page = {reinterpret_cast<const char*>(last.page()->data()), last.page()->size()}};
}

absl::Status WriteKeptPage(const std::string& directory, std::string_view service,
                           const KeptPage& kept) {
  flatbuffers::FlatBufferBuilder fbb(kept.page.size() + kBlockBytes);
  const auto ending = fbb.CreateString(kept.ending);
  const auto page =
      fbb.CreateVector(reinterpret_cast<const uint8_t*>(kept.page.data()), kept.page.size());
  fbb.Finish(init::CreateLast(fbb, ending, page));
  const std::string path = FileOf(directory, service), unfinished = path + ".new";
  const OwnedFd fd(
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.ok()) return SysError(errno, Text("make the file ", unfinished));
  absl::Status written = WriteBlocks(
      fd.get(), {reinterpret_cast<const char*>(fbb.GetBufferPointer()), fbb.GetSize()}, unfinished);
  if (written.ok() && rename(unfinished.c_str(), path.c_str()) != 0)
    written = SysError(errno, Text("rename ", unfinished));
  if (!written.ok()) unlink(unfinished.c_str());
  return written;
}

}  // namespace jackfield
