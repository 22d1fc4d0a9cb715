// Which messages are those of the bus's own tools.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WATCH_TOOLS_OWN_H_
#define JACKFIELD_TOOLS_WATCH_TOOLS_OWN_H_

#include <algorithm>
#include <iterator>
#include <string_view>

namespace jackfield::watch {

// Is it the method of what tools ask, or who starts a service? Only --all shows that.
inline bool IsToolsOwn(std::string_view method) {
  constexpr std::string_view kOwn[] = {"jackfield.control.", "jackfield.sys.", "jackfield.init."};
  return std::any_of(std::begin(kOwn), std::end(kOwn),
                     [method](std::string_view own) { return method.starts_with(own); });
}

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_TOOLS_OWN_H_
