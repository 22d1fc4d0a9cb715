// The table that the gate of the shop prints at its end.
#ifndef JACKFIELD_TESTS_E2E_SHOP_TABLE_H_
#define JACKFIELD_TESTS_E2E_SHOP_TABLE_H_

#include <cstdlib>
#include <string>
#include <string_view>

namespace jackfield {

inline bool Contains(std::string_view text, std::string_view words) {
  return text.find(words) != text.npos;
}

// The number of a row, such as "in doubt"; -1: there is no such row.
inline int64_t NumberOf(std::string_view table, std::string_view row) {
  while (!table.empty()) {
    const std::string_view whole = table.substr(0, table.find('\n'));
    table.remove_prefix(whole.size() == table.size() ? whole.size() : whole.size() + 1);
    const size_t begin = whole.find_first_not_of(' ');
    if (begin == whole.npos) continue;
    std::string_view line = whole.substr(begin);
    if (line.substr(0, row.size()) != row || line.substr(row.size(), 1) != " ") continue;
    return std::atoll(std::string(line.substr(row.size())).c_str());
  }
  return -1;
}

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_E2E_SHOP_TABLE_H_
