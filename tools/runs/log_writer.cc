#include "tools/runs/log_writer.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "kernel/base/clock.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "tools/runs/log_line.h"

namespace jackfield {
namespace {

int64_t NowNs() { return SystemClock().NowNs(); }

uint64_t LinesIn(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// The part of `text` that a file with room for `bytes` takes: whole lines, one at least.
std::string_view LinesFor(std::string_view text, uint64_t bytes) {
  size_t end = bytes < text.size() ? text.rfind('\n', bytes) : text.size() - 1;
  if (end == text.npos) end = text.find('\n');
  return text.substr(0, end + 1);
}

// The files of one service, as their writer knows them.
class ServiceFiles {
 public:
  // lines: whole ones. Returns how many of them are in no file.
  uint64_t Put(const std::string& path, std::string_view lines, const LogLimits& limits) {
    uint64_t lost = 0;
    while (!lines.empty()) {
      if (bytes_ > 0 && bytes_ + lines.find('\n') >= limits.file_bytes) Begin(path, limits);
      const std::string_view part =
          LinesFor(lines, limits.file_bytes - std::min(bytes_, limits.file_bytes));
      lost += PutPart(path, part);
      lines.remove_prefix(part.size());
    }
    return lost;
  }

  // So many lines did not come as far as this.
  void Miss(uint64_t lines, int error) {
    missed_ += lines;
    error_ = error;
  }

 private:
  void Begin(const std::string& path, const LogLimits& limits) {
    bytes_ = 0;
    cut_ = false;
    ++number_;
    // With fewer files than before more than one is too many.
    for (; oldest_ + limits.files <= number_; ++oldest_) unlink(LogFileName(path, oldest_).c_str());
  }

  uint64_t PutPart(const std::string& path, std::string_view part) {
    const std::string file = LogFileName(path, number_);
    const OwnedFd fd(
        open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.ok()) return Failed(part, errno);
    std::string text = cut_ ? "\n" : "";
    if (missed_ > 0)
      text += Text(part.substr(0, part.find(' ')), " jackfield: ", missed_,
                   " lines before this one are not here: ", std::strerror(error_), "\n");
    const size_t before = text.size();
    text += part;
    ssize_t written;
    while ((written = write(fd.get(), text.data(), text.size())) < 0 && errno == EINTR) {
    }
    if (written <= 0) return Failed(part, errno);
    bytes_ += static_cast<uint64_t>(written);
    const size_t end = static_cast<size_t>(written);
    cut_ = text[end - 1] != '\n';
    if (end >= before) missed_ = 0;
    // A line of which only the beginning is there counts as lost.
    return end == text.size()
               ? 0
               : Failed(std::string_view(text).substr(std::max(end, before)), ENOSPC);
  }

  uint64_t Failed(std::string_view lines, int error) {
    const uint64_t lost = LinesIn(lines);
    Miss(lost, error);
    return lost;
  }

  uint64_t number_ = 1, oldest_ = 1, bytes_ = 0;
  bool cut_ = false;  // the last line in it lacks its newline
  uint64_t missed_ = 0;
  int error_ = 0;
};

}  // namespace

// Guarded by `mutex`, all of it but what is the thread's.
struct LogWriter::Backlog {
  struct Pending {
    std::string text;
    uint64_t missed = 0;  // lines that found no room here
  };

  bool Stalled(int64_t for_ns) const { return bytes > 0 && NowNs() - progress_ns > for_ns; }

  // The thread's: writes what comes, until `ended`.
  void Serve(const std::string& directory) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ended || !pending.empty(); });
      if (ended) return;
      for (auto& [service, lines] : std::exchange(pending, {})) {
        const LogLimits now = limits;
        lock.unlock();
        ServiceFiles& of = files[service];
        if (lines.missed > 0) of.Miss(lines.missed, ETIMEDOUT);
        const uint64_t not_written =
            of.Put(Text(directory, "/", LogName(service)), lines.text, now);
        lock.lock();
        bytes -= lines.text.size();
        lost += not_written;
        progress_ns = NowNs();
      }
      changed.notify_all();
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, Pending, std::less<>> pending;
  size_t bytes = 0;  // of pending lines, and of those that the thread has taken and not written
  uint64_t lost = 0;
  LogLimits limits;
  int64_t progress_ns = 0;  // when something was written last, or came while there was nothing
  bool threaded = false, ended = false;
  std::map<std::string, ServiceFiles, std::less<>> files;  // the thread's
};

LogWriter::LogWriter(std::string directory, const LogLimits& limits)
    : directory_(std::move(directory)), backlog_(std::make_shared<Backlog>()) {
  backlog_->limits = limits;
}

LogWriter::~LogWriter() {
  const std::lock_guard lock(backlog_->mutex);
  backlog_->ended = true;
  backlog_->changed.notify_all();
}

void LogWriter::Append(std::string_view service, std::string_view text) {
  last_ns_ = std::max(WallNs(), last_ns_ + 1);
  auto last = last_lines_.find(service);
  if (last == last_lines_.end()) last = last_lines_.emplace(service, 0).first;
  last->second.emplace_back(text.substr(0, kLastLineBytes));
  if (last->second.size() > kLastLines) last->second.pop_front();
  if (directory_.empty()) return;

  const std::string line = LogLineText(last_ns_, text);
  Backlog& backlog = *backlog_;
  const std::lock_guard lock(backlog.mutex);
  if (!backlog.threaded) {
    try {
      std::thread([shared = backlog_, directory = directory_] {
        shared->Serve(directory);
      }).detach();
      backlog.threaded = true;
    } catch (const std::system_error&) {  // no thread to be had
      ++backlog.lost;
      return;
    }
  }
  auto pending = backlog.pending.find(service);
  if (pending == backlog.pending.end())
    pending = backlog.pending.emplace(service, Backlog::Pending()).first;
  if (backlog.bytes >= kBacklogBytesMax && backlog.Stalled(kStalledNs)) {
    ++pending->second.missed;
    ++backlog.lost;
    return;
  }
  if (backlog.bytes == 0) backlog.progress_ns = NowNs();
  pending->second.text += line;
  backlog.bytes += line.size();
  backlog.changed.notify_all();
}

bool LogWriter::HasRoom() const {
  const std::lock_guard lock(backlog_->mutex);
  return backlog_->bytes < kBacklogBytesMax || backlog_->Stalled(kStalledNs);
}

bool LogWriter::Flush(int64_t patience_ns) {
  std::unique_lock lock(backlog_->mutex);
  const auto empty = [this] { return backlog_->bytes == 0; };
  while (!backlog_->changed.wait_for(lock, std::chrono::milliseconds(20), empty)) {
    if (backlog_->Stalled(patience_ns)) return false;
  }
  return true;
}

void LogWriter::SetLimits(const LogLimits& limits) {
  const std::lock_guard lock(backlog_->mutex);
  backlog_->limits = limits;
}

std::vector<std::string> LogWriter::Last(std::string_view service) const {
  const auto last = last_lines_.find(service);
  if (last == last_lines_.end()) return {};
  return {last->second.begin(), last->second.end()};
}

uint64_t LogWriter::waiting_bytes() const {
  const std::lock_guard lock(backlog_->mutex);
  return backlog_->bytes;
}

uint64_t LogWriter::lost() const {
  const std::lock_guard lock(backlog_->mutex);
  return backlog_->lost;
}

}  // namespace jackfield
