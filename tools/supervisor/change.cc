#include "tools/supervisor/change.h"

#include <signal.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

std::string NameOf(const CallName& call) { return Text(call.client, " → ", call.call); }

std::string TextOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

Task<absl::Status> Change::Run(Plan wanted) {
  old_ = live_.plan();
  wanted_ = std::move(wanted);
  wanted_.name = old_.name;
  absl::StatusOr<PlanChanges> changes = ChangesBetween(old_, wanted_);
  if (!changes.ok()) co_return changes.status();
  changes_ = *std::move(changes);
  restarts_ = changes_.restarted;
  added_.insert(changes_.added.begin(), changes_.added.end());
  for (const std::string& note : changes_.noted) report_.Add({ChangeLine::Kind::kNote, "", note});
  Adopt();  // its restart rules

  co_await Remove(/*called=*/false);
  co_await ServeMore();
  co_await Launch(/*restarts=*/false);
  co_await MoveCalls(/*last=*/false);
  co_await Launch(/*restarts=*/true);
  co_await MoveCalls(/*last=*/true);
  co_await Launch(/*restarts=*/true);
  co_await Remove(/*called=*/true);
  co_await LeaveAddresses();
  if (live_.stopping()) {
    Not("", Text(old_.name, " is being stopped: not all of it has been changed"));
  } else if (report_.Count(ChangeLine::Kind::kNot) == 0) {
    live_.Adopt(wanted_);
  }
  live_.Settle();
  co_return absl::OkStatus();
}

void Change::Foretell(const PlanChanges& changes, ChangeReport& report) {
  const auto would = [&report](const std::string& about, const std::string& text) {
    report.Add({ChangeLine::Kind::kNote, about, text});
  };
  for (const std::string& note : changes.noted) would("", note);
  for (const ServeName& serve : changes.served)
    would(serve.service, Text("would serve at ", serve.address, ", too"));
  for (const std::string& name : changes.added) would(name, "would be added");
  for (const MovedCall& call : changes.moved)
    would(NameOf(call.call), Text("would move from ", call.from, " to ", call.to));
  for (const auto& [name, why] : changes.restarted)
    would(name, Text("would be restarted: ", why.text));
  for (const std::string& name : changes.removed) would(name, "would be removed");
  for (const ServeName& serve : changes.left)
    would(serve.service, Text("would serve no more at ", serve.address));
}

// ---- Servers.

Task<void> Change::ServeMore() {
  std::set<ServeName> wanted;
  for (const PlannedChannel& channel : wanted_.channels) {
    const Address serve = ServeAddress(wanted_, channel);
    if (!channel.caps.inherited && FindPlanned(old_, ServerOf(channel)) != nullptr &&
        !handing_.ServedAt(ServerOf(channel), serve))
      wanted.insert({ServerOf(channel), serve.ToString()});
  }
  wanted.insert(changes_.served.begin(), changes_.served.end());
  for (const ServeName& serve : wanted) {
    if (live_.stopping()) co_return;
    co_await ServeOne(serve);
  }
}

Task<void> Change::ServeOne(ServeName serve) {
  const bool edge =
      std::find(changes_.served.begin(), changes_.served.end(), serve) != changes_.served.end();
  for (;;) {
    while (IsStarting(serve.service) && !live_.stopping()) co_await stir_.Next();
    if (!Runs(serve.service)) break;  // it will serve there when it is started
    const int64_t process = StartOf(serve.service);
    const absl::StatusOr<Address> actual = co_await reach_.Serve(serve.service, serve.address);
    if (process != StartOf(serve.service) || live_.stopping()) continue;
    if (actual.ok()) {
      const absl::StatusOr<Address> wired = node_.registry().Parse(serve.address);
      if (wired.ok()) handing_.SetServedAt(serve.service, *wired, *actual);
      break;
    }
    const std::string why = TextOf(actual.status());
    if (absl::IsFailedPrecondition(actual.status()) || !reach_.connected(serve.service)) {
      Restart(serve.service, Text("it cannot serve at ", serve.address, " while it runs: ", why));
      co_return;
    }
    not_served_[serve] = Text(serve.service, " does not serve at ", serve.address, ": ", why);
    if (edge) Not(serve.service, Text("does not serve at ", serve.address, ": ", why));
    co_return;
  }
  taken_.served.insert(serve);
  Adopt();
  if (edge) Done(serve.service, Text("serves at ", serve.address, ", too"));
}

Task<void> Change::LeaveAddresses() {
  std::vector<std::pair<std::string, Address>> unused;
  const Plan& plan = live_.plan();
  for (size_t i = 0; i < plan.services.size(); ++i) {
    const PlannedService& service = plan.services[i];
    const PlannedService* wanted = FindPlanned(wanted_, service.name);
    for (size_t serve = 0; serve < service.serves.size() && wanted != nullptr; ++serve) {
      const bool used = std::any_of(
          service.called.begin(), service.called.end(),
          [&plan, serve](size_t called) { return plan.channels[called].serve == serve; });
      const bool stays = std::any_of(wanted->serves.begin(), wanted->serves.end(),
                                     [text = service.serves[serve].ToString()](const Address& a) {
                                       return a.ToString() == text;
                                     });
      if (!used && !stays) unused.emplace_back(service.name, service.serves[serve]);
    }
  }
  for (const auto& [service, wired] : unused) {
    if (live_.stopping()) co_return;
    const ServeName name{service, wired.ToString()};
    const std::optional<Address> actual = handing_.Forget(service, wired);
    taken_.left.insert(name);
    Adopt();
    if (actual && Runs(service)) {
      const absl::Status left = co_await reach_.Unserve(service, actual->ToString());
      if (!left.ok() && !absl::IsNotFound(left))
        report_.Add({ChangeLine::Kind::kNote, service,
                     Text("goes on to serve at ", actual->ToString(), ": ", TextOf(left))});
    }
    if (std::find(changes_.left.begin(), changes_.left.end(), name) != changes_.left.end())
      Done(service, Text("serves no more at ", name.address));
  }
}

// ---- Calls.

std::string Change::WhyNotServed(const PlannedChannel& channel) const {
  const std::string& server = ServerOf(channel);
  if (const auto why = dropped_.find(server); why != dropped_.end())
    return Text(server, " was not added");
  const auto why = not_served_.find({server, ServeAddress(wanted_, channel).ToString()});
  return why != not_served_.end() ? why->second : "";
}

void Change::Moved(const MovedCall& call) {
  Done(NameOf(call.call), Text("moved from ", call.from, " to ", call.to));
}

void Change::NotMoved(const MovedCall& call, const std::string& why) {
  stay_.insert(call.call);
  Not(NameOf(call.call), Text("stays at ", call.from, ", not ", call.to, ": ", why));
}

Task<void> Change::MoveCalls(bool last) {
  for (const MovedCall& call : changes_.moved) {
    if (live_.stopping()) co_return;
    const std::string& client = call.call.client;
    if (taken_.calls.contains(call.call) || taken_.services.contains(client)) continue;
    if (restarts_.contains(client) || stay_.contains(call.call)) continue;
    const FoundCall wanted = FindCall(wanted_, call.call);
    if (wanted.channel != nullptr && wanted.channel->caps.inherited) continue;  // was not restarted
    std::optional<Address> address;
    if (wanted.outside != nullptr) {
      address = wanted.outside->address;
    } else if (const auto actual = handing_.ServedAt(ServerOf(*wanted.channel),
                                                     ServeAddress(wanted_, *wanted.channel))) {
      address = ClientAddress(wanted.channel->address, *actual);
    }
    if (!address) {
      if (!last) continue;
      const std::string why = WhyNotServed(*wanted.channel);
      NotMoved(call, why.empty() ? Text(ServerOf(*wanted.channel), " does not run") : why);
      continue;
    }
    const absl::Status moved = co_await Move(call.call, address->ToString());
    if (moved.ok()) {
      taken_.calls.insert(call.call);
      Adopt();
      Moved(call);
    } else if (absl::IsFailedPrecondition(moved) || !reach_.connected(client)) {
      Restart(client,
              Text("its call ", call.call.call, " cannot move while it runs: ", TextOf(moved)));
    } else {
      NotMoved(call, TextOf(moved));
      // It may move yet, when it gets round to it: then it is to come back. It does what it is told
      // in the order in which it is told.
      if (absl::IsDeadlineExceeded(moved)) co_await MoveBack(call.call);
    }
  }
}

Task<void> Change::MoveBack(CallName call) {
  const FoundCall was = FindCall(live_.plan(), call);
  std::optional<Address> address;
  if (was.outside != nullptr) {
    address = was.outside->address;
  } else if (const auto actual = handing_.ServedAt(*was.channel)) {
    address = ClientAddress(was.channel->address, *actual);
  }
  if (address) (co_await reach_.Move(call.client, call.call, address->ToString())).IgnoreError();
}

// OK as well where it does not run: its next process calls the new address.
Task<absl::Status> Change::Move(CallName call, std::string address) {
  const int64_t until_ns = node_.clock().NowNs() + kMoveForNs;
  while (Runs(call.client)) {
    const int64_t process = StartOf(call.client);
    absl::Status moved = co_await reach_.Move(call.client, call.call, address);
    if (process != StartOf(call.client)) continue;  // this one has the old address
    if (moved.ok() || !absl::IsUnavailable(moved) || !reach_.connected(call.client) ||
        node_.clock().NowNs() >= until_ns)
      co_return moved;
    co_await node_.Sleep(kMoveAgain);
  }
  co_return absl::OkStatus();
}

// ---- Services that are wanted no more.

Task<void> Change::Remove(bool called) {
  for (const std::string& name : changes_.removed) {
    if (live_.stopping()) co_return;
    const PlannedService* planned = FindPlanned(live_.plan(), name);
    if (planned == nullptr) continue;
    std::string client;
    for (const size_t channel : planned->called)
      client = live_.plan().services[live_.plan().channels[channel].client].name;
    if (!client.empty()) {
      if (called) Not(name, Text("is not removed: ", client, " still calls it"));
      continue;
    }
    const std::string where = WhereIs(name);
    const bool ran = Runs(name);
    const Names alone = {name};
    co_await Stopped(alone);
    if (live_.stopping()) co_return;
    const Ending ending = live_.Find(name)->ending;
    const bool well =
        !ran || ending.clean() || ending.signal == SIGTERM || ending.exit_status == kExitStopped;
    taken_.gone.insert(name);
    handing_.ForgetAll(name);
    Adopt();
    Done(name, well ? std::string("removed")
                    : Text("removed; it (", where, ") ", ending.ToString(), " while it stopped"));
  }
}

// ---- Questions.

bool Change::Runs(const std::string& service) const {
  const Supervised* found = live_.Find(service);
  return found != nullptr &&
         (found->state == ServiceState::kStarted || found->state == ServiceState::kReady);
}

bool Change::IsStarting(const std::string& service) const {
  const PlannedService* planned = FindPlanned(live_.plan(), service);
  return planned != nullptr && !planned->serves.empty() &&
         live_.Find(service)->state == ServiceState::kStarted;
}

int64_t Change::StartOf(const std::string& service) const {
  return Runs(service) ? live_.Find(service)->started_ns : 0;
}

std::string Change::WhereIs(const std::string& service) const {
  const Supervised* found = live_.Find(service);
  return found == nullptr || found->running == nullptr ? "" : found->running->where();
}

}  // namespace jackfield
