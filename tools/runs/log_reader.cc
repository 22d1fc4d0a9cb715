#include "tools/runs/log_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "kernel/base/owned_fd.h"

namespace jackfield {
namespace {

constexpr size_t kReadBytes = 64 << 10;

void EachLogFile(const std::string& directory,
                 const std::function<void(const LogFile& file)>& told) {
  std::error_code unreadable;
  for (std::filesystem::directory_iterator entry(directory, unreadable), end;
       !unreadable && entry != end; entry.increment(unreadable)) {
    if (const auto file = LogFileOf(entry->path().filename().string())) told(*file);
  }
}

}  // namespace

// The files of one service, one after the other.
class LogReader::Stream {
 public:
  Stream(std::string path, std::string service)
      : path_(std::move(path)), service_(std::move(service)) {}

  void Knows(uint64_t number) {
    if (number > number_) numbers_.insert(number);
  }

  // The next line, if it is whole. Valid until Take.
  const LogLine* Next() {
    while (!next_) {
      const size_t end = text_.find('\n', at_);
      if (end != text_.npos) {
        next_ = ReadLogLine(std::string_view(text_).substr(at_, end - at_), service_, last_ns_);
        last_ns_ = next_->time_ns;
        at_ = end + 1;
      } else if (!More()) {
        return nullptr;
      }
    }
    return &*next_;
  }
  LogLine Take() { return *std::exchange(next_, std::nullopt); }

  bool TakeMissed() { return std::exchange(missed_, false); }

 private:
  // Reads on. A file is at its end for good if the next one was there before that was seen.
  bool More() {
    text_.erase(0, std::exchange(at_, 0));
    if (fd_.ok()) {
      const size_t had = text_.size();
      text_.resize(had + kReadBytes);
      const ssize_t got = read(fd_.get(), text_.data() + had, kReadBytes);
      text_.resize(had + static_cast<size_t>(std::max<ssize_t>(got, 0)));
      if (got > 0) return true;
    }
    if (numbers_.empty()) return false;
    const uint64_t next = *numbers_.begin();
    numbers_.erase(numbers_.begin());
    missed_ |= fd_.ok() && next != number_ + 1;
    number_ = next;
    fd_ = OwnedFd(open(LogFileName(path_, next).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    missed_ |= !fd_.ok();
    if (!text_.empty()) text_ += '\n';  // a line that was cut stays one of its own
    return true;
  }

  const std::string path_, service_;
  OwnedFd fd_;
  uint64_t number_ = 0;
  std::set<uint64_t> numbers_;  // behind it
  std::string text_;
  size_t at_ = 0;  // what is before it was taken
  std::optional<LogLine> next_;
  int64_t last_ns_ = 0;
  bool missed_ = false;
};

LogReader::LogReader(std::string directory, std::vector<std::string> services)
    : directory_(std::move(directory)), services_(std::move(services)) {}

LogReader::~LogReader() = default;

void LogReader::Look() {
  EachLogFile(directory_, [this](const LogFile& file) {
    if (!services_.empty() &&
        std::find(services_.begin(), services_.end(), file.service) == services_.end())
      return;
    std::unique_ptr<Stream>& stream = streams_[file.service];
    if (stream == nullptr)
      stream = std::make_unique<Stream>(directory_ + "/" + LogName(file.service), file.service);
    stream->Knows(file.number);
  });
}

void LogReader::Read(const std::function<void(const LogLine&)>& line,
                     const std::function<void(std::string_view service)>& missed) {
  Look();
  for (;;) {
    Stream* first = nullptr;
    for (const auto& [service, stream] : streams_) {
      const LogLine* next = stream->Next();
      if (stream->TakeMissed()) missed(service);
      if (next != nullptr && (first == nullptr || next->time_ns < first->Next()->time_ns))
        first = stream.get();
    }
    if (first == nullptr) return;
    line(first->Take());
  }
}

std::vector<std::string> ServicesWithLogs(const std::string& directory) {
  std::set<std::string> services;
  EachLogFile(directory, [&services](const LogFile& file) {
    if (!file.service.empty()) services.insert(file.service);
  });
  return {services.begin(), services.end()};
}

}  // namespace jackfield
