#include "kernel/refusal_notes.h"

#include <poll.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "kernel/base/text.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

bool IsWorthALine(absl::StatusCode code) {
  return code == absl::StatusCode::kPermissionDenied ||
         code == absl::StatusCode::kFailedPrecondition ||
         code == absl::StatusCode::kResourceExhausted;
}

// A line of less than PIPE_BUF is taken whole by whatever is writable now.
bool Say(std::string_view line) {
  pollfd out{STDERR_FILENO, POLLOUT, 0};
  if (poll(&out, 1, 0) != 1 || (out.revents & POLLOUT) == 0) return false;
  return write(STDERR_FILENO, line.data(), line.size()) >= 0;
}

}  // namespace

void RefusalNotes::Note(const absl::Status& why) {
  if (!IsWorthALine(why.code())) return;
  Kind& kind = kinds_[static_cast<size_t>(why.code())];
  ++kind.untold;
  const int64_t now_ns = loop_.clock().NowNs();
  if (now_ns < kind.next_ns) return;
  const std::string others =
      kind.untold > 1 ? Text(" (and ", kind.untold - 1, " before it)") : std::string();
  if (!Say(Text(loop_.name(), ": a client was turned away", others, ": ",
                std::string_view(why.message().data(), why.message().size()).substr(0, 2000),
                "\n")))
    return;
  kind = {now_ns + kEveryNs, 0};
}

}  // namespace jackfield
