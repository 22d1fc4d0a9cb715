// What a word is, and how words are counted: pure functions and a table, no bus.
//
// A word is a run of the letters A-Z and a-z, in lower case: what `tr -cs 'A-Za-z' '\n' | tr 'A-Z'
// 'a-z'` leaves.
#ifndef JACKFIELD_SERVICES_WORDCOUNT_WORDS_H_
#define JACKFIELD_SERVICES_WORDCOUNT_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace jackfield::wordcount {

// Cuts `bytes` into words, written to `to` one after another, each ended by '\n'; the last one is
// not, when `bytes` ends inside a word, which may then go on in the next piece of the text. A piece
// that begins with a separator ends the word before it: the result then begins with '\n'. Returns
// the size written; `to` has room for bytes.size() + 1.
size_t SplitWords(std::span<const std::byte> bytes, char* to);

struct WordCount {
  std::string word;
  uint64_t count = 0;
};

// Adds up what SplitWords wrote, piece by piece. Thread: one.
class Tally {
 public:
  // A piece of one text; pieces of a text must come in order.
  void Add(std::string_view words);
  // The text has ended: so has its last word.
  void EndText();
  // Adds the counts of another, whose texts have ended.
  void Merge(const Tally& other);

  uint64_t words() const { return words_; }
  // By count, the highest first, then by word in byte order.
  std::vector<WordCount> Sorted() const;

 private:
  void Count(std::string_view word);

  std::string unfinished_;  // a word that goes on in the next piece
  absl::flat_hash_map<std::string, uint64_t> counts_;
  uint64_t words_ = 0;
};

}  // namespace jackfield::wordcount

#endif  // JACKFIELD_SERVICES_WORDCOUNT_WORDS_H_
