// Where what the program says goes: its stderr, by way of a thread of its own. A terminal that is
// held (^S), a pager or a log collector may let a write wait for ever, and whoever must hear ^C and
// stop services may not wait with it.
//
// A reader that is slow holds the services back (HasRoom), as the pipe between them did. One that
// has taken nothing for `stalled_ns` holds nobody back: what finds no room is dropped, and how much
// that was is said as soon as it reads again.
//
// Thread: its owner's. Blocks: only in Flush, or when there is no thread to be had.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_OUTLET_H_
#define JACKFIELD_TOOLS_SUPERVISOR_OUTLET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace jackfield {

// What the program's own stderr is.
struct Screen {
  int fd = 2;
  bool terminal = false;
  bool colour = false;  // a terminal, and neither NO_COLOR nor TERM=dumb
  static Screen OfStderr();
};

class Outlet {
 public:
  // What waits here may come to this, and to what one reading of a service's stderr makes of it.
  static constexpr size_t kBacklogBytesMax = 256 << 10;
  // Nobody reads any more if nothing could be written for so long.
  static constexpr int64_t kStalledNs = 1'000'000'000;

  explicit Outlet(const Screen& screen, int64_t stalled_ns = kStalledNs);
  // What is left then is lost: Flush first.
  ~Outlet();
  Outlet(const Outlet&) = delete;

  const Screen& screen() const { return screen_; }

  // Whole lines. Those of the program itself (kOwn) are few, and never dropped.
  enum class Whose { kOwn, kService };
  void Write(std::string_view text, Whose whose);

  // Ask before more of a service's stderr is read: false means later.
  bool HasRoom() const;

  // Waits until all is written. False: nothing could be written for `patience_ns`, or `give_up`,
  // which is asked now and then, said so.
  bool Flush(int64_t patience_ns, const std::function<bool()>& give_up);

 private:
  struct Backlog;
  const Screen screen_;
  const int64_t stalled_ns_;
  // The thread's, too, which outlives this if it never comes back from its write.
  const std::shared_ptr<Backlog> backlog_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_OUTLET_H_
