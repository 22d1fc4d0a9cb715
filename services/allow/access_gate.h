// The gate of a service's ports, out of the rules that its wiring has for it.
//
//   allow = ["orders", "uid:1000"]              → Rule{"*", "orders"}, Rule{"*", "uid:1000"}
//   allow = { "kv.Store/Put" = ["orders"] }     → Rule{"kv.Store/Put", "orders"}
//
// Of a message the rules of its method count, else those of its interface, else those of "*"; where
// there are none of "*", everybody may. A client is admitted if any rule means it, or everybody may
// do something.
//
// Thread: Create: any; afterwards that of the port's node. A method's rules are found once, and
// remembered.
#ifndef JACKFIELD_SERVICES_ALLOW_ACCESS_GATE_H_
#define JACKFIELD_SERVICES_ALLOW_ACCESS_GATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/call/gate.h"
#include "services/allow/siphash.h"
#include "services/allow/who.h"

namespace jackfield::allow {

// What a client may: "*", an interface ("kv.Store") or a method ("kv.Store/Put"); and who may it,
// as Who::Parse reads it.
struct Rule {
  std::string what = {}, who = {};
  friend bool operator==(const Rule&, const Rule&) = default;
};
inline constexpr std::string_view kEverything = "*";
inline constexpr size_t kWhatsMax = 63;  // different ones, "*" aside

class AccessGate final : public Gate {
 public:
  // service: its name, for those who are refused. key: of the badges that count; nothing: none do.
  // Errors: INVALID_ARGUMENT (a rule, named; more than kWhatsMax).
  static absl::StatusOr<std::unique_ptr<AccessGate>> Create(std::string service,
                                                            const std::vector<Rule>& rules,
                                                            std::optional<Key> key);

  Admission Admit(const Client& client) const override;
  bool MayCall(const Admission& admitted, uint32_t type, const Port& port) const override;
  absl::Status WhyNot(const Admission& admitted, uint32_t type, const Port& port) const override;

 private:
  struct Group {
    std::string what;
    std::vector<Who> who;
    std::string Words() const;  // "orders and uid:1000"
  };
  explicit AccessGate(std::string service) : service_(std::move(service)) {}
  Group& GroupOf(std::string_view what);
  size_t GroupFor(uint32_t type, const Port& port) const;
  size_t GroupFor(std::string_view method) const;

  const std::string service_;
  std::optional<Key> key_;
  bool everybody_ = false;     // there is no rule for "*"
  std::vector<Group> groups_;  // the first is that of "*"; a client's rights are a bit for each
  mutable std::vector<std::pair<uint32_t, size_t>> found_;  // type and group, by type
};

}  // namespace jackfield::allow

#endif  // JACKFIELD_SERVICES_ALLOW_ACCESS_GATE_H_
