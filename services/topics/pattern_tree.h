// Who wants which topics: a tree of the levels of all patterns, so that to find those that match a
// topic costs by its levels and by what matches, not by how many patterns there are.
//
// Thread: one. Ownership: the tree refers to its entries; one that is destroyed leaves it. The tree
// outlives them.
#ifndef JACKFIELD_SERVICES_TOPICS_PATTERN_TREE_H_
#define JACKFIELD_SERVICES_TOPICS_PATTERN_TREE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "kernel/base/list.h"
#include "services/topics/names.h"

namespace jackfield::topics {

struct PatternTag {};

class PatternTree {
  struct Level;

 public:
  class Entry : public ListNode<PatternTag> {
   public:
    Entry() = default;
    ~Entry() {
      if (tree_ != nullptr) tree_->Remove(*this);
    }

   private:
    friend class PatternTree;
    PatternTree* tree_ = nullptr;
    Level* level_ = nullptr;
  };

  PatternTree();
  ~PatternTree();
  PatternTree(const PatternTree&) = delete;

  // Requires: the pattern has passed CheckPattern, and the entry is in no tree.
  void Add(std::string_view pattern, Entry& entry);
  void Remove(Entry& entry);  // nothing is left of a pattern that nobody has any more

  // Calls f(Entry&) for each whose pattern matches, once. f must not add or remove any.
  // Requires: the topic has passed CheckTopic.
  template <class F>
  void ForEach(std::string_view topic, F&& f) const {
    Walk(*root_, topic, f);
  }

  size_t levels() const { return levels_; }  // for tests: all that it consists of, the root too

 private:
  friend class Entry;
  using Entries = List<Entry, PatternTag>;
  template <class F>
  static void Walk(const Level& level, std::string_view rest, F& f);

  std::unique_ptr<Level> root_;
  size_t levels_ = 1;
};

// Implementation.

struct PatternTree::Level {
  Entries here;                                                     // their pattern ends here
  std::map<std::string, std::unique_ptr<Level>, std::less<>> next;  // '*' and '>' like the others
  Level* above = nullptr;
  std::string_view name;  // its key above
};

template <class F>
void PatternTree::Walk(const Level& level, std::string_view rest, F& f) {
  const auto all_of = [&f](const Level& found) {
    for (Entry* entry = found.here.front(); entry != nullptr; entry = found.here.next(entry))
      f(*entry);
  };
  if (rest.empty()) return all_of(level);
  if (const auto any = level.next.find(">"); any != level.next.end()) all_of(*any->second);
  const std::string_view name = CutLevel(rest);
  for (const std::string_view wanted : {name, std::string_view("*")}) {
    if (const auto found = level.next.find(wanted); found != level.next.end())
      Walk(*found->second, rest, f);
  }
}

}  // namespace jackfield::topics

#endif  // JACKFIELD_SERVICES_TOPICS_PATTERN_TREE_H_
