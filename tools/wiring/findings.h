// What a wiring file's reader needs at every table of it: the place of a value, the entries of a
// table in the file's order, and the list of all that is wrong, each with its place.
//
// The one way in which this folder includes toml++, which is compiled in findings.cc: it takes
// seconds. Thread: any; one reading has one Findings.
#ifndef JACKFIELD_TOOLS_WIRING_FINDINGS_H_
#define JACKFIELD_TOOLS_WIRING_FINDINGS_H_

#define TOML_HEADER_ONLY 0
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wiring/wiring.h"

namespace jackfield {

inline Place PlaceOf(const toml::source_position& position) {
  return {position.line, position.column};
}
inline Place PlaceOf(const toml::node& node) { return PlaceOf(node.source().begin); }
inline Place PlaceOf(const toml::key& key) { return PlaceOf(key.source().begin); }

// A table's entries in the order of the file; toml++ keeps them by name.
struct Entry {
  std::string key;
  Place place;
  const toml::node* value;
};
std::vector<Entry> EntriesOf(const toml::table& table);

class Findings {
 public:
  explicit Findings(std::string_view file) : file_(file) {}

  void Wrong(Place place, std::string_view sentence);
  void WrongKey(const Entry& entry, std::span<const std::string_view> known,
                std::string_view where);
  // "" if it is none, which is wrong then: "WHAT is a text in quotes …".
  std::string TextOf(const toml::node& node, std::string_view what);

  // One line each, as ParseWiring says them.
  const std::string& text() const { return text_; }
  bool none() const { return text_.empty(); }

 private:
  const std::string file_;
  std::string text_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_FINDINGS_H_
