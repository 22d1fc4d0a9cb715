#include "tools/supervisor/running.h"

#include <string.h>

#include "kernel/base/text.h"

namespace jackfield {

std::string Ending::ToString() const {
  if (signal == 0) return Text("exited with ", exit_status);
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? Text("was killed by signal ", signal) : Text("was killed by SIG", name);
}

}  // namespace jackfield
