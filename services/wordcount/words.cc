#include "services/wordcount/words.h"

#include <algorithm>
#include <array>

namespace jackfield::wordcount {
namespace {

// The lower-case letter for a letter, 0 for everything else.
constexpr std::array<char, 256> MakeLetters() {
  std::array<char, 256> letters{};
  for (int i = 0; i < 26; ++i) {
    letters[static_cast<size_t>('a' + i)] = static_cast<char>('a' + i);
    letters[static_cast<size_t>('A' + i)] = static_cast<char>('a' + i);
  }
  return letters;
}
constexpr std::array<char, 256> kLetters = MakeLetters();

}  // namespace

size_t SplitWords(std::span<const std::byte> bytes, char* to) {
  char* at = to;
  bool in_word = true;  // the piece before may have ended inside a word
  for (const std::byte byte : bytes) {
    const char letter = kLetters[static_cast<size_t>(byte)];
    if (letter != 0) {
      *at++ = letter;
      in_word = true;
    } else if (in_word) {
      *at++ = '\n';
      in_word = false;
    }
  }
  return static_cast<size_t>(at - to);
}

void Tally::Add(std::string_view words) {
  while (!words.empty()) {
    const size_t end = words.find('\n');
    if (end == std::string_view::npos) {
      unfinished_ += words;
      return;
    }
    if (unfinished_.empty()) {
      Count(words.substr(0, end));
    } else {
      unfinished_ += words.substr(0, end);
      EndText();
    }
    words.remove_prefix(end + 1);
  }
}

void Tally::EndText() {
  Count(unfinished_);
  unfinished_.clear();
}

void Tally::Count(std::string_view word) {
  if (word.empty()) return;
  ++words_;
  ++counts_[std::string(word)];
}

std::vector<WordCount> Tally::Sorted() const {
  std::vector<WordCount> sorted;
  sorted.reserve(counts_.size());
  for (const auto& [word, count] : counts_) sorted.push_back({word, count});
  std::sort(sorted.begin(), sorted.end(), [](const WordCount& a, const WordCount& b) {
    return a.count != b.count ? a.count > b.count : a.word < b.word;
  });
  return sorted;
}

}  // namespace jackfield::wordcount
