// What a server remembers of the deeds that it has done for keys (once.fbs), so that none is done
// twice: which are under way, and how the others ended. No bus.
//
// A key that is in the window is never begun again. One that is not, and of which its client says
// that it was called before, is begun only if nothing was forgotten for keeps(): neither for want
// of room nor because the window itself is younger. Else the deed may have been done, so it is
// refused. So nothing is done twice as long as a client calls again within kAgainWithin.
//
// Thread: one. Everything is in memory: a new process knows nothing of the one before.
#ifndef JACKFIELD_SERVICES_ONCE_WINDOW_H_
#define JACKFIELD_SERVICES_ONCE_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "kernel/base/duration.h"
#include "kernel/base/list.h"
#include "services/once/once_generated.h"

namespace jackfield::once {

// A client calls again for at most so long after its first try. The rest of what a window keeps is
// for the way.
inline constexpr nanoseconds kAgainWithin = std::chrono::seconds(60);

struct WindowLimits {
  size_t keys_max = 4096;
  size_t bytes_max = 1 << 20;         // of all answers
  size_t answer_bytes_max = 4 << 10;  // of a longer one it is only known that it was given
  nanoseconds keeps = std::chrono::seconds(120);  // at least 2 × kAgainWithin
};

class Window {
 public:
  explicit Window(int64_t now_ns, const WindowLimits& limits = {})
      : limits_(limits), forgot_ns_(now_ns) {}
  ~Window();
  Window(const Window&) = delete;

  // How a deed ended.
  struct End {
    absl::Status status;
    std::string answer = {};  // where the status is OK
  };

  class Deed;
  enum class Begun {
    kNow,      // do it, and say how it ended
    kRuns,     // it is under way: OnEnd tells
    kEnded,    // `end` is how
    kRefused,  // `end` says why it is not done
  };
  // deed: is begun where the answer is kNow.
  Begun Begin(const Key& key, int64_t now_ns, Deed& deed, End& end);
  // Hears how a deed that is under way ends. OnEnd must not call the window.
  class Waiter : public ListNode<Waiter> {
   public:
    virtual void OnEnd(const End& end) = 0;

   protected:
    ~Waiter() = default;
  };
  // Requires: it is under way.
  void Await(const Key& key, Waiter& waiter);

  size_t keys() const { return known_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  using Name = std::pair<uint64_t, uint64_t>;
  struct OldestTag {};
  struct Known : ListNode<OldestTag> {
    const Name* name = nullptr;
    bool runs = true;
    int64_t ended_ns = 0;
    End end;
    List<Waiter, Waiter> waiters;
  };
  void EndDeed(const Name& name, End end, int64_t now_ns);
  void Forget(int64_t now_ns);
  void Erase(Known& known);

  const WindowLimits limits_;
  int64_t forgot_ns_;  // when something that was not old was forgotten last
  std::map<Name, Known> known_;
  List<Known, OldestTag> oldest_first_;  // those that have ended
  size_t bytes_ = 0;
};

// One that is being done. Destroyed before its end was told, nobody knows how it ended, and so it
// is remembered.
class Window::Deed {
 public:
  Deed() = default;
  ~Deed() {
    if (window_ != nullptr) Lost();
  }
  Deed(const Deed&) = delete;
  void End(Window::End end, int64_t now_ns) {
    std::exchange(window_, nullptr)->EndDeed(name_, std::move(end), now_ns);
  }

 private:
  friend class Window;
  void Lost();
  Window* window_ = nullptr;
  Name name_;
  int64_t began_ns_ = 0;
};

}  // namespace jackfield::once

#endif  // JACKFIELD_SERVICES_ONCE_WINDOW_H_
