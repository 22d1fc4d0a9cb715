// How often one service has been started again, and whether it is once more: the counting behind a
// RestartRule (tools/wiring/restart_rule.h).
//
// Thread: its owner's; a plain value.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_RESTARTS_H_
#define JACKFIELD_TOOLS_SUPERVISOR_RESTARTS_H_

#include <cstdint>
#include <optional>

#include "tools/wiring/restart_rule.h"

namespace jackfield {

class Restarts {
 public:
  explicit Restarts(const RestartRule& rule) : rule_(rule) {}

  // The service has ended; `failed`: not because it was done. up_ns: for how long it had been
  // ready. How long to wait before it is started again; nothing: it is not.
  std::optional<int64_t> Next(bool failed, int64_t up_ns);

  // It was started again because somebody asked for it, which is no restart in a row.
  void CountAsked() { ++total_; }

  // Another rule, under which counting begins anew.
  void SetRule(const RestartRule& rule) {
    rule_ = rule;
    in_a_row_ = 0;
  }

  uint32_t in_a_row() const { return in_a_row_; }
  uint64_t total() const { return total_; }
  const RestartRule& rule() const { return rule_; }
  // Is it given up because it has ended too often?
  bool used_up() const { return in_a_row_ >= rule_.restarts_max; }

 private:
  RestartRule rule_;
  uint32_t in_a_row_ = 0;
  uint64_t total_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_RESTARTS_H_
