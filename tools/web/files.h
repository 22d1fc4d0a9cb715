// The files of the page in the browser (page/), as a part of the program.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WEB_FILES_H_
#define JACKFIELD_TOOLS_WEB_FILES_H_

#include <optional>
#include <string_view>

namespace jackfield::web {

struct File {
  std::string_view type;  // "text/javascript; charset=utf-8"
  std::string_view text;
};

// path: "/page.js"; "/" is the page itself. Nothing: there is none.
std::optional<File> FindFile(std::string_view path);

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_FILES_H_
