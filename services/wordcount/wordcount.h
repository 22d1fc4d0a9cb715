// The three services of the word count: source reads files, tokenize splits them into words, count
// adds the words up.
//
//   source ── pieces of text ──▶ tokenize ── words ──▶ count ── what came how often ──▶ source
//   prints it
//
// The result is that of
//   cat FILE… | tr -cs 'A-Za-z' '\n' | tr 'A-Z' 'a-z' | grep -v '^$' | sort | uniq -c | sort
//   -k1,1nr -k2,2 | awk '{print $1" "$2}'
// byte for byte, in the C locale. All of it is printed or nothing: if any of the three dies, source
// fails.
//
// Thread: each runs on the thread of its Service until it is asked to stop (source: until it is
// done).
#ifndef JACKFIELD_SERVICES_WORDCOUNT_WORDCOUNT_H_
#define JACKFIELD_SERVICES_WORDCOUNT_WORDCOUNT_H_

#include "absl/status/status.h"
#include "jackfield/service.h"

namespace jackfield::wordcount {

// Calls "tokenize" and "count". Arguments: the files, in order, "-" for standard input; none: those
// in /usr/share/common-licenses. Errors: NOT_FOUND and others for a file that cannot be read,
// before anything is counted where possible.
absl::Status RunSource(Service& service);

// Serves Tokenize; calls "count".
absl::Status RunTokenize(Service& service);

// Serves Count. Memory: one entry per different word.
absl::Status RunCount(Service& service);

}  // namespace jackfield::wordcount

#endif  // JACKFIELD_SERVICES_WORDCOUNT_WORDCOUNT_H_
