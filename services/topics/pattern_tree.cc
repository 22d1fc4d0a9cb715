#include "services/topics/pattern_tree.h"

namespace jackfield::topics {

PatternTree::PatternTree() : root_(std::make_unique<Level>()) {}
PatternTree::~PatternTree() = default;

void PatternTree::Add(std::string_view pattern, Entry& entry) {
  Level* level = root_.get();
  while (!pattern.empty()) {
    const auto [at, is_new] = level->next.try_emplace(std::string(CutLevel(pattern)));
    if (is_new) {
      at->second = std::make_unique<Level>();
      at->second->above = level;
      at->second->name = at->first;
      ++levels_;
    }
    level = at->second.get();
  }
  level->here.PushBack(entry);
  entry.tree_ = this;
  entry.level_ = level;
}

void PatternTree::Remove(Entry& entry) {
  entry.Unlink();
  Level* level = entry.level_;
  entry.tree_ = nullptr;
  entry.level_ = nullptr;
  while (level->above != nullptr && level->here.empty() && level->next.empty()) {
    Level* above = level->above;
    above->next.erase(above->next.find(level->name));
    --levels_;
    level = above;
  }
}

}  // namespace jackfield::topics
