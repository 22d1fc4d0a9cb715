#include "tools/supervisor/outlet.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "kernel/base/clock.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

// One write: small, so that a reader that is slow is seen to read.
constexpr size_t kWriteBytesMax = 1024;
constexpr auto kLookAgain = std::chrono::milliseconds(20);  // at what Flush is told to watch

int64_t NowNs() { return SystemClock().NowNs(); }

// What one write takes of `text`: whole lines, where they are not too long.
std::string_view Piece(std::string_view text) {
  const std::string_view piece = text.substr(0, kWriteBytesMax);
  const size_t end = piece.rfind('\n');
  return end == std::string_view::npos ? piece : piece.substr(0, end + 1);
}

// Returns how much was written; all of it when it cannot be written at all, as there is nobody to
// tell.
size_t WriteSome(int fd, std::string_view piece) {
  while (true) {
    const ssize_t written = write(fd, piece.data(), piece.size());
    if (written >= 0) return static_cast<size_t>(written);
    if (errno == EAGAIN) {  // somebody made our stderr non-blocking
      pollfd wait{fd, POLLOUT, 0};
      poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return piece.size();
    }
  }
}

}  // namespace

Screen Screen::OfStderr() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  Screen screen;
  screen.terminal = isatty(screen.fd) == 1;
  const char* kind = std::getenv("TERM");
  const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
  screen.colour = screen.terminal && !set("NO_COLOR") && !dumb;
  return screen;
}

// Guarded by `mutex`, all of it.
struct Outlet::Backlog {
  size_t bytes() const { return pending.size() + writing; }
  bool Stalled(int64_t for_ns) const { return bytes() > 0 && NowNs() - progress_ns > for_ns; }

  // The thread's: writes what comes, until `ended`.
  void Serve(int fd) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ended || !pending.empty(); });
      if (ended) return;
      const std::string text = std::exchange(pending, {});
      writing = text.size();
      while (writing > 0) {
        const std::string_view piece = Piece(std::string_view(text).substr(text.size() - writing));
        lock.unlock();
        const size_t written = WriteSome(fd, piece);
        lock.lock();
        writing -= written;
        progress_ns = NowNs();
        if (dropped > 0) {
          pending += Text("jackfield: ", std::exchange(dropped, 0),
                          " bytes of the services' stderr were dropped here: nobody read it\n");
        }
      }
      changed.notify_all();
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::string pending;  // not yet the thread's
  size_t writing = 0;   // what the thread has taken and not written
  uint64_t dropped = 0;
  int64_t progress_ns = 0;  // when something was written last, or came while there was nothing
  bool threaded = false, ended = false;
};

Outlet::Outlet(const Screen& screen, int64_t stalled_ns)
    : screen_(screen), stalled_ns_(stalled_ns), backlog_(std::make_shared<Backlog>()) {}

Outlet::~Outlet() {
  const std::lock_guard lock(backlog_->mutex);
  backlog_->ended = true;
  backlog_->changed.notify_all();
}

void Outlet::Write(std::string_view text, Whose whose) {
  if (text.empty()) return;
  Backlog& backlog = *backlog_;
  std::unique_lock lock(backlog.mutex);
  if (!backlog.threaded) {
    try {
      std::thread([shared = backlog_, fd = screen_.fd] { shared->Serve(fd); }).detach();
      backlog.threaded = true;
    } catch (const std::system_error&) {  // no thread to be had: then it blocks
      lock.unlock();
      while (!text.empty()) text.remove_prefix(WriteSome(screen_.fd, text));
      return;
    }
  }
  if (whose == Whose::kService && backlog.bytes() >= kBacklogBytesMax &&
      backlog.Stalled(stalled_ns_)) {
    backlog.dropped += text.size();
    return;
  }
  if (backlog.bytes() == 0) backlog.progress_ns = NowNs();
  backlog.pending += text;
  backlog.changed.notify_all();
}

bool Outlet::HasRoom() const {
  const std::lock_guard lock(backlog_->mutex);
  return backlog_->bytes() < kBacklogBytesMax || backlog_->Stalled(stalled_ns_);
}

bool Outlet::Flush(int64_t patience_ns, const std::function<bool()>& give_up) {
  std::unique_lock lock(backlog_->mutex);
  const auto empty = [this] { return backlog_->bytes() == 0; };
  while (!backlog_->changed.wait_for(lock, kLookAgain, empty)) {
    if (backlog_->Stalled(patience_ns) || give_up()) return false;
  }
  return true;
}

}  // namespace jackfield
