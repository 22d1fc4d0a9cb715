// When a service is ready that does not say so itself, or says so too early: the key `ready` of a
// wiring.
#ifndef JACKFIELD_TOOLS_WIRING_READY_RULE_H_
#define JACKFIELD_TOOLS_WIRING_READY_RULE_H_

#include <string>
#include <vector>

namespace jackfield {

struct ReadyRule {
  enum class How {
    kItself,  // by Service::Serve, or by writing to JACKFIELD_READY_FD
    kNotify,  // "notify": it sends READY=1 to NOTIFY_SOCKET, as for systemd
    kPort,    // "port": a Jackfield service answers at each of its places
    kExec,    // "exec:CMD": CMD, a program and its arguments, exits with 0
  };
  How how = How::kItself;
  std::vector<std::string> command;  // of kExec; its program as written, in a plan a path
  bool operator==(const ReadyRule&) const = default;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_READY_RULE_H_
