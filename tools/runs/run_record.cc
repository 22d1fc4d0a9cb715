#include "tools/runs/run_record.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "flatbuffers/flatbuffers.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "services/init/init_service.h"
#include "tools/runs/log_line.h"
#include "tools/runs/state_directory.h"

namespace jackfield {

RunRecord::RunRecord(std::string_view wiring, std::string_view file,
                     std::vector<std::string> services)
    : wiring_(wiring), services_(std::move(services)), began_ns_(WallNs()) {
  std::error_code unknown;
  if (std::filesystem::is_regular_file(file, unknown))
    file_ = std::filesystem::absolute(file, unknown).string();
  status_ = Begin();
  if (!status_.ok()) record_.Close();
}

absl::Status RunRecord::Begin() {
  const absl::StatusOr<std::string> state = MakeStateDirectory();
  if (!state.ok()) return state.status();
  if (mkdir(RunsDirectory().c_str(), 0700) != 0 && errno != EEXIST)
    return SysError(errno, Text("make the directory ", RunsDirectory()));
  RemoveOldRuns(wiring_);
  const std::string directory = Text(RunsDirectory(), "/", RunName(wiring_, began_ns_, getpid()));
  if (mkdir(directory.c_str(), 0700) != 0)
    return SysError(errno, Text("make the directory ", directory));
  directory_ = directory;
  const std::string path = Text(directory, "/", kRecordName);
  record_ = OwnedFd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!record_.ok()) return SysError(errno, Text("make the file ", path));
  // Where locks are not to be had our number says that we live.
  [[maybe_unused]] const int locked = flock(record_.get(), LOCK_EX | LOCK_NB);
  return Write(nullptr);
}

absl::Status RunRecord::End(const RunEnd& end, std::vector<std::string> services) {
  services_ = std::move(services);
  return record_.ok() ? Write(&end) : status_;
}

absl::Status RunRecord::Write(const RunEnd* end) {
  flatbuffers::FlatBufferBuilder fbb;
  const auto name = fbb.CreateString(wiring_), file = fbb.CreateString(file_);
  const auto services = fbb.CreateVectorOfStrings(services_);
  const auto how = fbb.CreateString(end == nullptr ? "" : end->how);
  const auto service = fbb.CreateString(end == nullptr ? "" : end->service);
  std::vector<std::string> last;
  for (size_t i = 0; end != nullptr && i < end->lines.size() && i < kLinesMax; ++i)
    last.push_back(end->lines[i].substr(0, kLineBytesMax));
  const auto lines = fbb.CreateVectorOfStrings(last);
  fbb.Finish(init::CreateRun(fbb, name, file, getpid(), services, began_ns_, end != nullptr,
                             end == nullptr ? 0 : WallNs(), end == nullptr ? 0 : end->exit_status,
                             how, service, lines));
  // In the place of what is there; bytes of it that stay behind the end belong to nothing.
  const ssize_t written = pwrite(record_.get(), fbb.GetBufferPointer(), fbb.GetSize(), 0);
  if (written != static_cast<ssize_t>(fbb.GetSize()))
    return SysError(written < 0 ? errno : ENOSPC, Text("write to ", directory_, "/", kRecordName));
  return absl::OkStatus();
}

}  // namespace jackfield
