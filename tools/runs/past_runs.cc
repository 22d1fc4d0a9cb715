#include "tools/runs/past_runs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "flatbuffers/flatbuffers.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "services/init/init_service.h"
#include "tools/running/wirings.h"
#include "tools/runs/state_directory.h"

namespace jackfield {
namespace {

constexpr size_t kRecordBytesMax = 1 << 20;

std::string TextIn(const flatbuffers::String* text) { return text == nullptr ? "" : text->str(); }

std::vector<std::string> TextsIn(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  std::vector<std::string> all;
  if (texts == nullptr) return all;
  for (const auto* text : *texts) all.push_back(text->str());
  return all;
}

std::string ReadAll(int fd) {
  std::string bytes;
  char part[4096];
  for (ssize_t got; bytes.size() < kRecordBytesMax && (got = read(fd, part, sizeof part)) > 0;)
    bytes.append(part, static_cast<size_t>(got));
  return bytes;
}

// Out of the name of its directory. Nothing: it is none.
std::optional<PastRun> RunOfName(std::string_view name) {
  PastRun run;
  const size_t at = name.find('@'), dash = name.rfind('-');
  if (at == name.npos || dash == name.npos || dash < at) return std::nullopt;
  const std::string_view pid = name.substr(dash + 1);
  const auto [stopped, error] = std::from_chars(pid.data(), pid.data() + pid.size(), run.pid);
  if (error != std::errc() || stopped != pid.data() + pid.size() || run.pid <= 0)
    return std::nullopt;
  run.wiring = name.substr(0, at);
  return run;
}

// "20261130T192031.481207Z-4711": sorts as the times do.
std::string_view TimeIn(const std::string& directory) {
  return std::string_view(directory).substr(directory.find('@', directory.rfind('/')) + 1);
}

// The last first; nothing is read but names.
std::vector<PastRun> ListRuns() {
  std::vector<PastRun> runs;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator entry(RunsDirectory(), unreadable), end;
       !unreadable && entry != end; entry.increment(unreadable)) {
    std::optional<PastRun> run = RunOfName(entry->path().filename().string());
    if (!run) continue;
    run->directory = entry->path().string();
    runs.push_back(*std::move(run));
  }
  std::sort(runs.begin(), runs.end(), [](const PastRun& a, const PastRun& b) {
    return TimeIn(a.directory) > TimeIn(b.directory);
  });
  return runs;
}

OwnedFd OpenRecord(const PastRun& run) {
  return OwnedFd(
      open(Text(run.directory, "/", kRecordName).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

// Does its supervisor live? On a file system without locks its number must do.
bool IsHeld(const OwnedFd& record, int pid) {
  if (!record.ok() || flock(record.get(), LOCK_SH | LOCK_NB) == 0) return false;
  return errno == EWOULDBLOCK || kill(pid, 0) == 0 || errno == EPERM;
}

void ReadRecord(PastRun& run) {
  const OwnedFd fd = OpenRecord(run);
  if (!fd.ok()) return;
  run.is_up = IsHeld(fd, run.pid);
  const std::string bytes = ReadAll(fd.get());
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (!verifier.VerifyBuffer<init::Run>(nullptr)) return;
  const init::Run& record = *flatbuffers::GetRoot<init::Run>(bytes.data());
  run.recorded = true;
  run.file = TextIn(record.file());
  run.began_ns = record.began_ns();
  run.services = TextsIn(record.services());
  if (!record.over()) return;
  run.is_up = false;  // its supervisor may still be on its way out
  run.ended_ns = record.ended_ns();
  run.end = RunEnd{.exit_status = record.exit_status(),
                   .how = TextIn(record.how()),
                   .service = TextIn(record.service()),
                   .lines = TextsIn(record.lines())};
}

}  // namespace

std::string RunsDirectory() { return Text(StateDirectory(), "/runs"); }

std::string RunName(std::string_view wiring, int64_t began_ns, int pid) {
  const time_t seconds = began_ns / 1'000'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char day[32], rest[16];
  std::strftime(day, sizeof day, "%Y%m%dT%H%M%S", &parts);
  std::snprintf(rest, sizeof rest, ".%06dZ", static_cast<int>(began_ns / 1000 % 1'000'000));
  return Text(NameInAddress(wiring), "@", day, rest, "-", pid);
}

std::vector<PastRun> PastRuns(std::string_view wiring) {
  std::vector<PastRun> runs;
  for (PastRun& run : ListRuns()) {
    if (!wiring.empty() && run.wiring != wiring) continue;
    ReadRecord(run);
    runs.push_back(std::move(run));
  }
  return runs;
}

void RemoveOldRuns(std::string_view wiring) {
  size_t of_all = 1;
  std::map<std::string, size_t> of_name = {{NameInAddress(wiring), 1}};
  for (const PastRun& run : ListRuns()) {
    const bool kept = ++of_name[run.wiring] <= kRunsOfWiringMax && ++of_all <= kRunsMax;
    if (kept || IsHeld(OpenRecord(run), run.pid)) continue;
    std::error_code ignored;  // what stays is looked at the next time
    std::filesystem::remove_all(run.directory, ignored);
  }
}

void RemoveEndedRuns(RunPart part, bool dry,
                     const std::function<void(const PastRun&, const absl::Status&)>& told) {
  for (PastRun& run : ListRuns()) {
    ReadRecord(run);
    if (run.is_up || (part == RunPart::kRecord && !OpenRecord(run).ok())) continue;
    std::error_code failed;
    if (!dry && part == RunPart::kAll)
      std::filesystem::remove_all(run.directory, failed);
    else if (!dry)
      std::filesystem::remove(Text(run.directory, "/", kRecordName), failed);
    told(run, failed ? absl::UnavailableError(failed.message()) : absl::OkStatus());
  }
}

}  // namespace jackfield
