// Connections of a Port that have not said hello: how many there may be, and who gives way.
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/call/port.h"
#include "kernel/call/port_seat.h"

namespace jackfield {

uint32_t Port::SilentMax() const {
  if (options_.silent_max != 0) return options_.silent_max;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const uint64_t places = std::min<uint64_t>(options_.sessions_max, files.rlim_cur);
  const uint64_t heard = std::min<uint64_t>(places, seats_.size() - silent_count_);
  return std::max(1u, static_cast<uint32_t>((places - heard) / 2));
}

bool Port::PushOutSilent() {
  PortSeat* oldest = silent_.front();
  if (oldest == nullptr) return false;
  const int64_t silent_ns = node_.clock().NowNs() - oldest->since_ns();
  if (silent_ns < options_.silent.count()) return false;
  const std::string text = Text(
      oldest->session().link().traits().description, ": a connection that had said nothing for ",
      FormatDurationNs(silent_ns), " gave way to a new one (silent_max ", SilentMax(), ")");
  notes_.Note(Refused(Reason::kResource, text));
  // Without a word: if it is only slow, it comes back.
  oldest->session().Fail(Refused(Reason::kUnreachable, text));
  return true;
}

}  // namespace jackfield
