// Plans of wirings that stand in the test: the file is /dev/NAME, with every transport of the tree
// and the built-in services that the test adds.
#ifndef JACKFIELD_TOOLS_WIRING_PLAN_WORLD_H_
#define JACKFIELD_TOOLS_WIRING_PLAN_WORLD_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tools/wiring/plan.h"
#include "transports/builtin.h"

namespace jackfield {

class PlanWorld : public ::testing::Test {
 protected:
  explicit PlanWorld(std::string_view name, std::vector<std::string_view> services)
      : file_("/dev/" + std::string(name)) {
    AddBuiltinTransports(registry_);
    program_.registry = &registry_;
    for (const std::string_view service : services)
      program_.services.push_back(
          {service, [](Service&) -> absl::Status { return absl::OkStatus(); }, ""});
  }

  absl::StatusOr<Plan> Make(std::string_view body, PlanOptions options = {},
                            std::vector<std::string> sets = {}) {
    absl::StatusOr<Wiring> wiring =
        ParseWiring(file_, std::string("jackfield = 1\n") + std::string(body), sets);
    if (!wiring.ok()) return wiring.status();
    return MakePlan(*std::move(wiring), program_, options);
  }
  std::string ErrorOf(std::string_view body, PlanOptions options = {},
                      std::vector<std::string> sets = {}) {
    return std::string(Make(body, std::move(options), std::move(sets)).status().message());
  }

  Registry registry_;
  Program program_;

 private:
  const std::string file_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_PLAN_WORLD_H_
