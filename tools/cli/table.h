// Rows of texts in columns, for a terminal: "  " between them, each as wide as its widest cell.
//
// Thread: any; a plain value.
#ifndef JACKFIELD_TOOLS_CLI_TABLE_H_
#define JACKFIELD_TOOLS_CLI_TABLE_H_

#include <string>
#include <vector>

namespace jackfield {

class Table {
 public:
  explicit Table(std::vector<std::string> head) { Add(std::move(head)); }
  // Requires: as many cells as the head. Their text is printed as it is: no control characters.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // A line for each row, without spaces at its end. Widths count characters, not bytes, of UTF-8.
  std::string ToString() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_TABLE_H_
