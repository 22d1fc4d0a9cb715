#include "tools/supervisor/log.h"

#include <chrono>

namespace jackfield {

void Log::Append(std::string_view service, std::string_view text) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  lines_.push_back({.number = end_++,
                    .time_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(),
                    .service = std::string(service),
                    .text = std::string(text)});
  bytes_ += BytesOf(lines_.back());
  while (bytes_ > kBytesMax && lines_.size() > 1) {
    bytes_ -= BytesOf(lines_.front());
    lines_.pop_front();
  }
  while (Waiter* waiter = waiters_.front()) {
    waiter->Unlink();
    waiter->Wake();
  }
}

uint64_t Log::Last(uint64_t lines, const std::set<std::string, std::less<>>& services) const {
  uint64_t number = end();
  for (uint64_t found = 0; number > first() && found < lines;) {
    --number;
    if (services.empty() || services.contains(At(number).service)) ++found;
  }
  return number;
}

}  // namespace jackfield
