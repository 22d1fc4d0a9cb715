#include "tools/running/find_service.h"

#include <optional>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "tools/cli/arguments.h"
#include "tools/running/find_wiring.h"
#include "tools/running/supervisor_client.h"
#include "tools/runs/last_run.h"
#include "tools/runs/log_line.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

struct Found {
  RunningWiring wiring;
  std::vector<std::string> serves;
};

// Of the instances of a service: one that gets on, and has the least to do; none of them: null.
const init::Service* Idlest(const init::Wiring& wiring, std::string_view service) {
  const init::Service* idlest = nullptr;
  const auto stuck = [](const init::Service& one) {
    return one.state() != init::State::Ready || one.stopped() || one.silent();
  };
  const auto has_to_do = [](const init::Service& one) { return one.handling() + one.waiting(); };
  for (const init::Service* one : *wiring.services()) {
    if (!Means(service, one->name()->string_view())) continue;
    if (idlest == nullptr ||
        (stuck(*idlest) ? !stuck(*one) : !stuck(*one) && has_to_do(*one) < has_to_do(*idlest)))
      idlest = one;
  }
  return idlest;
}

// Adds what one wiring has of it; its other services go to `names`.
absl::Status Search(const Registry& registry, const RunningWiring& wiring, std::string_view service,
                    std::vector<Found>& found, std::vector<std::string>& names) {
  const auto client = SupervisorClient::Open(registry, wiring);
  if (!client.ok()) return client.status();
  const absl::StatusOr<MessageOf<init::Wiring>> look = (*client)->Look();
  if (!look.ok()) return look.status();
  for (const init::Service* other : *(*look)->services()) names.push_back(other->name()->str());
  if (const init::Service* meant = Idlest(**look, service)) {
    found.push_back({wiring, {}});
    for (const auto* address : *meant->serves()) found.back().serves.push_back(address->str());
  }
  return absl::OkStatus();
}

// Of the last wiring that failed, if it had such a service; "": it had not.
std::string HowItsWiringEnded(std::string_view service) {
  const std::optional<PastRun> run = LastRunWith(service);
  return run ? Text("; one had:\n  ", HowItEnded(*run, WallNs())) : "";
}

}  // namespace

absl::StatusOr<std::string> FindService(const Registry& registry, std::string_view wiring,
                                        std::string_view service) {
  std::vector<RunningWiring> up = RunningWirings();
  if (!wiring.empty()) {
    absl::StatusOr<RunningWiring> picked = FindWiring(wiring);
    if (!picked.ok()) return picked.status();
    up = {*std::move(picked)};
  }
  if (up.empty()) {
    const std::string ended = HowItsWiringEnded(service);
    return absl::NotFoundError(
        Text("\"", Escaped(service),
             "\" is no address, which has a ':' in it, and no wiring of this user is up that could "
             "have such a service",
             ended.empty() ? Text("\n  try: unix:@", Escaped(service)) : ended));
  }
  std::vector<Found> found;
  std::vector<std::string> names;
  absl::Status failed;
  for (const RunningWiring& running : up) {
    absl::Status searched = Search(registry, running, service, found, names);
    // One that has just ended is not the one that is meant.
    if (!searched.ok()) failed = std::move(searched);
  }
  if (found.empty()) {
    if (names.empty() && !failed.ok()) return failed;
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    return absl::NotFoundError(Text(
        up.size() == 1 ? Text(up[0].name, " has no service") : "no wiring that is up has a service",
        " \"", Escaped(service), "\"", DidYouMean(service, candidates),
        wiring.empty() ? HowItsWiringEnded(service) : ""));
  }
  if (found.size() > 1)
    return absl::FailedPreconditionError(
        Text(found[0].wiring.name, "@", found[0].wiring.pid, " and ", found[1].wiring.name, "@",
             found[1].wiring.pid, " have a service ", Escaped(service), "; say which: --wiring ",
             found[0].wiring.name, "@", found[0].wiring.pid));
  if (found[0].serves.empty())
    return absl::FailedPreconditionError(
        Text(Escaped(service), " serves nothing, or is not ready yet; see: jackfield ps ",
             found[0].wiring.name));
  for (const std::string& text : found[0].serves) {
    const absl::StatusOr<Address> address = registry.Parse(text);
    if (!address.ok()) continue;
    const auto stacked = registry.Stack(*address, Role::kConnect, CallNeeds());
    if (stacked.ok() && !stacked->caps.inherited && !stacked->caps.one_process) return text;
  }
  return absl::FailedPreconditionError(
      Text(Escaped(service), " serves at ", found[0].serves[0],
           ", which joins only what its wiring starts; give it a line serve = [\"unix:\"]"));
}

}  // namespace jackfield
