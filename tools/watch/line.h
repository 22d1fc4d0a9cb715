// A message that was seen, as a line of text or an object of JSON.
//
//   2026-11-30T12:00:01.123456Z orders → kv  kv.Kv/Get  {"key":"tea"}
//   2026-11-30T12:00:01.123498Z orders ← kv  kv.Kv/Get  OK 42 us {"value":"7"}
//
// On the left is who calls; the arrow says where the message goes.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WATCH_LINE_H_
#define JACKFIELD_TOOLS_WATCH_LINE_H_

#include <string>

#include "tools/watch/follow.h"
#include "tools/watch/reader.h"

namespace jackfield::watch {

struct Seen {
  std::string service, peer;  // that shows it, and at the other end
  Event event;
  Told told;
  std::string method;   // in words
  std::string message;  // as JSON; "": none, or not to be had
  std::string note;     // what an answer that is none says; or why there is no JSON
};

std::string LineOf(const Seen& seen);
std::string JsonOf(const Seen& seen);

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_LINE_H_
