// Passes a service's stderr on, with its name in front of each line: "kv     | W slow disk 12ms".
//
// A piece that ends in '\r' is progress: shown, until the next piece covers it, where stderr is a
// terminal; dropped elsewhere. A line longer than kLineBytesMax is cut into several.
//
// Thread: its owner's. Blocks: when stderr does, which is back-pressure to the service.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_RELAY_H_
#define JACKFIELD_TOOLS_SUPERVISOR_RELAY_H_

#include <string>
#include <string_view>

namespace jackfield {

// What the program's own stderr is.
struct Screen {
  int fd = 2;
  bool terminal = false;
  bool colour = false;  // a terminal, and neither NO_COLOR nor TERM=dumb
  static Screen OfStderr();
  // Writes all of it; what cannot be written is lost, as there is nobody to tell.
  void Write(std::string_view text) const;
};

class Relay {
 public:
  static constexpr size_t kLineBytesMax = 8192;
  // name_width: names are padded to it. colour_number: which of the colours.
  Relay(const Screen& screen, std::string_view name, size_t name_width, size_t colour_number);

  void Take(std::string_view bytes);
  void End();  // the last line may lack its newline

 private:
  const Screen screen_;
  std::string prefix_;
  std::string line_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_RELAY_H_
