// The last lines that the services of a wiring have written on stderr, and what the supervisor has
// said itself: kept in memory for those who ask (jackfield logs), and gone with the supervisor.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_LOG_H_
#define JACKFIELD_TOOLS_SUPERVISOR_LOG_H_

#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "kernel/base/list.h"
#include "kernel/loop/loop.h"

namespace jackfield {

struct LogLine {
  uint64_t number = 0;  // of all lines, from 0
  int64_t time_ns = 0;  // since 1970, UTC
  std::string service;  // "": the supervisor itself
  std::string text;     // without its newline
};

class Log {
 public:
  // Of the lines that are kept, their names included; the oldest go first.
  static constexpr size_t kBytesMax = 4 << 20;

  explicit Log(Loop& loop) : loop_(loop) {}
  Log(const Log&) = delete;
  // Requires: nobody waits for a line any more.
  ~Log() = default;

  void Append(std::string_view service, std::string_view text);

  uint64_t first() const { return end() - lines_.size(); }  // number of the oldest line
  uint64_t end() const { return end_; }                     // number that the next line will have
  // Requires: first() <= number < end(). Valid until the next Append.
  const LogLine& At(uint64_t number) const { return lines_[number - first()]; }
  // The number of the oldest of the last `lines` lines of `services` (none: of any).
  uint64_t Last(uint64_t lines, const std::set<std::string, std::less<>>& services) const;

  struct WaiterTag {};
  // co_await it: goes on when there is a line of that number, or after Wake.
  class Waiter : public ListNode<WaiterTag> {
   public:
    Waiter(Log& log, uint64_t number) : log_(log), number_(number) {}
    bool await_ready() const { return number_ < log_.end(); }
    void await_suspend(std::coroutine_handle<> waiting) {
      log_.waiters_.PushBack(*this);
      suspended_.Suspend(log_.loop_, waiting);
    }
    void await_resume() {}
    void Wake() { suspended_.Resume(log_.loop_); }

   private:
    friend class Log;
    Log& log_;
    const uint64_t number_;
    Suspended suspended_;
  };

 private:
  static size_t BytesOf(const LogLine& line) {
    return sizeof line + line.service.size() + line.text.size();
  }

  Loop& loop_;
  std::deque<LogLine> lines_;
  uint64_t end_ = 0;
  size_t bytes_ = 0;
  List<Waiter, WaiterTag> waiters_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_LOG_H_
