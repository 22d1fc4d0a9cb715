#include "services/semaphore/worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "services/semaphore/hold.h"

namespace jackfield::semaphore {
namespace {

constexpr uint32_t kBusyMax = 2;  // workers at once

// In one write over what was there, which is never longer: a worker that is killed leaves the old
// number or the new one, and nothing that whoever holds next would have to mend.
absl::Status AddOne(const std::string& file) {
  uint64_t number = 0;
  std::ifstream(file) >> number;  // a file that is not there holds 0
  const std::string text = Text(number + 1, "\n");
  const OwnedFd out(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
  if (out.ok() && write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()))
    return absl::OkStatus();
  return absl::UnavailableError(Text("cannot write ", file, ": ", std::strerror(errno)));
}

absl::Status CountOnce(Channel& channel, const std::string& file) {
  const absl::StatusOr<Hold> busy = Hold::Take(channel, "busy", {.size = kBusyMax});
  if (!busy.ok()) return busy.status();
  absl::StatusOr<Hold> counter = Hold::Take(channel, "counter");
  if (!counter.ok()) return counter.status();
  if (absl::Status added = AddOne(file); !added.ok()) return added;
  return counter->GiveBack();
}

}  // namespace

absl::Status RunWorker(Service& service) {
  uint32_t times = 0;
  if (service.args().size() == 2) {
    const std::string& text = service.args()[1];
    std::from_chars(text.data(), text.data() + text.size(), times);
  }
  if (times == 0) return absl::InvalidArgumentError("usage: … -- FILE TIMES");
  absl::StatusOr<std::unique_ptr<Channel>> channel = service.Connect("semaphore");
  if (!channel.ok()) return channel.status();
  service.Ready();
  for (uint32_t i = 0; i < times && !service.stop_requested(); ++i) {
    if (absl::Status counted = CountOnce(**channel, service.args()[0]); !counted.ok())
      return counted;
  }
  return absl::OkStatus();
}

}  // namespace jackfield::semaphore
