// Passes a service's stderr on, with its name in front of each line: "kv     | W slow disk 12ms".
//
// A piece that ends in '\r' is progress: shown, until the next piece covers it, where stderr is a
// terminal; dropped elsewhere. A line longer than kLineBytesMax is cut into several.
//
// Thread: its owner's. Never blocks: outlet.h, tools/runs/log_writer.h.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_RELAY_H_
#define JACKFIELD_TOOLS_SUPERVISOR_RELAY_H_

#include <string>
#include <string_view>

#include "tools/runs/log_writer.h"
#include "tools/supervisor/outlet.h"

namespace jackfield {

class Relay {
 public:
  static constexpr size_t kLineBytesMax = 8192;
  // name_width: names are padded to it. colour_number: which of the colours. Requires: `outlet` and
  // `log`, which gets each line that is no progress, outlive it.
  Relay(Outlet& outlet, LogWriter& log, std::string_view name, size_t name_width,
        size_t colour_number);

  // What is not to be seen: `log` alone gets it, under no name.
  explicit Relay(LogWriter& log) : log_(&log) {}

  // Ask before each Take but the last ones.
  bool HasRoom() const { return (outlet_ == nullptr || outlet_->HasRoom()) && log_->HasRoom(); }

  void Take(std::string_view bytes);
  void End();  // the last line may lack its newline

 private:
  Outlet* outlet_ = nullptr;
  LogWriter* log_;
  std::string name_;
  std::string prefix_;
  std::string line_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_RELAY_H_
